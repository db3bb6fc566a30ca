const P = 2n ** 255n - 19n;
const D = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;
// y of the eight points of small order (RFC 8032 §5.1.7 lets them through): under such a key,
// signatures exist that anyone can make.
const EIGHTH = 0x5fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const SMALL_ORDER = new Set([0n, 1n, P - 1n, EIGHTH, P - EIGHTH]);

/** Platforms import any 32 bytes as an Ed25519 key, so that the curve equation is checked here. */
export function isSoundEd25519(bytes: Uint8Array): boolean {
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
