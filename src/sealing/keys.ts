import type { JWK } from "jose";
import { hasExactly, publicHalf, signCompact, thumbprintOf, verifyCompact } from "./jws.ts";
import { demand, SealingError } from "./refusal.ts";
import { isSoundKey } from "./sound.ts";
import { sha256Hex, utf8 } from "./text.ts";

const TYPE = "key-statement+jws";
/** Four times what one needs: whoever seals to an organisation reads all of its log. */
const MOST_CHARACTERS = 4 * 1024;
/** Before an organisation's first entry. */
export const NO_HASH = "0".repeat(64);

/** What the identity key says of another key. Bound to its place in the log, it can stand nowhere else. */
export interface KeyStatement {
  /** Identity thumbprint. */
  readonly iss: string;
  readonly change: "PUBLISHED" | "RETIRED";
  readonly use: "SIGN" | "SEAL";
  readonly kid: string;
  /** Only where it is published. */
  readonly jwk?: JWK;
  /** From 1 on. */
  readonly sequence: number;
  /** Hex; of the entry before. */
  readonly previousHash: string;
  /** Seconds since the epoch. */
  readonly iat: number;
}

/** By the identity key, with its private half. */
export async function signKeyStatement(
  statement: Omit<KeyStatement, "iss">,
  identityKey: JWK,
): Promise<string> {
  const { change, use, kid, jwk, sequence, previousHash, iat } = statement;
  const iss = await thumbprintOf(identityKey);
  const key = change === "PUBLISHED" ? { jwk: publicHalf(jwk!) } : {};
  const claims = { iss, change, use, kid, ...key, sequence, previousHash, iat };
  return signCompact(new TextEncoder().encode(JSON.stringify(claims)), identityKey, TYPE);
}

/** @throws SealingError if the identity key did not sign exactly such a statement */
export async function verifyKeyStatement(jws: string, identityKey: JWK): Promise<KeyStatement> {
  demand(
    typeof jws === "string" && jws.length <= MOST_CHARACTERS,
    "BAD_STATEMENT",
    "A statement is a text of at most 4 KiB.",
  );
  const payload = await verifyCompact(jws, [identityKey], TYPE);
  let statement: KeyStatement;
  try {
    statement = JSON.parse(utf8.decode(payload)) as KeyStatement;
  } catch {
    throw new SealingError("BAD_STATEMENT", "A statement is JSON.");
  }
  const isPublished = statement?.change === "PUBLISHED";
  const members = ["iss", "change", "use", "kid", "sequence", "previousHash", "iat"];
  demand(
    typeof statement === "object" &&
      statement !== null &&
      hasExactly(statement, ...members, ...(isPublished ? ["jwk"] : [])) &&
      (isPublished || statement.change === "RETIRED") &&
      (statement.use === "SIGN" || statement.use === "SEAL") &&
      Number.isSafeInteger(statement.sequence) &&
      Number.isSafeInteger(statement.iat) &&
      typeof statement.kid === "string" &&
      typeof statement.previousHash === "string" &&
      /^[0-9a-f]{64}$/.test(statement.previousHash),
    "BAD_STATEMENT",
    "A statement lacks a member, or has one more.",
  );
  demand(
    statement.iss === (await thumbprintOf(identityKey)),
    "BAD_STATEMENT",
    "A statement is by the identity key that signed it.",
  );
  if (!isPublished) return statement;
  const { jwk, kid, use } = statement;
  demand(
    await isSoundKey(jwk, use),
    "BAD_KEY",
    "A published key is not sound, or not for its use.",
  );
  demand(
    kid === (await thumbprintOf(jwk!)),
    "BAD_STATEMENT",
    "The kid is the thumbprint of the key.",
  );
  return statement;
}

export interface KeyLogEntry {
  readonly sequence: number;
  readonly kid: string;
  readonly change: "PUBLISHED" | "RETIRED";
  readonly statement: string;
  readonly previousHash: string;
  readonly hash: string;
}

