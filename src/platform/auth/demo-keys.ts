import { existsSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, putFolder, readRegular } from "../files.ts";
import { newKey } from "./new-key.ts";
import { type SigningKey, signingKeyOf } from "./sign.ts";

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

const demoFolder = (dataDir: string, handle: string) => join(dataDir, "demo", handle);

/** Null: it is none of the demo that was planted from here. */
export function findDemoFolder(dataDir: string, handle: string): string | null {
  const folder = demoFolder(dataDir, handle);
  return isOfDemo(handle) && existsSync(folder) ? folder : null;
}

/** A demo organisation's keys, which it has as a real one has those of `wayhouse org new`; made at first use. */
export function demoKey(
  dataDir: string,
  handle: string,
  use: "sign" | "identity" = "sign",
): SigningKey {
  const folder = demoFolder(dataDir, handle);
  if (!existsSync(folder)) {
    const [identity, sign] = [newKey("Ed25519"), newKey("Ed25519")];
    makeFolder(join(dataDir, "demo"), 0o700);
    // Several processes may start at once: all have the first one's.
    putFolder(folder, {
      "identity.json": `${JSON.stringify(identity)}\n`,
      "sign.json": `${JSON.stringify(sign)}\n`,
      thumbprint: `${signingKeyOf(identity).kid}\n`,
    });
  }
  return signingKeyOf(JSON.parse(readRegular(join(folder, `${use}.json`)).toString()));
}
