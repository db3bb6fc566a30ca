import { generateKeyPairSync, type JsonWebKey } from "node:crypto";

const AS_JWK = { publicKeyEncoding: { format: "jwk" }, privateKeyEncoding: { format: "jwk" } };

/**
 * The private half of a new key. Exported by what generates it: where memory is collected just while a generated key
 * object is exported, Node 20 waits for itself for ever.
 */
export function newKey(curve: "Ed25519" | "P-256"): JsonWebKey {
  const { privateKey }: { privateKey: object } =
    curve === "Ed25519"
      ? generateKeyPairSync("ed25519", AS_JWK as object)
      : generateKeyPairSync("ec", { namedCurve: curve, ...(AS_JWK as object) });
  return privateKey as JsonWebKey;
}
