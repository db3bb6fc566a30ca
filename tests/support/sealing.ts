import { CompactEncrypt, importJWK, type JWK } from "jose";
import { newKey } from "../../src/platform/auth/new-key.ts";
import { type Open, type Seal, thumbprintOf } from "../../src/sealing/index.ts";

export const p256 = () => newKey("P-256") as JWK;
export const ed25519 = () => newKey("Ed25519") as JWK;

export const NOW = new Date("2026-03-01T12:00:00Z");
const inDays = (days: number) => new Date(NOW.getTime() + days * 86_400_000);

/** One who seals, one to whom it is sealed; and what each would hand in. */
export async function pair(senderKey = ed25519()) {
  const [recipientKey, sender, audience] = [
    p256(),
    "sender".padEnd(43, "A"),
    "aud".padEnd(43, "A"),
  ];
  const sealing = (content: Uint8Array | string, change: Partial<Seal> = {}): Seal => ({
    content: typeof content === "string" ? new TextEncoder().encode(content) : content,
    recipientKey,
    senderKey,
    sender,
    audience,
    subject: "SGFuZG9mZjox",
    issuedAt: NOW,
    expiresAt: inDays(7),
    ...change,
  });
  const opening = (envelope: string, change: Partial<Open> = {}): Open => ({
    envelope,
    privateKeys: [p256(), recipientKey],
    sender,
    senderKeys: [ed25519(), senderKey],
    audience,
    subject: "SGFuZG9mZjox",
    now: inDays(1),
    ...change,
  });
  return { sealing, opening, recipientKey, senderKey, kid: await thumbprintOf(recipientKey) };
}

/** Seals what `seal` would not. */
export async function forge(
  { d: _, ...recipient }: JWK,
  plaintext: string,
  header: object = {},
): Promise<string> {
  const { kid } = await pair();
  return new CompactEncrypt(new TextEncoder().encode(plaintext))
    .setProtectedHeader({
      alg: "ECDH-ES+A256KW",
      enc: "A256GCM",
      kid,
      typ: "sealed+jwe",
      ...header,
    })
    .encrypt(await importJWK(recipient, "ECDH-ES+A256KW"));
}
