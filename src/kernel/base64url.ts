const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** RFC 4648 §5 without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return encodeAscii(binary);
}

/** The same of text of one byte a character. */
export function encodeAscii(text: string): string {
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * The bytes of the one string that encodes them, or null. Platform decoders forgive padding, white
 * space, the other alphabet and bits left over at the end, so that many strings are one value.
 */
export function decodeBase64url(text: string): Uint8Array | null {
  const binary = decodeBinary(text);
  if (binary === null) return null;
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** The same as text of one byte a character. */
export function decodeBinary(text: string): string | null {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return null;
  const leftOver = [0, 0, 0b1111, 0b11][text.length % 4]!;
  if (leftOver && ALPHABET.indexOf(text.at(-1)!) & leftOver) return null;
  return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
}
