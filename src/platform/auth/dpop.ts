import { hash } from "node:crypto";
import { z } from "zod";
import { encodeBase64url } from "../../kernel/base64url.ts";
import { Unauthenticated } from "../../kernel/errors.ts";
import { parsePublicJwk, thumbprint } from "../../kernel/jwk.ts";
import { ellipticKey, isSigned } from "./keys.ts";
import { readObject, threeParts, type VerifiedToken } from "./token.ts";

const MOST_CHARACTERS = 4 * 1024;
/** How far the client's clock may be from ours, either way. */
const WINDOW_S = 60;
export const PROOF_ALGORITHMS = ["EdDSA", "ES256"] as const;

/** How a request presents its token. */
export interface Credentials {
  readonly scheme: "Bearer" | "DPoP";
  readonly token: string;
  /** The `DPoP` header. */
  readonly proof: string | null;
}

/** What makes a proof the only one of its kind, and until when that must be remembered. */
export interface Proof {
  readonly digest: Buffer;
  readonly expiresAt: Date;
}

/** The token may be good, the proof is not, or was used before. */
export class InvalidProof extends Unauthenticated {}

interface ProofVerifierOptions {
  /** Where callers send their requests, as they see it. */
  readonly url: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * RFC 9449 §4.3 and §7.1, but for the replay, which the database decides. Null for a bearer token that is
 * bound to nothing. @throws Unauthenticated for a token under the wrong scheme, InvalidProof
 */
export function createProofVerifier({ url, now }: ProofVerifierOptions) {
  return function verifyProof(credentials: Credentials, { jkt }: VerifiedToken): Proof | null {
    const { scheme, token, proof } = credentials;
    if (scheme === "Bearer" && jkt === null) return null;
    if (scheme === "Bearer") throw new Unauthenticated({ cause: new Error("the token is bound") });
    if (jkt === null) throw new Unauthenticated({ cause: new Error("the token is not bound") });
    try {
      const { jti, iat } = readProof(proof ?? refuse("there is none"), { token, jkt });
      return {
        digest: hash("sha256", `${jkt}\n${jti}`, "buffer"),
        expiresAt: new Date((iat + WINDOW_S) * 1000),
      };
    } catch (cause) {
      throw new InvalidProof({ cause });
    }
  };

  function readProof(proof: string, bound: { readonly token: string; readonly jkt: string }) {
    if (proof.length > MOST_CHARACTERS) refuse("it is longer than 4 KiB");
    const parts = threeParts(proof);
    const { alg, jwk } = Header.parse(readObject(parts.header));
    const claims = Claims.parse(readObject(parts.payload));
    if (claims.htu !== url) refuse("it is for another URL");
    if (Math.abs(claims.iat - now() / 1000) > WINDOW_S) refuse("it is not of now");
    const ath = hash("sha256", bound.token, "buffer");
    if (claims.ath !== encodeBase64url(ath)) refuse("it is for another token");
    const parsed = parsePublicJwk(jwk, "SIGN");
    if (!parsed.ok || thumbprint(parsed.jwk) !== bound.jkt) refuse("it is by another key");
    const key = ellipticKey(parsed.jwk)!;
    if (!key.algorithms.includes(alg)) refuse("its algorithm is not the key's");
    if (!isSigned(key, alg, Buffer.from(parts.signed), parts.signature))
      refuse("the signature is not valid");
    return claims;
  }
}

const Header = z.strictObject({
  typ: z.literal("dpop+jwt"),
  alg: z.enum(PROOF_ALGORITHMS),
  jwk: z.unknown(),
});
const Claims = z.object({
  jti: z.string().regex(/^[\x21-\x7e]{16,128}$/),
  htm: z.literal("POST"),
  htu: z.string(),
  iat: z.int().nonnegative(),
  ath: z.string(),
});

function refuse(reason: string): never {
  throw new Error(reason);
}
