import { type CryptoKey, type JWK, SignJWT } from "jose";
import { thumbprintOf } from "../sealing/index.ts";
import type { Scope } from "../kernel/scopes.ts";

/** Who a client is to the network: a registered client of a registered issuer. */
export interface Credentials {
  /** `iss`, as registered with the organisation. */
  readonly issuer: string;
  /** `aud`: the node that the tokens are for. */
  readonly audience: string;
  readonly clientId: string;
  /** What the tokens carry: no more than the work at hand needs. */
  readonly scopes: readonly Scope[];
  /** A registered signing key, Ed25519 or P-256, private; or a handle to one that cannot be extracted. */
  readonly key: JWK | { readonly privateKey: CryptoKey; readonly kid: string };
  /** 30 to 900; 300 unless given. */
  readonly ttlSeconds?: number;
}

export interface AccessTokens {
  /** One that lasts for a while yet. */
  current(): Promise<string>;
  /** The next is a new one. */
  discard(): void;
}

/** RFC 9068 access tokens, signed here and renewed when a quarter of their time is left. @throws RangeError */
export function createAccessTokens(
  credentials: Credentials,
  now: () => number = Date.now,
): AccessTokens {
  const { ttlSeconds = 300 } = credentials;
  if (!(ttlSeconds >= 30 && ttlSeconds <= 900)) throw new RangeError("ttlSeconds: 30 to 900");
  let token: Promise<string> | undefined;
  let renewAt = 0;
  return {
    current() {
      if (!token || now() >= renewAt) {
        renewAt = now() + ttlSeconds * 750;
        token = sign(credentials, Math.floor(now() / 1000), ttlSeconds);
      }
      return token;
    },
    discard() {
      token = undefined;
    },
  };
}

async function sign(from: Credentials, iat: number, ttlSeconds: number): Promise<string> {
  const { key, issuer, audience, clientId, scopes } = from;
  const isHandle = "privateKey" in key;
  const kid = isHandle ? key.kid : await thumbprintOf(key);
  const isEd25519 = isHandle ? key.privateKey.algorithm.name === "Ed25519" : key.kty === "OKP";
  return new SignJWT({ client_id: clientId, scope: scopes.join(" ") })
    .setProtectedHeader({ alg: isEd25519 ? "EdDSA" : "ES256", typ: "at+jwt", kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(clientId)
    .setJti(crypto.randomUUID())
    .setIssuedAt(iat)
    .setExpirationTime(iat + ttlSeconds)
    .sign(isHandle ? key.privateKey : (key as JWK));
}
