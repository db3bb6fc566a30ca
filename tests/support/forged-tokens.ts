import { createPrivateKey, type JsonWebKey, sign, type SignKeyObjectInput } from "node:crypto";
import type { JwksFetcher } from "../../src/platform/auth/jwks.ts";
import { generateSigningKey } from "../../src/platform/auth/sign.ts";
import { createTokenVerifier, type Issuer } from "../../src/platform/auth/token.ts";

export const AUDIENCE = "https://node.example";
export const LANTERN = "https://lantern.example";
export const NOW = 1_800_000_000;
/** Seconds since the epoch, as the verifier has them. */
export const clock = { now: NOW };
export const lantern = await generateSigningKey("EdDSA");
export const lanternP256 = await generateSigningKey("ES256");
export const harbour = await generateSigningKey("EdDSA");
export const identity = await generateSigningKey("EdDSA");
export const issuers = new Map<string, Issuer>([
  [LANTERN, issuer("lantern", [lantern.publicJwk, lanternP256.publicJwk])],
  ["https://harbour.example", issuer("harbour", [harbour.publicJwk])],
]);

export function issuer(
  organisationId: string,
  keys: readonly JsonWebKey[],
  jwksUri: string | null = null,
): Issuer {
  return { organisationId, identityThumbprint: identity.kid, jwksUri, keys };
}

export function verifier(
  published: JwksFetcher = async () => [],
  onVerified?: (wasKept: boolean) => void,
) {
  clock.now = NOW;
  return createTokenVerifier({
    audience: AUDIENCE,
    findIssuer: async (name) => issuers.get(name) ?? null,
    jwks: published,
    ...(onVerified && { onVerified }),
    now: () => clock.now * 1000,
  });
}

export const encode = (value: unknown) =>
  (Buffer.isBuffer(value)
    ? value
    : Buffer.from(typeof value === "string" ? value : JSON.stringify(value))
  ).toString("base64url");
export const HEADER = { alg: "EdDSA", typ: "at+jwt", kid: lantern.kid };
export const CLAIMS = {
  iss: LANTERN,
  aud: AUDIENCE,
  sub: "bot",
  client_id: "bot",
  jti: "0123456789abcdef",
  iat: NOW,
  exp: NOW + 600,
  scope: "beds:read beds:hold",
};

export function forge(
  header: unknown = HEADER,
  claims: unknown = CLAIMS,
  privateJwk: JsonWebKey = lantern.privateJwk,
  options: Partial<SignKeyObjectInput> = { dsaEncoding: "ieee-p1363" },
): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  const key = createPrivateKey({ key: privateJwk, format: "jwk" });
  const digest = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  return `${signed}.${sign(digest, Buffer.from(signed), { key, ...options }).toString("base64url")}`;
}
export const without = (member: keyof typeof CLAIMS) =>
  Object.fromEntries(Object.entries(CLAIMS).filter(([name]) => name !== member));
