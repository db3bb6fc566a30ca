import { compactVerify, decodeProtectedHeader, generateKeyPair, importJWK, type JWK } from "jose";
import { describe, expect, it } from "vitest";
import { createAccessTokens } from "../../src/client/access-token.ts";
import { thumbprintOf } from "../../src/sealing/index.ts";
import { ed25519, p256 } from "../support/sealing.ts";

const credentials = {
  issuer: "https://lantern.example",
  audience: "https://node.example",
  clientId: "bot",
  scopes: ["beds:read", "beds:hold"],
  key: ed25519(),
} as const;

describe("an access token", () => {
  it.each([
    ["EdDSA", ed25519()],
    ["ES256", p256()],
  ] as const)("is an RFC 9068 one, signed with %s", async (alg, key) => {
    const token = await createAccessTokens({ ...credentials, key }).current();
    expect(decodeProtectedHeader(token)).toEqual({
      alg,
      typ: "at+jwt",
      kid: await thumbprintOf(key),
    });
    const { d: _, ...publicKey } = key;
    const { payload } = await compactVerify(token, await importJWK(publicKey, alg));
    const claims = JSON.parse(new TextDecoder().decode(payload));
    expect(claims).toMatchObject({
      iss: credentials.issuer,
      aud: credentials.audience,
      sub: "bot",
      client_id: "bot",
      scope: "beds:read beds:hold",
    });
    expect(claims.exp - claims.iat).toBe(300);
  });

  it("is signed with a key that never leaves the browser, too", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const key = { privateKey, kid: "k" };
    const token = await createAccessTokens({ ...credentials, key }).current();
    await expect(compactVerify(token, publicKey)).resolves.toBeDefined();
  });

  it("is signed anew where signing has failed, for it may be there the next time", async () => {
    const { d: _, ...publicHalf } = credentials.key;
    let key: JWK = publicHalf;
    const tokens = createAccessTokens({
      ...credentials,
      get key() {
        return key;
      },
    });
    await expect(tokens.current()).rejects.toThrow(Error);
    key = credentials.key;
    await expect(tokens.current()).resolves.toContain(".");
  });

  it("is renewed while it has a quarter of its time left, once for all who wait", async () => {
    let now = 0;
    const tokens = createAccessTokens({ ...credentials, ttlSeconds: 100 }, () => now);
    const first = await tokens.current();
    now = 74_999;
    expect(await tokens.current()).toBe(first);
    now = 75_000;
    const [second, third] = await Promise.all([tokens.current(), tokens.current()]);
    expect(second).not.toBe(first);
    expect(third).toBe(second);
  });
});
