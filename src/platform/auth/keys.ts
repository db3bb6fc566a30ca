import { constants, createPublicKey, type KeyObject, verify } from "node:crypto";
import { z } from "zod";
import { decodeBase64url } from "../../kernel/base64url.ts";
import { parsePublicJwk } from "../../kernel/jwk.ts";

type Algorithm = "EdDSA" | "Ed25519" | "ES256" | "RS256" | "PS256";
export interface VerificationKey {
  readonly key: KeyObject;
  /** Those that the key itself permits. */
  readonly algorithms: readonly Algorithm[];
}

/** Ed25519 or P-256, or null. */
export function ellipticKey(value: unknown): VerificationKey | null {
  const parsed = parsePublicJwk(value, "SIGN");
  if (!parsed.ok) return null;
  const algorithms: readonly Algorithm[] =
    parsed.jwk.kty === "OKP" ? ["EdDSA", "Ed25519"] : ["ES256"];
  const key = createPublicKey({ key: { ...parsed.jwk }, format: "jwk" });
  return { key, algorithms };
}

const RSA_MEMBERS = z.object({ n: z.string(), e: z.string(), d: z.undefined().optional() });

/** Bounded both ways: a short key can be broken, a long one spends our time. */
export function rsaKey(value: unknown): VerificationKey | null {
  const members = RSA_MEMBERS.safeParse(value);
  if (!members.success) return null;
  const { n, e } = members.data;
  if (!decodeBase64url(n) || !decodeBase64url(e)) return null;
  let key: KeyObject;
  try {
    key = createPublicKey({ key: { kty: "RSA", n, e }, format: "jwk" });
  } catch {
    return null;
  }
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  const isSound =
    modulusLength >= 2048 &&
    modulusLength <= 8192 &&
    publicExponent >= 65_537n &&
    publicExponent < 2n ** 64n &&
    publicExponent & 1n;
  return isSound ? { key, algorithms: ["RS256", "PS256"] } : null;
}

/** `alg` is one of the key's own algorithms. */
export function isSigned(
  { key }: VerificationKey,
  alg: string,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  const isElliptic = key.asymmetricKeyType !== "rsa";
  if (isElliptic && signature.length !== 64) return false;
  const parameters =
    alg === "PS256"
      ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
      : isElliptic
        ? { key, dsaEncoding: "ieee-p1363" as const }
        : { key, padding: constants.RSA_PKCS1_PADDING };
  return verify(
    key.asymmetricKeyType === "ed25519" ? null : "sha256",
    signed,
    parameters,
    signature,
  );
}
