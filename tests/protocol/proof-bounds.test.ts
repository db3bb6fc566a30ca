import { describe, expect, it } from "vitest";
import { Unauthenticated } from "../../src/kernel/errors.ts";
import { createProofVerifier, InvalidProof, type Proof } from "../../src/platform/auth/dpop.ts";
import { generateSigningKey, type SigningKey } from "../../src/platform/auth/sign.ts";
import type { VerifiedToken } from "../../src/platform/auth/token.ts";
import { PUBLIC_URL } from "../support/demo.ts";
import { claimsOf, headerOf, signProof } from "../support/proofs.ts";

const NOW = 1_800_000_000;
const TOKEN = "a.b.c";
const holder = await generateSigningKey("EdDSA");
const other = await generateSigningKey("ES256");
const verifyProof = createProofVerifier({ url: PUBLIC_URL, now: () => NOW * 1_000 });
const bound = ({ kid }: SigningKey) => ({ jkt: kid }) as VerifiedToken;

function proven(claims: object = {}, key = holder): Proof | null {
  const all = { ...claimsOf(TOKEN), jti: "0123456789abcdef", iat: NOW, ...claims };
  const proof = signProof(key, headerOf(key), all);
  return verifyProof({ scheme: "DPoP", token: TOKEN, proof }, bound(key));
}

describe("a proof", () => {
  it.each<[string, object, object]>([
    ["of a minute ago", { iat: NOW - 60 }, { iat: NOW - 61 }],
    ["of a clock a minute ahead", { iat: NOW + 60 }, { iat: NOW + 61 }],
    ["with a jti of 16 characters", { jti: "x".repeat(16) }, { jti: "x".repeat(15) }],
    ["with a jti of 128 characters", { jti: "x".repeat(128) }, { jti: "x".repeat(129) }],
  ])("%s is taken, and none further", (_, within, beyond) => {
    expect(proven(within)).not.toBeNull();
    expect(() => proven(beyond)).toThrow(InvalidProof);
  });

  it("is taken up to 4 KiB", () => {
    const claims = { ...claimsOf(TOKEN), jti: "0123456789abcdef", iat: NOW };
    const outcomes = Array.from({ length: 40 }, (_, nth) => {
      const more = { ...claims, more: "x".repeat(2_710 + nth) };
      const proof = signProof(holder, headerOf(holder), more);
      try {
        verifyProof({ scheme: "DPoP", token: TOKEN, proof }, bound(holder));
        return { length: proof.length, isTaken: true };
      } catch {
        return { length: proof.length, isTaken: false };
      }
    });
    for (const { length, isTaken } of outcomes)
      expect([length, isTaken]).toEqual([length, length <= 4_096]);
    const lengths = outcomes.map(({ length }) => length);
    expect(lengths).toEqual(expect.arrayContaining([4_096, 4_097]));
  });

  it("is remembered for as long as it could be shown again, by its key and its jti", () => {
    const digestOf = (...call: Parameters<typeof proven>) =>
      proven(...call)!.digest.toString("hex");
    expect(proven({ iat: NOW - 10 })!.expiresAt).toEqual(new Date((NOW + 50) * 1_000));
    expect(digestOf({ iat: NOW - 10 })).toBe(digestOf());
    expect(digestOf({ jti: "fedcba9876543210" })).not.toBe(digestOf());
    expect(digestOf({}, other)).not.toBe(digestOf());
  });

  it("is for a token that is bound, and such a token needs one", () => {
    const free = { jkt: null } as VerifiedToken;
    const bearer = { scheme: "Bearer", token: TOKEN, proof: null } as const;
    expect(verifyProof(bearer, free)).toBeNull();
    expect(() => verifyProof(bearer, bound(holder))).toThrow(Unauthenticated);
    expect(() => verifyProof({ ...bearer, scheme: "DPoP" }, free)).toThrow(Unauthenticated);
    expect(() => verifyProof({ ...bearer, scheme: "DPoP" }, bound(holder))).toThrow(InvalidProof);
    const claims = { ...claimsOf(TOKEN), iat: NOW };
    const proof = signProof(holder, headerOf(holder), claims);
    expect(() => verifyProof({ ...bearer, proof }, bound(holder))).toThrow(Unauthenticated);
  });
});
