import { existsSync } from "node:fs";
import { join } from "node:path";
import type { JWK } from "jose";
import { faultsOfUse } from "../modules/organisations/index.ts";
import { readConfig } from "../platform/config/config.ts";
import { findDemoFolder } from "../platform/auth/demo-keys.ts";
import {
  checkKeyLog,
  hashKeyLogEntry,
  type KeyLogEntry,
  type KeyStatement,
  isSoundKey,
  pinOf,
  publicHalf,
  SealingError,
  signKeyStatement,
  thumbprintOf,
} from "../sealing/index.ts";
import type { Given } from "./administration-entry.ts";
import { IDENTITY_KEY } from "./caller.ts";
import { Stop } from "./command.ts";
import { readAnyKey, readOwnKey } from "./key-files.ts";
import type { Named } from "./named.ts";
import { besideOf, keepOwnLog, type OwnLog, readOwnLog } from "./own-log.ts";

export async function publication(given: Given, named: Named) {
  const use = given.options["use"]?.toUpperCase();
  if (use !== "SEAL" && use !== "SIGN") throw new Stop("--use must be seal or sign.");
  const jwk = publicHalf(readAnyKey(given.words[0]!));
  // The server would refuse it, and the place in the log would have been signed for.
  if (!(await isSoundKey(jwk, use)))
    throw new Stop(`${given.words[0]} is no sound key to ${use.toLowerCase()}.`);
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

/** A statement for the next place in one's own log, which must be what this identity key made it. @throws Stop */
async function stated(given: Given, named: Named, whatBy: (active: Active) => What) {
  const identity = identityFileOf(given.options);
  const [key, file] = [readOwnKey(identity), besideOf(identity)];
  if ((await thumbprintOf(key)) !== named.ownIdentity)
    throw new Stop("This is not the identity key that you are registered with. Nothing was done.");
  const kept = readOwnLog(file);
  try {
    const { active, pin: seen } = await checkOwn(key, named, kept);
    const { change, use, kid, jwk } = whatBy(active);
    const before = kept?.signed;
    if (before && before.end.lastSequence >= seen.lastSequence) {
      // Signed already: sent again to the byte, it has one effect under one idempotency key.
      if (before.change === change && before.kid === kid) return before.statement;
      if (before.end.lastSequence > seen.lastSequence && given.options["instead"] !== "true")
        throw new Stop(anotherThan(before));
    }
    // As the server refuses it.
    const [reused] = jwk ? faultsOfUse(named.ownIdentity, [kid], []) : [];
    if (reused) throw new Stop(`${reused.message}. Nothing was done.`);
    if (change === "PUBLISHED" && active.some((one) => one.kid === kid))
      throw new Stop(`${kid} is published already. Nothing was done.`);
    const { lastSequence, lastHash: previousHash } = seen;
    const place = { sequence: lastSequence + 1, previousHash };
    const iat = Math.floor(Date.now() / 1000);
    const statement = await signKeyStatement(
      { change, use, kid, ...(jwk && { jwk }), ...place, iat },
      key,
    );
    const hash = await hashKeyLogEntry(named.ownIdentity, { ...place, kid, change, statement });
    const end = { ...seen, lastSequence: place.sequence, lastHash: hash };
    // Before it is sent: what a lying server has of it, it has from then on.
    keepOwnLog(file, { seen, signed: { change, use, kid, statement, end } });
    return statement;
  } catch (error) {
    if (!(error instanceof SealingError)) throw error;
    throw new Stop(
      `Your key log does not hold, and nothing was done: ask the network's operator. ${error.reason}: ${error.message}`,
      { cause: error },
    );
  }
}

/** As far as it was seen, and with what was signed since where that is in it. */
async function checkOwn(key: JWK, named: Named, kept: OwnLog | null) {
  const entries: KeyLogEntry[] = [];
  async function* told() {
    for await (const entry of named.keyLog(named.own)) {
      entries.push(entry);
      yield entry;
    }
  }
  const pin = kept?.seen ?? pinOf(named.ownIdentity);
  const checked = await checkKeyLog(publicHalf(key), told(), pin);
  const end = kept?.signed.end;
  if (end && checked.pin.lastSequence >= end.lastSequence)
    await checkKeyLog(publicHalf(key), entries, end);
  return checked;
}

const anotherThan = ({ change, kid, end }: OwnLog["signed"]) =>
  [
    `You have signed before that ${kid} is ${change}, as entry ${end.lastSequence} of your log, and the server shows no such entry: type that command again.`,
    "If it was refused for good, --instead true signs this for the same place: whoever holds the server then has two, and can show either to a partner that has seen neither.",
  ].join("\n");

/** @throws Stop */
function identityFileOf(options: Given["options"]): string {
  const organisation = options["organisation"]!;
  const file = join(organisation, IDENTITY_KEY);
  if (options["identity"]) return options["identity"];
  if (existsSync(file)) return file;
  const ofDemo = findDemoFolder(readConfig().dataDir, organisation);
  if (ofDemo) return join(ofDemo, IDENTITY_KEY);
  throw new Stop(
    `${file} is not there: fetch it from where it is kept offline, and name it with --identity.`,
  );
}
