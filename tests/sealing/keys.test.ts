import { CompactSign, importJWK, type JWK } from "jose";
import { describe, expect, it } from "vitest";
import { type PublicJwk, thumbprint } from "../../src/kernel/jwk.ts";
import {
  activeKey,
  checkKeyLog,
  hashKeyLogEntry,
  type KeyLogEntry,
  type KeyPin,
  NO_HASH,
  pinOf,
  publicHalf,
  SealingError,
  signKeyStatement,
  thumbprintOf,
  verifyKeyStatement,
} from "../../src/sealing/index.ts";
import { signCompact } from "../../src/sealing/jws.ts";
import { ed25519, p256 } from "../support/sealing.ts";

/** An honest server and an honest organisation. */
async function append(
  log: KeyLogEntry[],
  identity: JWK,
  change: "PUBLISHED" | "RETIRED",
  key: JWK,
) {
  const kid = await thumbprintOf(key);
  const sequence = log.length + 1;
  const previousHash = log.at(-1)?.hash ?? NO_HASH;
  const use = "SEAL" as const;
  const statement = await signKeyStatement(
    {
      change,
      use,
      kid,
      ...(change === "PUBLISHED" && { jwk: key }),
      sequence,
      previousHash,
      iat: 1,
    },
    identity,
  );
  const entry = { sequence, kid, change, statement, previousHash };
  const hash = await hashKeyLogEntry(await thumbprintOf(identity), entry);
  log.push({ ...entry, hash });
}
async function honest() {
  const [identity, first, second] = [p256(), p256(), p256()];
  const log: KeyLogEntry[] = [];
  await append(log, identity, "PUBLISHED", first);
  await append(log, identity, "PUBLISHED", second);
  await append(log, identity, "RETIRED", first);
  const pin: KeyPin = {
    identityThumbprint: await thumbprintOf(identity),
    lastSequence: 0,
    lastHash: NO_HASH,
  };
  return { identity, first, second, log, pin };
}
const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => "TAKEN",
    (error: unknown) => (error instanceof SealingError ? error.reason : String(error)),
  );

describe("a thumbprint", () => {
  it.each([ed25519, p256])("is the same here as in the server", async (makeKey) => {
    const { d: _, ...key } = makeKey();
    expect(await thumbprintOf(key)).toBe(thumbprint(key as PublicJwk));
  });
});

describe("a key log", () => {
  it("says which keys are active, and goes on from the pin that was kept", async () => {
    const { identity, first, second, log, pin } = await honest();
    const checked = await checkKeyLog(identity, log, pin);
    expect(checked.active.map(({ kid }) => kid)).toEqual([await thumbprintOf(second)]);
    expect(checked.active[0]!.jwk).not.toHaveProperty("d");
    const third = p256();
    await append(log, identity, "PUBLISHED", third);
    const later = await checkKeyLog(identity, log, checked.pin);
    expect(later.pin.lastSequence).toBe(4);
    const kid = await thumbprintOf(third);
    expect(activeKey(later.active, kid, "SEAL").kid).toBe(kid);
    const retired = await thumbprintOf(first);
    expect(() => activeKey(later.active, retired, "SEAL")).toThrow(SealingError);
    expect(() => activeKey(later.active, kid, "SIGN")).toThrow(SealingError);
  });

  it("is refused where the server swapped, added, dropped, forked, replayed or rolled back", async () => {
    const { identity, first, second, log, pin } = await honest();
    const kept = (await checkKeyLog(identity, log, pin)).pin;
    const mallory = p256();
    const swapped = structuredClone(log);
    swapped[1] = { ...swapped[1]!, kid: await thumbprintOf(mallory) };
    const added = structuredClone(log);
    await append(added, mallory, "PUBLISHED", mallory);
    const replayed = structuredClone(log);
    const again = { ...log[0]!, sequence: 4, previousHash: log[2]!.hash };
    replayed.push({ ...again, hash: await hashKeyLogEntry(pin.identityThumbprint, again) });
    const forked: KeyLogEntry[] = [];
    for (let count = 0; count < 3; count++) await append(forked, identity, "PUBLISHED", p256());
    const twice = structuredClone(log);
    await append(twice, identity, "PUBLISHED", first);
    const active = structuredClone(log);
    await append(active, identity, "PUBLISHED", second);
    for (const [reason, entries] of [
      ["LOG_BROKEN", swapped],
      ["UNKNOWN_SIGNER", added],
      ["BAD_STATEMENT", replayed],
      ["LOG_FORKED", forked],
      ["LOG_ROLLED_BACK", log.slice(0, 2)],
      ["LOG_BROKEN", log.slice(1)],
      ["LOG_BROKEN", [log[0]!, log[2]!]],
      ["LOG_BROKEN", log.map((entry) => ({ ...entry, hash: NO_HASH }))],
      ["LOG_BROKEN", twice],
      ["LOG_BROKEN", active],
    ] as const) {
      expect(await reasonOf(checkKeyLog(identity, entries, kept)), reason).toBe(reason);
    }
    expect(await reasonOf(checkKeyLog(mallory, log, kept))).toBe("THUMBPRINT_MISMATCH");
  });
});

