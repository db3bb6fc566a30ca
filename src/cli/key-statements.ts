import { existsSync } from "node:fs";
import { join } from "node:path";
import type { JWK } from "jose";
import { readConfig } from "../platform/config/config.ts";
import { DEMO_ORGANISATIONS, demoKey } from "../platform/db/demo-network.ts";
import {
  checkKeyLog,
  type KeyStatement,
  NO_HASH,
  pinOf,
  publicHalf,
  SealingError,
  signKeyStatement,
  thumbprintOf,
} from "../sealing/index.ts";
import type { Given } from "./administration-entry.ts";
import { IDENTITY_KEY, INTRODUCTION } from "./caller.ts";
import { Stop } from "./command.ts";
import { readAnyKey, readOwnKey } from "./key-files.ts";
import type { Named } from "./named.ts";

export async function publication(given: Given, named: Named) {
  const use = given.options["use"]?.toUpperCase();
  if (use !== "SEAL" && use !== "SIGN") throw new Stop("--use must be seal or sign.");
  const jwk = publicHalf(readAnyKey(given.words[0]!));
  const what = { change: "PUBLISHED", use, jwk, kid: await thumbprintOf(jwk) } as const;
  return { input: { jwk, use, statement: await stated(given, named, () => what) } };
}

export async function retirement(given: Given, named: Named) {
  const [word = ""] = given.words;
  const kid = existsSync(word) ? await thumbprintOf(readAnyKey(word)) : word;
  const statement = await stated(given, named, (active) => {
    // The keys that it was registered with are not in its log: they sign its tokens.
    const use = active.find((key) => key.kid === kid)?.use ?? "SIGN";
    return { change: "RETIRED", use, kid };
  });
  return { input: { kid, statement } };
}

type What = Pick<KeyStatement, "change" | "use" | "kid" | "jwk">;
type Active = Awaited<ReturnType<typeof checkKeyLog>>["active"];

/** A statement for the next place in one's own log, which must be what this identity key made it. */
async function stated(given: Given, named: Named, whatBy: (active: Active) => What) {
  const identity = await identityOf(given.options);
  if ((await thumbprintOf(identity)) !== named.ownIdentity)
    throw new Stop("This is not the identity key that you are registered with. Nothing was done.");
  try {
    const pin = pinOf(named.ownIdentity);
    const checked = await checkKeyLog(publicHalf(identity), named.keyLog(named.own), pin);
    const { lastSequence, lastHash } = checked.pin;
    const place = { sequence: lastSequence + 1, previousHash: lastSequence ? lastHash : NO_HASH };
    const what = whatBy(checked.active);
    return await signKeyStatement(
      { ...what, ...place, iat: Math.floor(Date.now() / 1000) },
      identity,
    );
  } catch (error) {
    if (!(error instanceof SealingError)) throw error;
    throw new Stop(
      `Your key log does not hold, and nothing was done. ${error.reason}: ${error.message}`,
      {
        cause: error,
      },
    );
  }
}

async function identityOf(options: Given["options"]): Promise<JWK> {
  const organisation = options["organisation"]!;
  if (options["identity"]) return readOwnKey(options["identity"]);
  const file = join(organisation, IDENTITY_KEY);
  if (existsSync(file)) return readOwnKey(file);
  const { dataDir } = readConfig();
  if (!existsSync(join(organisation, INTRODUCTION)) && DEMO_ORGANISATIONS.includes(organisation))
    return (await demoKey(dataDir, organisation)).privateJwk as JWK;
  throw new Stop(
    `${file} is not there: fetch it from where it is kept offline, and name it with --identity.`,
  );
}
