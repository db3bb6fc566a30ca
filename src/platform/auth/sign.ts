import { type JsonWebKey, createPrivateKey, randomBytes, sign } from "node:crypto";
import { encodeBase64url } from "../../kernel/base64url.ts";
import { parsePublicJwk, type PublicJwk, thumbprint } from "../../kernel/jwk.ts";
import type { Scope } from "../../kernel/scopes.ts";
import { newKey } from "./new-key.ts";

export interface SigningKey {
  readonly privateJwk: JsonWebKey;
  readonly publicJwk: PublicJwk;
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string;
}

/** For the demo network and the tests: a real organisation makes its keys where they stay. */
export async function generateSigningKey(alg: "EdDSA" | "ES256" = "EdDSA"): Promise<SigningKey> {
  return signingKeyOf(newKey(alg === "EdDSA" ? "Ed25519" : "P-256"));
}

export function signingKeyOf(privateJwk: JsonWebKey): SigningKey {
  const publicJwk = publicHalf(privateJwk);
  return { privateJwk, publicJwk, kid: thumbprint(publicJwk) };
}

interface AccessTokenClaims {
  readonly privateJwk: JsonWebKey;
  readonly issuer: string;
  readonly audience: string;
  readonly clientId: string;
  /** The client itself, unless it acts for a person. */
  readonly subject?: string;
  readonly scopes: readonly Scope[];
  readonly ttlSeconds: number;
  /** Thumbprint of the key that it is bound to (RFC 9449 §6.1). */
  readonly jkt?: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * An RFC 9068 access token, for the demo command line and the tests only: Wayhouse itself signs none,
 * and no request path may import this file.
 */
export async function signAccessToken(claims: AccessTokenClaims): Promise<string> {
  const { privateJwk, now = Date.now } = claims;
  const publicJwk = publicHalf(privateJwk);
  const isEd25519 = publicJwk.kty === "OKP";
  const issuedAt = Math.floor(now() / 1000);
  const header = {
    alg: isEd25519 ? "EdDSA" : "ES256",
    typ: "at+jwt",
    kid: thumbprint(publicJwk),
  };
  const payload = {
    iss: claims.issuer,
    aud: claims.audience,
    sub: claims.subject ?? claims.clientId,
    client_id: claims.clientId,
    jti: encodeBase64url(randomBytes(16)),
    iat: issuedAt,
    exp: issuedAt + claims.ttlSeconds,
    scope: claims.scopes.join(" "),
    ...(claims.jkt !== undefined && { cnf: { jkt: claims.jkt } }),
  };
  const signed = [header, payload]
    .map((part) => encodeBase64url(Buffer.from(JSON.stringify(part))))
    .join(".");
  const key = createPrivateKey({ key: privateJwk, format: "jwk" });
  const signature = sign(isEd25519 ? null : "sha256", Buffer.from(signed), {
    key,
    dsaEncoding: "ieee-p1363",
  });
  return `${signed}.${encodeBase64url(signature)}`;
}

function publicHalf({ kty, crv, x, y }: JsonWebKey): PublicJwk {
  const parsed = parsePublicJwk({ kty, crv, x, y }, "SIGN");
  if (!parsed.ok) throw new TypeError(`the signing key ${parsed.message}`);
  return parsed.jwk;
}
