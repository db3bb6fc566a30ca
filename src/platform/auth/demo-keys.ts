import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, putFile } from "../files.ts";
import { generateSigningKey, type SigningKey } from "./sign.ts";

/** By their handles. The first administers the demo's network. */
export const DEMO_ORGANISATIONS = [
  "coordinator",
  "lantern",
  "harbour",
  "bridge",
  "outsider",
] as const;
export const isOfDemo = (handle: string): boolean =>
  DEMO_ORGANISATIONS.some((one) => one === handle);
export const demoIssuer = (handle: string) => `https://${handle}.wayhouse.example`;

/** The signing key of a demo organisation; made at first use, kept under `dataDir` for its owner alone. */
export async function demoKey(dataDir: string, handle: string): Promise<SigningKey> {
  const path = join(dataDir, "demo", `${handle}.json`);
  if (!existsSync(path)) {
    makeFolder(join(dataDir, "demo"), 0o700);
    // Several processes may start at once: all have the first one's.
    putFile(path, JSON.stringify(await generateSigningKey()));
  }
  return JSON.parse(readFileSync(path, "utf8")) as SigningKey;
}
