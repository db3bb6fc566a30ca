import { type CryptoKey, type JWK, SignJWT } from "jose";
import { digestOf, publicHalf, thumbprintOf } from "../sealing/index.ts";
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
  /**
   * Binds the tokens to this key, and proves with each request to hold it (DPoP, RFC 9449): Ed25519 or P-256,
   * private, registered nowhere; or a handle to one that cannot be extracted.
   */
  readonly proofKey?: JWK | { readonly privateKey: CryptoKey; readonly publicJwk: JWK };
}

/** Or whoever else signs them, such as an identity provider: asked before each call for one that is valid. */
export type TokenSource = () => Promise<string>;

export interface AccessTokens {
  /** One that lasts for a while yet. */
  current(): Promise<string>;
  /** What presents a token in one request to `url`, and in no other. */
  headersFor(token: string, url: URL): Promise<Readonly<Record<string, string>>>;
  /** The next is a new one. */
  discard(): void;
}

/** RFC 9068 access tokens, signed here and renewed when a quarter of their time is left. @throws RangeError */
export function createAccessTokens(
  credentials: Credentials | TokenSource,
  now: () => number = Date.now,
): AccessTokens {
  if (typeof credentials === "function") {
    const headersFor = async (token: string) => ({ authorization: `Bearer ${token}` });
    return { current: credentials, headersFor, discard() {} };
  }
  const { ttlSeconds = 300 } = credentials;
  if (!(ttlSeconds >= 30 && ttlSeconds <= 900)) throw new RangeError("ttlSeconds: 30 to 900");
  let token: Promise<string> | undefined;
  let renewAt = 0;
  return {
    current() {
      if (!token || now() >= renewAt) {
        renewAt = now() + ttlSeconds * 750;
        const signing = sign(credentials, Math.floor(now() / 1000), ttlSeconds);
        // The key may be there the next time: a device that was unplugged, a handle that was locked.
        signing.catch(() => {
          if (token === signing) token = undefined;
        });
        token = signing;
      }
      return token;
    },
    headersFor: (of, url) => present(credentials, of, url, Math.floor(now() / 1000)),
    discard() {
      token = undefined;
    },
  };
}

async function sign(from: Credentials, iat: number, ttlSeconds: number): Promise<string> {
  const { key, issuer, audience, clientId, scopes, proofKey } = from;
  const isHandle = "privateKey" in key;
  const kid = isHandle ? key.kid : await thumbprintOf(key);
  const isEd25519 = isHandle ? key.privateKey.algorithm.name === "Ed25519" : key.kty === "OKP";
  const binding = proofKey && { cnf: { jkt: await thumbprintOf(publicJwkOf(proofKey)) } };
  return new SignJWT({ client_id: clientId, scope: scopes.join(" "), ...binding })
    .setProtectedHeader({ alg: isEd25519 ? "EdDSA" : "ES256", typ: "at+jwt", kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(clientId)
    .setJti(crypto.randomUUID())
    .setIssuedAt(iat)
    .setExpirationTime(iat + ttlSeconds)
    .sign(isHandle ? key.privateKey : (key as JWK));
}

async function present({ proofKey }: Credentials, token: string, url: URL, iat: number) {
  if (!proofKey) return { authorization: `Bearer ${token}` };
  const jwk = publicJwkOf(proofKey);
  const ath = await digestOf(token);
  const proof = await new SignJWT({ htm: "POST", htu: url.origin + url.pathname, ath })
    .setProtectedHeader({ alg: jwk.kty === "OKP" ? "EdDSA" : "ES256", typ: "dpop+jwt", jwk })
    .setJti(crypto.randomUUID())
    .setIssuedAt(iat)
    .sign("privateKey" in proofKey ? proofKey.privateKey : proofKey);
  return { authorization: `DPoP ${token}`, dpop: proof };
}

const publicJwkOf = (key: NonNullable<Credentials["proofKey"]>): JWK =>
  publicHalf("privateKey" in key ? key.publicJwk : key);