describe("an entry of a key log", () => {
  it("is refused where a member of it is another than its statement's, or than its place has", async () => {
    const { identity, second, log, pin } = await honest();
    const at = { kid: await thumbprintOf(second), change: "PUBLISHED", sequence: 2 } as const;
    const place = { ...at, previousHash: log[0]!.hash };
    const reasonFor = async (said: object, written: object) => {
      const what = { ...place, use: "SEAL", jwk: second, iat: 1, ...said } as const;
      const entry = { ...place, statement: await signKeyStatement(what, identity), ...written };
      const hash = await hashKeyLogEntry(pin.identityThumbprint, entry);
      return reasonOf(checkKeyLog(identity, [log[0]!, { ...entry, hash }], pin));
    };
    expect(await reasonFor({}, {})).toBe("TAKEN");
    for (const change of [{ sequence: 3 }, { previousHash: log[1]!.hash }]) {
      expect(await reasonFor(change, {})).toBe("BAD_STATEMENT");
      expect(await reasonFor(change, change)).toBe("LOG_BROKEN");
    }
    for (const change of [{ kid: await thumbprintOf(identity) }, { change: "RETIRED" }])
      expect(await reasonFor({}, change)).toBe("BAD_STATEMENT");
  });
});

/** Of small order: what anybody signs holds under them (RFC 8032 §5.1.7 lets them through). */
const SMALL = ["AQAA", "AAAA"].map((start) => `${start.padEnd(42, "A")}A`);

it("a key log is refused by a reason, whatever the server tells for one", async () => {
  const { identity, log, pin } = await honest();
  const odd = { toString: 1, valueOf: 1 };
  for (const change of [
    { statement: odd },
    { statement: null },
    { kid: odd },
    { change: odd },
    { previousHash: odd },
    { sequence: "1" },
    { hash: odd },
  ]) {
    const entries = [{ ...log[0]!, ...(change as object) }];
    const reason = await reasonOf(checkKeyLog(identity, entries, pin));
    expect(["LOG_BROKEN", "BAD_STATEMENT"], JSON.stringify(change)).toContain(reason);
  }
  for (const entries of [[null], [1], ["x"]] as never[][])
    expect(await reasonOf(checkKeyLog(identity, entries, pin))).toBe("BAD_STATEMENT");
  const deep: unknown = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
  for (const key of [null, 1, "x", {}, { kty: "EC", crv: "P-256", x: deep }] as never[])
    expect(await reasonOf(checkKeyLog(key, log, pin))).toBe("THUMBPRINT_MISMATCH");
});

it("a key log is refused by its reason where an identity is no sound key, or has signed one", async () => {
  const { log } = await honest();
  for (const x of SMALL) {
    const identity = { kty: "OKP", crv: "Ed25519", x };
    const pinned = pinOf(await thumbprintOf(identity));
    expect(await reasonOf(checkKeyLog(identity, log, pinned))).toBe("BAD_KEY");
  }
  const identity = ed25519();
  const [sealing, signing] = [p256(), ed25519()];
  const weak = { kty: "OKP", crv: "Ed25519", x: SMALL[0]! };
  for (const [use, jwk] of [
    ["SEAL", signing],
    ["SEAL", { ...sealing, crv: "P-384" }],
    ["SEAL", { ...sealing, y: sealing.x! }],
    ["SEAL", { ...sealing, y: `${sealing.y}=` }],
    ["SIGN", weak],
    ["SIGN", { ...signing, x: signing.x!.slice(4) }],
    [
      "SIGN",
      {
        ...signing,
        x: Buffer.from([...Buffer.from(signing.x!, "base64url"), 0]).toString("base64url"),
      },
    ],
    ["SIGN", { ...signing, crv: "X25519" }],
  ] as const) {
    const at = { sequence: 1, previousHash: NO_HASH, kid: await thumbprintOf(jwk) };
    const said = { ...at, change: "PUBLISHED", use, jwk, iat: 1 } as const;
    const statement = await signKeyStatement(said, identity);
    const entry = { ...at, change: "PUBLISHED", statement } as const;
    const pinned = pinOf(await thumbprintOf(identity));
    const hash = await hashKeyLogEntry(pinned.identityThumbprint, entry);
    const checked = checkKeyLog(identity, [{ ...entry, hash }], pinned);
    expect(await reasonOf(checked), JSON.stringify(jwk)).toBe("BAD_KEY");
  }
});

