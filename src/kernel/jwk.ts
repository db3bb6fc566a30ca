import { createHash, createPublicKey } from "node:crypto";
import { z } from "zod";
import { decodeBase64url } from "./base64url.ts";

export type PublicJwk =
  | { readonly kty: "OKP"; readonly crv: "Ed25519"; readonly x: string }
  | { readonly kty: "EC"; readonly crv: "P-256"; readonly x: string; readonly y: string };

/** `message` names the rule that was broken and never repeats the key: it may be a private one. */
type ParsedJwk =
  | { readonly ok: true; readonly jwk: PublicJwk }
  | { readonly ok: false; readonly message: string };

const coordinate = z
  .string()
  .refine(
    (text) => decodeBase64url(text)?.length === 32,
    "must be 32 bytes in canonical base64url",
  );
const ed25519 = z.object({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: coordinate });
const p256 = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: coordinate,
  y: coordinate,
});

const KINDS = {
  SIGN: { schema: z.discriminatedUnion("kty", [ed25519, p256]), names: "Ed25519 or P-256" },
  SEAL: { schema: z.discriminatedUnion("kty", [p256]), names: "P-256" },
} as const;
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/**
 * A public key (RFC 7517, 8037) that may be registered: Ed25519 or P-256 to sign, P-256 to seal.
 * Only kty, crv, x and y are kept; a private member refuses the key, since it is no longer secret.
 */
export function parsePublicJwk(value: unknown, use: "SIGN" | "SEAL"): ParsedJwk {
  const refused = (message: string): ParsedJwk => ({ ok: false, message });
  if (typeof value !== "object" || value === null) return refused("must be a JSON Web Key");
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(value, member)))
    return refused(
      "holds private members: discard this key and register the public half of another",
    );
  const { schema, names } = KINDS[use];
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const { path, message, code } = parsed.error.issues[0]!;
    return path[0] === "x" || path[0] === "y"
      ? refused(code === "custom" ? `${path[0]} ${message}` : `${path[0]} is missing`)
      : refused(`must be a public ${names} key`);
  }
  return isSoundPoint(parsed.data)
    ? { ok: true, jwk: parsed.data }
    : refused("is not a sound point of its curve");
}

/** RFC 7638, SHA-256, base64url. */
export function thumbprint(jwk: PublicJwk): string {
  const { kty, crv, x } = jwk;
  const members = kty === "EC" ? { crv, kty, x, y: jwk.y } : { crv, kty, x };
  return createHash("sha256").update(JSON.stringify(members)).digest("base64url");
}

function isSoundPoint(jwk: PublicJwk): boolean {
  if (jwk.kty === "OKP") return isSoundEd25519(decodeBase64url(jwk.x)!);
  try {
    createPublicKey({ key: { ...jwk }, format: "jwk" });
    return true;
  } catch {
    return false;
  }
}

const P = 2n ** 255n - 19n;
const D = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;
// y of the eight points of small order (RFC 8032 §5.1.7 lets them through): under such a key,
// signatures exist that anyone can make.
const EIGHTH = 0x5fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const SMALL_ORDER = new Set([0n, 1n, P - 1n, EIGHTH, P - EIGHTH]);

/** OpenSSL imports any 32 bytes as an Ed25519 key, so that the curve equation is checked here. */
function isSoundEd25519(bytes: Uint8Array): boolean {
  const encoded = bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
  const y = encoded & (2n ** 255n - 1n);
  if (y >= P || SMALL_ORDER.has(y)) return false;
  // x² = (y² - 1) / (d·y² + 1) has a root exactly if the product is a square (Euler).
  const square = (y * y) % P;
  let base = ((square - 1n) * (D * square + 1n)) % P;
  let power = 1n;
  for (let exponent = (P - 1n) / 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) power = (power * base) % P;
    base = (base * base) % P;
  }
  return power === 1n;
}
