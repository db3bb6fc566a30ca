import type { JWK } from "jose";
import { newKey } from "../platform/auth/new-key.ts";
import { publicHalf, thumbprintOf } from "../sealing/index.ts";
import { answer, Stop } from "./command.ts";
import { writeNew } from "./files.ts";
import { optionsOf } from "./options.ts";

export const usage = `usage: wayhouse keygen --use seal|sign --out <file> [--json]

Makes a key where it stays: the private half in <file>, readable for its owner alone, the public half on
standard output, its thumbprint (RFC 7638) on standard error. To seal it is P-256, to sign Ed25519.

  --use seal|sign  what the key is for
  --out <file>     for the private half; must not be there yet
  --json           {"kid": …, "jwk": …}, the public half

Example:  wayhouse keygen --use seal --out seal.json > seal.public.json
Next:     wayhouse keys publish seal.public.json --use seal --organisation …`;

export const exits = { 0: "made", 2: "unusable options, or <file> is there already" };

export async function run(args: readonly string[]): Promise<0> {
  const { values, flags } = optionsOf(args, usage, { required: ["use", "out"] });
  if (values.use !== "seal" && values.use !== "sign") {
    throw new Stop(`--use must be seal or sign.\n\n${usage}`);
  }
  const key = newKey(values.use === "seal" ? "P-256" : "Ed25519") as JWK;
  const kid = await thumbprintOf(key);
  writeNew(values.out, `${JSON.stringify(key)}\n`);
  const jwk = publicHalf(key);
  answer(flags.json, { kid, jwk }, [JSON.stringify(jwk)]);
  console.error(`kid ${kid}`);
  return 0;
}