it("a key log that never ends is read no further than it holds", async () => {
  const { identity, log, pin } = await honest();
  let told = 0;
  async function* endless() {
    for (; told < 1_000; told++) yield log[told % log.length]!;
  }
  expect(await reasonOf(checkKeyLog(identity, endless(), pin))).toBe("LOG_BROKEN");
  expect(told).toBe(log.length);
});

describe("a statement", () => {
  it("is taken only with exactly its members, by the identity key", async () => {
    const [identity, key] = [ed25519(), p256()];
    const kid = await thumbprintOf(key);
    const place = { kid, sequence: 1, previousHash: NO_HASH, iat: 1, use: "SEAL" } as const;
    const sound = await signKeyStatement({ ...place, change: "PUBLISHED", jwk: key }, identity);
    expect((await verifyKeyStatement(sound, identity)).jwk).not.toHaveProperty("d");
    expect(await reasonOf(verifyKeyStatement(sound, ed25519()))).toBe("UNKNOWN_SIGNER");
    for (const change of [{ kid: "other" }, { previousHash: "" }, { sequence: 1.5 }]) {
      const statement = await signKeyStatement(
        { ...place, change: "PUBLISHED", jwk: key, ...change },
        identity,
      );
      expect(await reasonOf(verifyKeyStatement(statement, identity))).toBe("BAD_STATEMENT");
    }
    const iss = await thumbprintOf(identity);
    const said = { iss, ...place, change: "PUBLISHED" };
    const long = { ...publicHalf(key), padding: "x".repeat(4_096) };
    const odd = { toString: 1, valueOf: 1 };
    for (const [reason, claims] of [
      ["BAD_KEY", { ...said, jwk: null }],
      ["BAD_STATEMENT", { ...said, jwk: long }],
      ["BAD_STATEMENT", { ...said, previousHash: odd }],
      ["BAD_STATEMENT", { ...place, iss, change: "RETIRED", kid: odd }],
      ["BAD_STATEMENT", { ...place, iss, change: "RETIRED", use: "OTHER" }],
      ["BAD_STATEMENT", { ...place, iss, change: "RETIRED", jwk: publicHalf(key) }],
      ["BAD_STATEMENT", { ...place, iss: kid, change: "RETIRED" }],
      ["BAD_STATEMENT", { ...place, iss, change: "REVOKED" }],
      ["BAD_STATEMENT", { ...place, iss, change: "RETIRED", iat: "1" }],
      ["TAKEN", { ...place, iss, change: "RETIRED" }],
      ["BAD_STATEMENT", null],
      ["BAD_STATEMENT", []],
    ] as const) {
      const payload = new TextEncoder().encode(JSON.stringify(claims));
      const statement = await signCompact(payload, identity, "key-statement+jws");
      expect(await reasonOf(verifyKeyStatement(statement, identity))).toBe(reason);
      if (reason !== "TAKEN") continue;
      // What it signs as something else is no statement.
      const other = await signCompact(payload, identity, "sealed+jws");
      expect(await reasonOf(verifyKeyStatement(other, identity))).toBe("WRONG_HEADER");
      const more = { alg: "EdDSA", kid: iss, typ: "key-statement+jws", cty: "JSON" };
      const marked = new CompactSign(payload).setProtectedHeader(more);
      const signed = await marked.sign(await importJWK(identity, "EdDSA"));
      expect(await reasonOf(verifyKeyStatement(signed, identity))).toBe("WRONG_HEADER");
    }
  });
});
