import { constants, generateKeyPairSync, type JsonWebKey } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { Unauthenticated, Unavailable } from "../../src/kernel/errors.ts";
import type { Jwk, JwksFetcher } from "../../src/platform/auth/jwks.ts";
import { rsaKey } from "../../src/platform/auth/keys.ts";
import type { SigningKey } from "../../src/platform/auth/sign.ts";
import {
  CLAIMS,
  clock,
  encode,
  forge,
  HEADER,
  identity,
  issuer,
  issuers,
  lantern,
  NOW,
  verifier,
} from "../support/forged-tokens.ts";

describe("a key behind a JWKS URI", () => {
  const rsa = (modulusLength: number) => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength });
    return {
      privateJwk: privateKey.export({ format: "jwk" }),
      publicJwk: publicKey.export({ format: "jwk" }),
    };
  };
  const strong = rsa(2048);
  const weak = rsa(1024);
  const ISS = "https://provider.example";
  issuers.set(ISS, issuer("provider", [], "https://provider.example/jwks"));
  const claims = { ...CLAIMS, iss: ISS };
  const by = (jwk: JsonWebKey) => verifier(async () => [{ ...jwk, kid: "k1" } as Jwk]);

  it("may be RSA of 2048 bits", async () => {
    const token = forge({ ...HEADER, alg: "RS256", kid: "k1" }, claims, strong.privateJwk, {});
    expect(await by(strong.publicJwk).verify(token)).toMatchObject({
      organisationId: "provider",
      kid: null,
    });
  });
  it("may not be RSA of 1024 bits", async () => {
    const token = forge({ ...HEADER, alg: "RS256", kid: "k1" }, claims, weak.privateJwk, {});
    await expect(by(weak.publicJwk).verify(token)).rejects.toThrow(Unauthenticated);
  });
  it.each<[string, object]>([
    ["of an exponent that takes as long to check as to sign", { e: encode("\xff".repeat(99)) }],
    ["of an exponent so small that signatures can be made up", { e: "Aw" }],
    ["of a modulus that takes long to check", { n: encode("\x7f".repeat(1025)) }],
    ["that is written in a second way", { n: `${strong.publicJwk.n}=` }],
    ["whose exponent is written in a second way", { e: "AQAB=" }],
    ["whose private half is published", { d: strong.privateJwk.d }],
  ])("may not be RSA %s", (_, change) => {
    expect(rsaKey(strong.publicJwk)).not.toBeNull();
    expect(rsaKey({ ...strong.publicJwk, ...change })).toBeNull();
  });
  /** A key of so many bits, which nobody has the private half of. */
  const modulusOf = (bits: number) => {
    const bytes = Buffer.alloc(Math.ceil(bits / 8), 0xff);
    bytes[0] = 0xff >> (8 * bytes.length - bits);
    return bytes.toString("base64url");
  };
  const exponent = (value: bigint) => {
    const hex = value.toString(16);
    return Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex").toString(
      "base64url",
    );
  };
  it.each<[string, string, (bits: number | bigint) => object, ...(number | bigint)[][]]>([
    [
      "from 2048 to 8192 bits",
      "n",
      (bits) => ({ n: modulusOf(Number(bits)) }),
      [2048, 8192],
      [2047, 8193],
    ],
    [
      "odd, from 65537 and within 64 bits",
      "e",
      (value) => ({ e: exponent(BigInt(value)) }),
      [65_537, 2n ** 64n - 1n],
      [65_535, 65_538, 2n ** 64n + 1n],
    ],
  ])("may be RSA of what is %s as its %s", (_, __, change, sound, unfit) => {
    const isTaken = (value: number | bigint) =>
      rsaKey({ ...strong.publicJwk, ...change(value) }) !== null;
    expect(sound!.map(isTaken)).toEqual(sound!.map(() => true));
    expect(unfit!.map(isTaken)).toEqual(unfit!.map(() => false));
  });
  it("may sign as PSS with a salt as long as its digest", async () => {
    const signed = (saltLength: number) =>
      by(strong.publicJwk).verify(
        forge({ ...HEADER, alg: "PS256", kid: "k1" }, claims, strong.privateJwk, {
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength,
        }),
      );
    await expect(signed(32)).resolves.toBeDefined();
    await expect(signed(20)).rejects.toThrow(Unauthenticated);
  });
  it("is looked for by the name that the token says, of 256 characters at most", async () => {
    const asked = vi.fn<JwksFetcher>(async (_, kid) => [{ ...strong.publicJwk, kid }]);
    const named = (kid: string) =>
      verifier(asked).verify(
        forge({ ...HEADER, alg: "RS256", kid }, claims, strong.privateJwk, {}),
      );
    await expect(named("x".repeat(256))).resolves.toBeDefined();
    await expect(named("x".repeat(257))).rejects.toThrow(Unauthenticated);
    await expect(named("")).rejects.toThrow(Unauthenticated);
    expect(asked.mock.calls).toEqual([["https://provider.example/jwks", "x".repeat(256)]]);
  });
  it("is held to the algorithm it was published for", async () => {
    const token = forge({ ...HEADER, alg: "RS256", kid: "k1" }, claims, strong.privateJwk, {});
    await expect(by({ ...strong.publicJwk, alg: "PS256" }).verify(token)).rejects.toThrow(
      Unauthenticated,
    );
  });
  const ofProvider = forge({ ...HEADER, alg: "RS256", kid: "k1" }, claims, strong.privateJwk, {});
  it.each<[string, object[]]>([
    ["under another name", [{ kid: "k2" }]],
    ["as one of two of its name", [{}, {}]],
    ["to encrypt to", [{ use: "enc" }]],
    ["to sign with alone", [{ key_ops: ["sign"] }]],
    ["to do what is no list", [{ key_ops: "verify" }]],
    ["as a key of no kind that signs", [{ kty: "oct" }]],
    ["as RSA without its modulus", [{ n: undefined }]],
    ["as RSA of nothing", [{ n: "", e: "" }]],
  ])("is none where it is published %s", async (_, published) => {
    const jwks = published.map((change) => ({ ...strong.publicJwk, kid: "k1", ...change }));
    await expect(by(strong.publicJwk).verify(ofProvider)).resolves.toBeDefined();
    await expect(verifier(async () => jwks as Jwk[]).verify(ofProvider)).rejects.toThrow(
      Unauthenticated,
    );
  });
  it("may not be the one that says which keys are the organisation's", async () => {
    const signedBy = ({ publicJwk, privateJwk }: SigningKey) =>
      by(publicJwk).verify(forge({ ...HEADER, kid: "k1" }, claims, privateJwk));
    await expect(signedBy(lantern)).resolves.toBeDefined();
    await expect(signedBy(identity)).rejects.toThrow(Unauthenticated);
  });
  it("is nobody's who has registered none", async () => {
    const token = forge({ ...HEADER, alg: "RS256", kid: "k1" }, CLAIMS, strong.privateJwk, {});
    await expect(by(strong.publicJwk).verify(token)).rejects.toThrow(Unauthenticated);
  });
  it("that comes when the token has ended comes too late", async () => {
    const late = verifier(async () => {
      clock.now = NOW + 600;
      return [{ ...strong.publicJwk, kid: "k1" } as Jwk];
    });
    await expect(late.verify(ofProvider)).rejects.toThrow(Unauthenticated);
  });
  it("that cannot be fetched now makes the service unavailable, not the token bad", async () => {
    const token = forge({ ...HEADER, alg: "RS256", kid: "k1" }, claims, strong.privateJwk, {});
    const down = verifier(() => Promise.reject(new Unavailable()));
    await expect(down.verify(token)).rejects.toThrow(Unavailable);
  });
  it("is not believed where the key is registered inline as RSA", async () => {
    issuers.set("https://inline.example", issuer("inline", [strong.publicJwk]));
    const token = forge(
      { ...HEADER, alg: "RS256", kid: "k1" },
      { ...CLAIMS, iss: "https://inline.example" },
      strong.privateJwk,
      {},
    );
    await expect(verifier().verify(token)).rejects.toThrow(Unauthenticated);
  });
});