/** SHA-256, hex, over the UTF-8 of seven lines joined by a line feed. */
export async function hashKeyLogEntry(
  identityThumbprint: string,
  entry: Omit<KeyLogEntry, "hash">,
): Promise<string> {
  const { sequence, kid, change, statement, previousHash } = entry;
  const lines = ["wayhouse-keylog-1", identityThumbprint, sequence, kid, change, statement];
  return sha256Hex([...lines, previousHash].join("\n"));
}

/** What a client keeps of an organisation: compared out of band once, then carried from check to check. */
export interface KeyPin {
  readonly identityThumbprint: string;
  readonly lastSequence: number;
  readonly lastHash: string;
}
/** The first pin: the thumbprint that was compared, and nothing of the log seen yet. */
export function pinOf(identityThumbprint: string): KeyPin {
  return { identityThumbprint, lastSequence: 0, lastHash: NO_HASH };
}
export interface ActiveKey {
  readonly kid: string;
  readonly use: "SIGN" | "SEAL";
  readonly jwk: JWK;
}

/**
 * The keys that are active by a whole log, and the pin to keep. The server shows the log; it cannot
 * change it: each entry is signed, chained, and bound to its place, and none is asked for after one that is not,
 * so that a log which never ends is not read for ever. @throws SealingError, what reading the entries throws
 */
export async function checkKeyLog(
  identityKey: JWK,
  entries: Iterable<KeyLogEntry> | AsyncIterable<KeyLogEntry>,
  pin: KeyPin,
): Promise<{ readonly active: readonly ActiveKey[]; readonly pin: KeyPin }> {
  const identity = await thumbprintOf(Object(identityKey) as JWK);
  demand(
    identity === pin.identityThumbprint,
    "THUMBPRINT_MISMATCH",
    "The identity key is not the one that was compared.",
  );
  demand(await isSoundKey(identityKey, "SIGN"), "BAD_KEY", "The identity key is not sound.");
  const active = new Map<string, ActiveKey>();
  const gone = new Set<string>();
  let previousHash = NO_HASH;
  let length = 0;
  for await (const entry of entries) {
    length++;
    const { kid, change, sequence, statement, hash } = Object(entry) as KeyLogEntry;
    const said = await verifyKeyStatement(statement, identityKey);
    demand(
      sequence === length &&
        entry.previousHash === previousHash &&
        typeof kid === "string" &&
        typeof change === "string" &&
        hash === (await hashKeyLogEntry(identity, entry)),
      "LOG_BROKEN",
      `Entry ${length} does not follow the one before.`,
    );
    demand(
      said.kid === kid &&
        said.change === change &&
        said.sequence === sequence &&
        said.previousHash === previousHash,
      "BAD_STATEMENT",
      `Entry ${sequence} carries a statement for another place.`,
    );
    if (change === "PUBLISHED") {
      demand(
        !active.has(kid) && !gone.has(kid),
        "LOG_BROKEN",
        `Entry ${sequence} publishes a key a second time.`,
      );
      active.set(kid, { kid, use: said.use, jwk: publicHalf(said.jwk!) });
    } else {
      active.delete(kid);
      gone.add(kid);
    }
    demand(
      length !== pin.lastSequence || hash === pin.lastHash,
      "LOG_FORKED",
      "The log is another one than it was.",
    );
    previousHash = hash;
  }
  demand(length >= pin.lastSequence, "LOG_ROLLED_BACK", "The log is shorter than it was.");
  const next = { ...pin, lastSequence: length, lastHash: previousHash };
  return { active: [...active.values()], pin: next };
}

/** The key to seal to or to verify with. @throws SealingError if the checked log does not say it is active */
export function activeKey(
  active: readonly ActiveKey[],
  kid: string,
  use: ActiveKey["use"],
): ActiveKey {
  const found = active.find((key) => key.kid === kid && key.use === use);
  demand(found !== undefined, "KEY_NOT_ACTIVE", "The log knows no such active key.");
  return found;
}
