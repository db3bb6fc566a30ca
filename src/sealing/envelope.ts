import { CompactEncrypt, compactDecrypt, importJWK, type JWK } from "jose";
import { decodeBase64url, encodeBase64url } from "../kernel/base64url.ts";
import {
  hasExactly,
  headerOf,
  publicHalf,
  signCompact,
  type SigningJwk,
  thumbprintOf,
  verifyCompact,
} from "./jws.ts";
import { demand, SealingError, type SealingReason } from "./refusal.ts";
import { isSoundKey } from "./sound.ts";
import { sha256, utf8 } from "./text.ts";

/** What is signed is padded to one of these, in bytes; an envelope tells no more of its length. */
export const SIZES = [1024, 4096, 16_384, 65_536] as const;
/** Largest content, in bytes: what is left of the largest size beside the claims. */
export const MOST_CONTENT = 64_512;
const ALG = "ECDH-ES+A256KW";
const ENC = "A256GCM";
const OUTER = "sealed+jwe";
const INNER = "sealed+jws";
/** Of the inner JWS beside its payload: header, two dots, and a signature of 64 bytes. */
const INNER_HEADER = JSON.stringify({ alg: "ES256", kid: "k".repeat(43), typ: INNER }).length;
const lengthOf = (bytes: number) => Math.ceil((bytes * 4) / 3);
const plaintextOf = (size: number) => lengthOf(INNER_HEADER) + 1 + lengthOf(size) + 1 + 86;
const CIPHERTEXTS = SIZES.map(plaintextOf);

export interface Seal {
  readonly content: Uint8Array;
  /** An active sealing key of the recipient: P-256, public. */
  readonly recipientKey: JWK;
  /** An active signing key of the sender, with its private half. */
  readonly senderKey: SigningJwk;
  /** Identity thumbprints (RFC 7638). */
  readonly sender: string;
  readonly audience: string;
  /** Global id of the object that it belongs to. */
  readonly subject: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/** Signs, pads, encrypts. @throws SealingError TOO_LARGE, BAD_KEY */
export async function seal(what: Seal): Promise<string> {
  const { content, recipientKey } = what;
  demand(
    await isSoundKey(recipientKey, "SEAL"),
    "BAD_KEY",
    "What is to be sealed to is no sound key of P-256.",
  );
  const claims = JSON.stringify({
    iss: what.sender,
    aud: what.audience,
    sub: what.subject,
    iat: seconds(what.issuedAt),
    exp: seconds(what.expiresAt),
    size: content.length,
  });
  const head = new TextEncoder().encode(`${claims}\n`);
  const size = SIZES.find((most) => head.length + content.length <= most);
  demand(
    size !== undefined && content.length <= MOST_CONTENT,
    "TOO_LARGE",
    `The content is larger than ${MOST_CONTENT} bytes.`,
  );
  const padded = new Uint8Array(size);
  padded.set(head);
  padded.set(content, head.length);
  const signed = await signCompact(padded, what.senderKey, INNER);
  const key = publicHalf(recipientKey);
  return new CompactEncrypt(new TextEncoder().encode(signed))
    .setProtectedHeader({ alg: ALG, enc: ENC, kid: await thumbprintOf(key), typ: OUTER })
    .encrypt(await importJWK(key, ALG));
}

export type Inspection =
  | { readonly ok: true; readonly kid: string; readonly size: number }
  | { readonly ok: false; readonly reason: SealingReason; readonly message: string };

/** All that can be checked blind, and nothing else: no key is at hand here. */
export async function inspect(envelope: string): Promise<Inspection> {
  try {
    const { kid, size } = await shapeOf(envelope);
    return { ok: true, kid, size };
  } catch (error) {
    if (!(error instanceof SealingError)) throw error;
    return { ok: false, reason: error.reason, message: error.message };
  }
}

async function shapeOf(envelope: string): Promise<{ kid: string; size: number }> {
  demand(typeof envelope === "string", "NOT_CANONICAL", "An envelope is a text.");
  const parts = envelope.split(".");
  demand(parts.length === 5, "NOT_CANONICAL", "An envelope has five parts.");
  const [header, key, iv, ciphertext, tag] = parts as [string, string, string, string, string];
  const bytes = [key, iv, ciphertext, tag].map(decodeBase64url);
  demand(
    bytes.every((part) => part !== null),
    "NOT_CANONICAL",
    "A part is not canonical base64url.",
  );
  const members = headerOf(header);
  demand(
    hasExactly(members, "alg", "enc", "epk", "kid", "typ") &&
      members["alg"] === ALG &&
      members["enc"] === ENC &&
      members["typ"] === OUTER,
    "WRONG_HEADER",
    `The header is alg ${ALG}, enc ${ENC}, typ ${OUTER}, kid and epk, and nothing else.`,
  );
  const { kid, epk } = members;
  demand(
    typeof kid === "string" && decodeBase64url(kid)?.length === 32,
    "WRONG_HEADER",
    "The kid is a thumbprint (RFC 7638).",
  );
  const isPoint = hasExactly(Object(epk) as object, "crv", "kty", "x", "y");
  demand(
    isPoint && (await isSoundKey(epk, "SEAL")),
    "WRONG_HEADER",
    "The epk is a public point of P-256.",
  );
  const size = SIZES[CIPHERTEXTS.indexOf(bytes[2]!.length)];
  demand(
    bytes[0]!.length === 40 &&
      bytes[1]!.length === 12 &&
      bytes[3]!.length === 16 &&
      size !== undefined,
    "WRONG_SIZE",
    "What is sealed is padded to 1, 4, 16 or 64 KiB.",
  );
  return { kid, size };
}

export interface Open {
  readonly envelope: string;
  /** Own sealing keys with their private halves, the retired ones that are still kept too. */
  readonly privateKeys: readonly JWK[];
  /** Who the network says sent it: its identity thumbprint, and its active signing keys. */
  readonly sender: string;
  readonly senderKeys: readonly SigningJwk[];
  /** Own identity thumbprint. */
  readonly audience: string;
  readonly subject: string;
  readonly now: Date;
}
export interface Opened {
  readonly content: Uint8Array;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  /** Of the envelope that held it: what receiveHandoff takes as `envelopeDigest`. */
  readonly digest: string;
}

/** Names an envelope, as `ath` of RFC 9449 a token: SHA-256 of its ASCII text, base64url. */
export async function digestOf(envelope: string): Promise<string> {
  return encodeBase64url(await sha256(envelope));
}

interface Claims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  readonly iat: number;
  readonly exp: number;
  readonly size: number;
}
const SKEW_SECONDS = 300;
/** Of what a Date can say. */
const MOST_SECONDS = 8.64e12;

