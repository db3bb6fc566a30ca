import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { JWK } from "jose";
import { thumbprintOf } from "../sealing/index.ts";
import { Stop } from "./command.ts";
import { optionsOf } from "./key-files.ts";

export const usage = `usage: wayhouse keygen --use seal|sign --out <file>

Makes a key where it stays: the private half in <file>, readable for its owner alone, the public half on
standard output. To seal it is P-256, to sign Ed25519. An identity key is one to sign, kept offline.

Exit codes: 0 done; 2 unusable options, or <file> is there already.`;

export async function run(args: readonly string[]): Promise<number> {
  const { values } = optionsOf(args, usage, ["use", "out"]);
  if (values.use !== "seal" && values.use !== "sign") {
    throw new Stop(`--use must be seal or sign.\n\n${usage}`);
  }
  const { privateKey } =
    values.use === "seal"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("ed25519");
  const key = privateKey.export({ format: "jwk" }) as JWK;
  const kid = await thumbprintOf(key);
  try {
    writeFileSync(values.out, `${JSON.stringify(key)}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    throw new Stop(`${values.out} cannot be written (${code}).`, { cause: error });
  }
  const { d: _, ...jwk } = key;
  console.log(JSON.stringify(jwk));
  console.error(`kid ${kid}`);
  return 0;
}
