import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Unauthenticated } from "../../src/kernel/errors.ts";
import { signAccessToken } from "../../src/platform/auth/sign.ts";
import {
  AUDIENCE,
  CLAIMS,
  clock,
  encode,
  forge,
  harbour,
  HEADER,
  issuers,
  lantern,
  LANTERN,
  lanternP256,
  NOW,
  verifier,
  without,
} from "../support/forged-tokens.ts";

describe("a token is accepted", () => {
  it("as it was signed by a registered Ed25519 key", async () => {
    expect(await verifier().verify(forge())).toMatchObject({
      organisationId: "lantern",
      clientName: "bot",
      kid: lantern.kid,
      scopes: ["beds:hold", "beds:read"],
    });
  });
  it("as it was signed by a registered P-256 key", async () => {
    const token = await signAccessToken({
      privateJwk: lanternP256.privateJwk,
      issuer: LANTERN,
      audience: AUDIENCE,
      clientId: "bot",
      scopes: ["beds:read"],
      ttlSeconds: 600,
      now: () => NOW * 1000,
    });
    expect(await verifier().verify(token)).toMatchObject({ kid: lanternP256.kid });
  });
  it.each<[string, object, object]>([
    ["under its other name for Ed25519", { alg: "Ed25519" }, {}],
    ["as an application's type", { typ: "application/AT+JWT" }, {}],
    ["for one of sixteen audiences", {}, { aud: [...Array<string>(15).fill(LANTERN), AUDIENCE] }],
    ["for 15 minutes", {}, { exp: NOW + 900 }],
    ["by a clock that is a minute ahead", {}, { iat: NOW + 60, nbf: NOW + 60 }],
    ["with a jti of 128 characters", {}, { jti: "x".repeat(128) }],
    ["of a client with as many", {}, { client_id: "x".repeat(128) }],
    ["for somebody of 255 characters", {}, { sub: "é".repeat(255) }],
  ])("%s", async (_, header, claims) => {
    const token = forge({ ...HEADER, ...header }, { ...CLAIMS, ...claims });
    await expect(verifier().verify(token)).resolves.toBeDefined();
  });
  it("up to 8 KiB", async () => {
    const lengths: number[] = [];
    for (let more = 5_795; more < 5_810; more++) {
      const token = forge(HEADER, { ...CLAIMS, more: "x".repeat(more) });
      const isTaken = await verifier()
        .verify(token)
        .then(
          () => true,
          () => false,
        );
      expect([token.length, isTaken]).toEqual([token.length, token.length <= 8_192]);
      lengths.push(token.length);
    }
    expect(lengths).toContain(8_192);
    expect(lengths).toContain(8_193);
  });
  it("with the key that it is bound to", async () => {
    const jkt = "A".repeat(43);
    const token = forge(HEADER, { ...CLAIMS, cnf: { jkt } });
    expect(await verifier().verify(token)).toMatchObject({ jkt });
    expect(await verifier().verify(forge())).toMatchObject({ jkt: null });
  });
  it("again without another look at its signature, beside others", async () => {
    const kept: boolean[] = [];
    const one = verifier(undefined, (wasKept) => kept.push(wasKept));
    const [first, second] = [forge(), forge(HEADER, { ...CLAIMS, jti: "fedcba9876543210" })];
    for (const token of [first, second, first, first, second]) await one.verify(token);
    expect(kept).toEqual([false, false, true, true, true]);
  });
  it("without the scopes that nobody knows", async () => {
    const token = forge(HEADER, { ...CLAIMS, scope: "beds:read beds:steal beds:read" });
    expect((await verifier().verify(token)).scopes).toEqual(["beds:read"]);
  });
  it("without scopes, for what needs none", async () => {
    expect((await verifier().verify(forge(HEADER, without("scope")))).scopes).toEqual([]);
  });
  it("with a member that has one of its own of another's name", async () => {
    const token = forge(HEADER, { act: { client_id: "other" }, ...CLAIMS });
    expect((await verifier().verify(token)).clientName).toBe("bot");
  });
});

