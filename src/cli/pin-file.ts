import { existsSync } from "node:fs";
import { z } from "zod";
import type { KeyPin } from "../sealing/index.ts";
import { Stop } from "./command.ts";
import { readJson, replaceFile } from "./files.ts";

/** As the client library's stores keep it, too. */
export const Pin: z.ZodType<KeyPin> = z.strictObject({
  identityThumbprint: z.string(),
  lastSequence: z.int().nonnegative(),
  lastHash: z.string(),
});

/** Null where none was kept yet. @throws Stop */
export function readPin(path: string): KeyPin | null {
  if (!existsSync(path)) return null;
  const parsed = Pin.safeParse(readJson(path));
  if (parsed.success) return parsed.data;
  throw new Stop(`${path} holds no pin of a key log. Nothing was done.`);
}

/** @throws Stop */
export const keepPin = (path: string, pin: KeyPin) => replaceFile(path, `${JSON.stringify(pin)}\n`);
