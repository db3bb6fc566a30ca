import type { JWK } from "jose";
import type { PublicJwk } from "../../kernel/jwk.ts";
import { hasExactly, publicHalf, verifyCompact } from "../jws.ts";
import { utf8 } from "../text.ts";

/** `typ` of a checkpoint's signature. */
export const CHECKPOINT_TYPE = "audit-checkpoint+jws";

/** Where a chain ends, as a node has signed it. */
export interface Checkpoint {
  /** 0 before the first entry. */
  readonly sequence: number;
  /** Hex. */
  readonly hash: string;
  /** JWS over sub, sequence, hash and iat. */
  readonly signature: string;
  readonly nodeKey: PublicJwk;
}
/** What the signature says, if the key made it and it says what stands beside it. */
export async function claimsOf({
  sequence,
  hash,
  signature,
  nodeKey,
}: Checkpoint): Promise<{ sub: string; iat: number } | null> {
  try {
    const payload = await verifyCompact(signature, [publicHalf(nodeKey as JWK)], CHECKPOINT_TYPE);
    const claims = JSON.parse(utf8.decode(payload)) as {
      sub: string;
      sequence: number;
      hash: string;
      iat: number;
    };
    const isSound =
      hasExactly(claims, "sub", "sequence", "hash", "iat") &&
      typeof claims.sub === "string" &&
      Number.isSafeInteger(claims.iat) &&
      claims.sequence === sequence &&
      claims.hash === hash;
    return isSound ? claims : null;
  } catch {
    return null;
  }
}

/** When it was signed; null if its own key did not sign it. */
export async function signedAt(checkpoint: Checkpoint): Promise<Date | null> {
  const claims = await claimsOf(checkpoint);
  return claims && new Date(claims.iat * 1000);
}
