import { existsSync } from "node:fs";
import { z } from "zod";
import { Stop } from "./command.ts";
import { readJson, replaceFile } from "./files.ts";
import { Pin } from "./pin-file.ts";

const OwnLog = z.strictObject({
  /** How far the server has shown one's own log. */
  seen: Pin,
  /** The last statement that was signed, whether or not the server has it, and the log as it ends with it. */
  signed: z.strictObject({
    change: z.enum(["PUBLISHED", "RETIRED"]),
    use: z.enum(["SIGN", "SEAL"]),
    kid: z.string(),
    statement: z.string(),
    end: Pin,
  }),
});

/**
 * Kept beside the identity key, wherever it is used: without it a server could show its owner less of the log, have a
 * second statement signed for one place, and show some partners the one and some the other.
 */
export type OwnLog = z.infer<typeof OwnLog>;
export const besideOf = (identityFile: string) => `${identityFile}.log`;

/** Null before the first statement. @throws Stop */
export function readOwnLog(path: string): OwnLog | null {
  if (!existsSync(path)) return null;
  const parsed = OwnLog.safeParse(readJson(path));
  if (parsed.success) return parsed.data;
  throw new Stop(`${path} is not what this command keeps there. Nothing was done.`);
}

/** @throws Stop */
export const keepOwnLog = (path: string, log: OwnLog) =>
  replaceFile(path, `${JSON.stringify(log)}\n`);