describe("no token is accepted", () => {
  const [head, body, signature] = forge().split(".") as [string, string, string];
  const p256 = { ...HEADER, alg: "ES256", kid: lanternP256.kid };
  const hmac = `${encode({ ...HEADER, alg: "HS256" })}.${body}`;
  const cases: Record<string, string> = {
    "with alg none": `${encode({ ...HEADER, alg: "none" })}.${body}.`,
    "with its signature taken away": `${head}.${body}.`,
    "with the public key as an HMAC secret": `${hmac}.${createHmac("sha256", JSON.stringify(lantern.publicJwk)).update(hmac).digest("base64url")}`,
    "with its own key embedded": forge(
      { ...HEADER, jwk: harbour.publicJwk },
      CLAIMS,
      harbour.privateJwk,
    ),
    "with jku": forge({ ...HEADER, jku: "https://evil.example" }),
    "with x5u": forge({ ...HEADER, x5u: "https://evil.example" }),
    "bound to a certificate": forge(HEADER, { ...CLAIMS, cnf: { "x5t#S256": "A".repeat(43) } }),
    "bound to a key, and to something that nobody here could check": forge(HEADER, {
      ...CLAIMS,
      cnf: { jkt: "A".repeat(43), "x5t#S256": "A".repeat(43) },
    }),
    "bound to a thumbprint that is none": forge(HEADER, { ...CLAIMS, cnf: { jkt: "x" } }),
    "with crit": forge({ ...HEADER, crit: ["exp"] }),
    "with another typ": forge({ ...HEADER, typ: "JWT" }),
    "with a typ that ends as its own": forge({ ...HEADER, typ: "x-at+jwt" }),
    "with a typ that begins as its own": forge({ ...HEADER, typ: "at+jwt+x" }),
    "without typ": forge({ alg: "EdDSA", kid: lantern.kid }),
    "without kid": forge({ alg: "EdDSA", typ: "at+jwt" }),
    "for 17 audiences": forge(HEADER, { ...CLAIMS, aud: Array(17).fill(AUDIENCE) }),
    "whose sub has a control character": forge(HEADER, { ...CLAIMS, sub: "a\u0000" }),
    "whose sub is half a character": forge(HEADER, { ...CLAIMS, sub: "\ud800" }),
    "whose text is no UTF-8": forge(
      HEADER,
      Buffer.from(JSON.stringify({ ...CLAIMS, sub: "\u00ff" }), "latin1"),
    ),
    "whose sub is too long": forge(HEADER, { ...CLAIMS, sub: "x".repeat(256) }),
    "that began before time did": forge(HEADER, { ...CLAIMS, nbf: -1 }),
    "for another audience": forge(HEADER, { ...CLAIMS, aud: "https://elsewhere.example" }),
    "of an unknown issuer": forge(HEADER, { ...CLAIMS, iss: "https://nobody.example" }),
    "of this issuer by another organisation's key": forge(
      { ...HEADER, kid: harbour.kid },
      CLAIMS,
      harbour.privateJwk,
    ),
    "with the kid of a key that did not sign": forge(HEADER, CLAIMS, harbour.privateJwk),
    "whose header names the algorithm of another key": forge({ ...HEADER, alg: "ES256" }),
    "with a DER signature": forge(p256, CLAIMS, lanternP256.privateJwk, { dsaEncoding: "der" }),
    "with a signature of zeros": `${encode(p256)}.${body}.${encode("\0".repeat(64))}`,
    "with padding": `${head}.${body}.${signature}==`,
    "with white space": `${head}.${body}.${signature}\n`,
    "with bits left over": `${head}.${body}.${signature.slice(0, -1)}${signature.endsWith("A") ? "B" : String.fromCharCode(signature.charCodeAt(signature.length - 1) + 1)}`,
    "with a fourth part": `${head}.${body}.${signature}.${signature}`,
    "with five parts": `${head}.${body}.${signature}.${head}.${body}`,
    "that is empty": "",
    "longer than 8 KiB": forge(HEADER, { ...CLAIMS, extra: "x".repeat(9000) }),
    "with a member twice": forge(
      HEADER,
      JSON.stringify(CLAIMS).replace("{", '{"client_id":"admin",'),
    ),
    "with a byte order mark": forge(HEADER, `\ufeff${JSON.stringify(CLAIMS)}`),
    "with a jti that could be another's": forge(HEADER, { ...CLAIMS, jti: "0123456789abcde" }),
    "without exp": forge(HEADER, without("exp")),
    "without iat": forge(HEADER, without("iat")),
    "without jti": forge(HEADER, without("jti")),
    "without sub": forge(HEADER, without("sub")),
    "without client_id": forge(HEADER, without("client_id")),
    "that has expired": forge(HEADER, { ...CLAIMS, iat: NOW - 600, exp: NOW }),
    "that lives longer than 15 minutes": forge(HEADER, { ...CLAIMS, exp: NOW + 901 }),
    "that ends before it begins": forge(HEADER, { ...CLAIMS, iat: NOW + 30, exp: NOW + 20 }),
    "that ends as it begins": forge(HEADER, { ...CLAIMS, iat: NOW + 30, exp: NOW + 30 }),
    "issued in the future": forge(HEADER, { ...CLAIMS, iat: NOW + 61, exp: NOW + 100 }),
    "not valid yet": forge(HEADER, { ...CLAIMS, nbf: NOW + 61 }),
    "with an exp that is no integer": forge(HEADER, { ...CLAIMS, exp: NOW + 0.5 }),
    "with a scope that is no string": forge(HEADER, { ...CLAIMS, scope: ["beds:read"] }),
    // What no client or revocation can be named by could never be taken back.
    ...Object.fromEntries(
      (["client_id", "jti"] as const).flatMap((claim) =>
        [`\0${CLAIMS[claim]}`, `${CLAIMS[claim]}\0`, "x".repeat(129)].map((value) => [
          `whose ${claim} is ${JSON.stringify(value)}`,
          forge(HEADER, { ...CLAIMS, [claim]: value }),
        ]),
      ),
    ),
    "whose payload is no object": forge(HEADER, "[]"),
    "whose header is null": `${encode("null")}.${body}.${signature}`,
  };
  it.each(Object.entries(cases))("%s", async (_, token) => {
    await expect(verifier().verify(token)).rejects.toThrow(Unauthenticated);
  });

  it("for whose faults anybody is asked who issued it", async () => {
    const asked = vi.spyOn(issuers, "get");
    for (const change of [{ iat: NOW - 600, exp: NOW }, { aud: "https://elsewhere.example" }])
      await expect(verifier().verify(forge(HEADER, { ...CLAIMS, ...change }))).rejects.toThrow(
        Unauthenticated,
      );
    expect(asked).not.toHaveBeenCalled();
    asked.mockRestore();
  });

  it("after it expired, though it was verified before", async () => {
    const one = verifier();
    const token = forge();
    await one.verify(token);
    clock.now = NOW + 600;
    await expect(one.verify(token)).rejects.toThrow(Unauthenticated);
  });

  it("with any one character changed, added or taken away", async () => {
    const token = forge();
    const one = verifier();
    const edit = fc.tuple(fc.nat(token.length - 1), fc.string({ maxLength: 2 }));
    await fc.assert(
      fc.asyncProperty(edit, async ([at, text]) => {
        const mutant = token.slice(0, at) + text + token.slice(at + 1);
        fc.pre(mutant !== token);
        await expect(one.verify(mutant)).rejects.toThrow(Unauthenticated);
      }),
      { numRuns: 500 },
    );
  });
});