/** The argument is the order: each check may rely on those before it. */
const CHECKS: readonly (readonly [
  SealingReason,
  string,
  (claims: Claims, expected: Open) => boolean,
])[] = [
  [
    "WRONG_SENDER",
    "Another sealed it than the network says.",
    ({ iss }, { sender }) => iss === sender,
  ],
  ["WRONG_AUDIENCE", "It was sealed to another.", ({ aud }, { audience }) => aud === audience],
  ["WRONG_SUBJECT", "It belongs to another object.", ({ sub }, { subject }) => sub === subject],
  [
    "NOT_YET",
    "It is dated in the future, or the clock here is late.",
    ({ iat }, { now }) => iat <= seconds(now) + SKEW_SECONDS,
  ],
  ["EXPIRED", "It has expired.", ({ exp }, { now }) => exp > seconds(now)],
];

/** Decrypts, verifies, and checks that it is meant: for whom, by whom, for what, until when. @throws SealingError */
export async function open(what: Open): Promise<Opened> {
  const { kid } = await shapeOf(what.envelope);
  const thumbprints = await Promise.all(what.privateKeys.map(thumbprintOf));
  const key = what.privateKeys[thumbprints.indexOf(kid)];
  demand(key !== undefined, "NOT_FOR_THIS_KEY", "None of the keys opens it.");
  const signed = await decrypted(what.envelope, key);
  const padded = await verifyCompact(signed, what.senderKeys, INNER);
  const claims = claimsOf(padded);
  for (const [reason, message, holds] of CHECKS) demand(holds(claims, what), reason, message);
  const start = padded.indexOf(10) + 1;
  const content = padded.slice(start, start + claims.size);
  demand(
    content.length === claims.size &&
      padded.subarray(start + claims.size).every((byte) => byte === 0),
    "BAD_PADDING",
    "What follows the content is not padding.",
  );
  const [issuedAt, expiresAt] = [new Date(claims.iat * 1000), new Date(claims.exp * 1000)];
  return { content, issuedAt, expiresAt, digest: await digestOf(what.envelope) };
}

async function decrypted(envelope: string, key: JWK): Promise<string> {
  try {
    const { plaintext } = await compactDecrypt(envelope, await importJWK(key, ALG), {
      keyManagementAlgorithms: [ALG],
      contentEncryptionAlgorithms: [ENC],
    });
    return utf8.decode(plaintext);
  } catch {
    throw new SealingError("CANNOT_DECRYPT", "The key does not open it.");
  }
}

function claimsOf(padded: Uint8Array): Claims {
  const refused = () => new SealingError("BAD_CLAIMS", "The claims are not those of an envelope.");
  let claims: unknown;
  try {
    claims = JSON.parse(utf8.decode(padded.subarray(0, Math.max(padded.indexOf(10), 0))));
  } catch {
    throw refused();
  }
  if (typeof claims !== "object" || claims === null) throw refused();
  const { iss, aud, sub, iat, exp, size } = claims as Record<string, unknown>;
  const isWhole = [iat, exp, size].every(
    (one) => Number.isSafeInteger(one) && (one as number) >= 0 && (one as number) <= MOST_SECONDS,
  );
  const isText = [iss, aud, sub].every((one) => typeof one === "string");
  if (!isWhole || !isText || !hasExactly(claims, "iss", "aud", "sub", "iat", "exp", "size"))
    throw refused();
  return claims as Claims;
}

function seconds(moment: Date): number {
  return Math.floor(moment.getTime() / 1000);
}
