import { CompactSign, compactVerify, importJWK, type JWK } from "jose";
import { decodeBase64url, encodeBase64url } from "../kernel/base64url.ts";
import { demand, SealingError } from "./refusal.ts";
import { sha256, utf8 } from "./text.ts";

/** P-256 or Ed25519; `d` only where it signs. */
export type SigningJwk = JWK;

/** The one algorithm a key permits: never the header's to choose. */
function algorithmOf(key: SigningJwk): "EdDSA" | "ES256" {
  if (key.kty === "OKP" && key.crv === "Ed25519") return "EdDSA";
  if (key.kty === "EC" && key.crv === "P-256") return "ES256";
  throw new SealingError("UNKNOWN_SIGNER", "A signing key is Ed25519 or P-256.");
}

/** RFC 7638, SHA-256, base64url. */
export async function thumbprintOf({ kty, crv, x, y }: JWK): Promise<string> {
  const members = kty === "EC" ? { crv, kty, x, y } : { crv, kty, x };
  // What is no text is of no key; nested too deep it could be read, and not be written.
  const text = JSON.stringify(members, (_, one: unknown) =>
    one === members || typeof one === "string" ? one : null,
  );
  return encodeBase64url(await sha256(text));
}

export async function signCompact(
  payload: Uint8Array,
  key: SigningJwk,
  typ: string,
): Promise<string> {
  const alg = algorithmOf(key);
  const header = { alg, kid: await thumbprintOf(key), typ };
  let imported;
  try {
    imported = await importJWK(key, alg);
  } catch {
    throw new SealingError("BAD_KEY", "The key that is to sign is none.");
  }
  return new CompactSign(payload).setProtectedHeader(header).sign(imported);
}

/** The members of a base64url JSON object, if it is written in the one shortest way. */
export function headerOf(part: string): Record<string, unknown> {
  const bytes = decodeBase64url(part);
  demand(bytes !== null, "NOT_CANONICAL", "A part is not canonical base64url.");
  let header: unknown;
  let text: string;
  let shortest: string;
  try {
    text = utf8.decode(bytes);
    header = JSON.parse(text);
    // What is nested too deep can be read and not be written.
    shortest = JSON.stringify(header);
  } catch {
    throw new SealingError("WRONG_HEADER", "A header is not JSON.");
  }
  const isObject = typeof header === "object" && header !== null && !Array.isArray(header);
  // Neither blanks nor a member twice, which two readers might read differently.
  demand(
    isObject && shortest === text,
    "WRONG_HEADER",
    "A header is not the shortest JSON of an object.",
  );
  return header as Record<string, unknown>;
}

export function hasExactly(object: object, ...members: string[]): boolean {
  return Object.keys(object).toSorted().join() === members.toSorted().join();
}

/** The payload, if one of these keys signed exactly this and says so. */
export async function verifyCompact(
  jws: string,
  keys: readonly SigningJwk[],
  typ: string,
): Promise<Uint8Array> {
  const parts = jws.split(".");
  demand(
    parts.length === 3 && parts.every((part) => decodeBase64url(part) !== null),
    "NOT_CANONICAL",
    "A signature has three parts of canonical base64url.",
  );
  const header = headerOf(parts[0]!);
  demand(
    hasExactly(header, "alg", "kid", "typ") && header["typ"] === typ,
    "WRONG_HEADER",
    `A signature's header is alg, kid and typ ${typ}.`,
  );
  const thumbprints = await Promise.all(keys.map(thumbprintOf));
  const key = keys[thumbprints.indexOf(header["kid"] as string)];
  demand(key !== undefined, "UNKNOWN_SIGNER", "None of the expected keys has signed.");
  const alg = algorithmOf(key);
  demand(header["alg"] === alg, "WRONG_HEADER", "The algorithm is the key's.");
  try {
    const { payload } = await compactVerify(jws, await importJWK(publicHalf(key), alg), {
      algorithms: [alg],
    });
    return payload;
  } catch {
    throw new SealingError("BAD_SIGNATURE", "The signature does not hold.");
  }
}

/** Without the private members, and without all that says nothing of the key itself. */
export function publicHalf({ kty, crv, x, y }: JWK): JWK {
  return y === undefined ? { kty: kty!, crv: crv!, x: x! } : { kty: kty!, crv: crv!, x: x!, y };
}
