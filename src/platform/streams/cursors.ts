import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { decodeBase64url, encodeBase64url } from "../../kernel/base64url.ts";

/** Where in the outbox an event stands: its transaction and its number, in whose order events are told. */
export interface Place {
  readonly transaction: string;
  readonly position: string;
}

export function isBefore(a: Place, b: Place): boolean {
  const [first, second] = [BigInt(a.transaction), BigInt(b.transaction)];
  return first < second || (first === second && BigInt(a.position) < BigInt(b.position));
}

/**
 * A place counts what the whole network writes, so that it leaves as one block of AES-128 under a key of
 * its own for each organisation. Both halves are far below 2^48: another key's cursor is none.
 */
export interface Cursors {
  seal(organisationId: string, place: Place): string;
  /** Null for what this organisation was never given. */
  open(organisationId: string, cursor: string): Place | null;
}

const BOUND = 1n << 48n;
/** Keys are derived anew past this many organisations. */
const MOST_KEYS = 10_000;

export function createCursors(secret: Buffer): Cursors {
  const keys = new Map<string, Buffer>();
  const keyOf = (organisationId: string) => {
    let key = keys.get(organisationId);
    if (!key) {
      if (keys.size >= MOST_KEYS) keys.clear();
      key = createHmac("sha256", secret).update(organisationId).digest().subarray(0, 16);
      keys.set(organisationId, key);
    }
    return key;
  };
  return {
    seal(organisationId, { transaction, position }) {
      const block = Buffer.alloc(16);
      block.writeBigUInt64BE(BigInt(transaction), 0);
      block.writeBigUInt64BE(BigInt(position), 8);
      const cipher = createCipheriv("aes-128-ecb", keyOf(organisationId), null);
      return encodeBase64url(cipher.setAutoPadding(false).update(block));
    },
    open(organisationId, cursor) {
      const block = cursor.length === 22 ? decodeBase64url(cursor) : null;
      if (!block) return null;
      const cipher = createDecipheriv("aes-128-ecb", keyOf(organisationId), null);
      const plain = cipher.setAutoPadding(false).update(block);
      const [transaction, position] = [plain.readBigUInt64BE(0), plain.readBigUInt64BE(8)];
      if (transaction >= BOUND || position >= BOUND) return null;
      return { transaction: transaction.toString(), position: position.toString() };
    },
  };
}
