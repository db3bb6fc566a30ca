import { decodeBase64url } from "../kernel/base64url.ts";
import { isSoundEd25519 } from "../kernel/ed25519.ts";

/**
 * Whether others may seal to a public key, or believe what it signed: P-256, or to sign Ed25519, too, written in
 * the one way, and a point under which nobody signs or opens but who has the private half.
 */
export async function isSoundKey(key: unknown, use: "SIGN" | "SEAL"): Promise<boolean> {
  const { kty, crv, x, y } = Object(key) as Record<string, unknown>;
  const at = bytesOf(x);
  if (use === "SIGN" && kty === "OKP")
    return crv === "Ed25519" && at !== null && isSoundEd25519(at);
  if (kty !== "EC" || crv !== "P-256" || !at || !bytesOf(y)) return false;
  const point = { kty, crv, x: x as string, y: y as string };
  const algorithm = { name: "ECDH", namedCurve: "P-256" };
  return crypto.subtle.importKey("jwk", point, algorithm, false, []).then(
    () => true,
    () => false,
  );
}

function bytesOf(coordinate: unknown): Uint8Array | null {
  const bytes = typeof coordinate === "string" ? decodeBase64url(coordinate) : null;
  return bytes?.length === 32 ? bytes : null;
}
