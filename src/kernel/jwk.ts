import { createHash, createPublicKey } from "node:crypto";
import { z } from "zod";
import { decodeBase64url } from "./base64url.ts";
import { isSoundEd25519 } from "./ed25519.ts";

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
