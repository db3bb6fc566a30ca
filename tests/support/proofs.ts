import { createHash, createPrivateKey, randomUUID, sign } from "node:crypto";
import type { SigningKey } from "../../src/platform/auth/sign.ts";
import { type Answer, codeOf, PUBLIC_URL } from "./demo.ts";

export const sha256 = (text: string) => createHash("sha256").update(text).digest("base64url");
export const encode = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
export const nowSeconds = () => Math.floor(Date.now() / 1000);

/** As RFC 9449 §4.2 has it, for one POST of `token`. */
export const headerOf = ({ publicJwk }: SigningKey): Record<string, unknown> => ({
  typ: "dpop+jwt",
  alg: publicJwk.kty === "OKP" ? "EdDSA" : "ES256",
  jwk: publicJwk,
});
export const claimsOf = (token: string): Record<string, unknown> => ({
  jti: randomUUID(),
  htm: "POST",
  htu: PUBLIC_URL,
  iat: nowSeconds(),
  ath: sha256(token),
});

export function signProof(key: SigningKey, header: unknown, claims: unknown): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  const privateKey = createPrivateKey({ key: key.privateJwk, format: "jwk" });
  const digest = privateKey.asymmetricKeyType === "ed25519" ? null : "sha256";
  const options = { key: privateKey, dsaEncoding: "ieee-p1363" } as const;
  return `${signed}.${sign(digest, Buffer.from(signed), options).toString("base64url")}`;
}
export const proofOf = (key: SigningKey, token: string): string =>
  signProof(key, headerOf(key), claimsOf(token));

export interface Outcome {
  readonly status: number;
  readonly code: string | undefined;
  readonly challenge: string | null;
  readonly text: string;
}

export async function present(
  url: string,
  authorization: string,
  proof?: string,
  query = "{ viewer { organisation { handle } } }",
): Promise<Outcome> {
  const headers = { authorization, "content-type": "application/json" };
  const response = await fetch(url, {
    method: "POST",
    headers: proof === undefined ? headers : { ...headers, dpop: proof },
    body: JSON.stringify({ query }),
  });
  const text = await response.text();
  return {
    status: response.status,
    code: codeOf(JSON.parse(text) as Answer),
    challenge: response.headers.get("www-authenticate"),
    text,
  };
}
