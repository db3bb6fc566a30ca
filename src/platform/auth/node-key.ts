import { type JsonWebKey, createPrivateKey, hkdfSync, sign } from "node:crypto";
import { dirname } from "node:path";
import { encodeBase64url } from "../../kernel/base64url.ts";
import { parsePublicJwk, type PublicJwk, thumbprint } from "../../kernel/jwk.ts";
import { makeFolder, putFile, readRegular } from "../files.ts";
import { generateSigningKey } from "./sign.ts";

/**
 * The key that this node signs audit checkpoints with. It stands outside the database, so that whoever
 * holds the database alone cannot sign; every process of one node has the same.
 */
export interface NodeKey {
  readonly publicJwk: PublicJwk;
  /** RFC 7638 thumbprint, which clients pin. */
  readonly kid: string;
  /** JWS compact (RFC 7515), EdDSA, over the UTF-8 of the payload's JSON. */
  sign(payload: object, typ: string): string;
  /** A secret of 16 bytes for one use (HKDF-SHA-256, RFC 5869). */
  derive(use: string): Buffer;
}

export class NodeKeyError extends Error {
  override readonly name = "NodeKeyError";
}

/** Reads the private Ed25519 JWK of a file, made with mode 0600 if it is not there. @throws NodeKeyError */
export async function loadNodeKey(file: string): Promise<NodeKey> {
  return nodeKeyOf(read(file) ?? (await make(file)), file);
}

function read(file: string): string | null {
  try {
    return readRegular(file).toString("utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new NodeKeyError(`The node's key cannot be read from ${file}.`, { cause: error });
  }
}

/** Several processes may start at once: the first whole file stands, and all read that one. */
async function make(file: string): Promise<string> {
  const { privateJwk } = await generateSigningKey("EdDSA");
  makeFolder(dirname(file), 0o700);
  putFile(file, `${JSON.stringify(privateJwk)}\n`);
  return readRegular(file).toString("utf8");
}

function nodeKeyOf(text: string, file: string): NodeKey {
  const fault = `${file} holds no private Ed25519 key (RFC 8037): restore it, or move it away to have a new one made.`;
  let jwk: JsonWebKey;
  try {
    jwk = JSON.parse(text) as JsonWebKey;
  } catch {
    throw new NodeKeyError(fault);
  }
  const { kty, crv, x, d } = jwk;
  const parsed = parsePublicJwk({ kty, crv, x }, "SIGN");
  if (!parsed.ok || parsed.jwk.kty !== "OKP" || typeof d !== "string")
    throw new NodeKeyError(fault);
  const key = createPrivateKey({ key: jwk, format: "jwk" });
  const kid = thumbprint(parsed.jwk);
  return {
    publicJwk: parsed.jwk,
    kid,
    sign(payload, typ) {
      const signed = [{ alg: "EdDSA", kid, typ }, payload]
        .map((part) => encodeBase64url(Buffer.from(JSON.stringify(part))))
        .join(".");
      return `${signed}.${encodeBase64url(sign(null, Buffer.from(signed), key))}`;
    },
    derive: (use) => Buffer.from(hkdfSync("sha256", Buffer.from(d, "base64url"), "", use, 16)),
  };
}
