import { NotFound } from "./errors.ts";
import { decodeBinary, encodeAscii } from "./base64url.ts";

export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Opaque and global (Relay): the type's name and a random UUID, base64url. */
export function encodeId(type: string, uuid: string): string {
  return encodeAscii(`${type}:${uuid}`);
}

/** What is no id is the id of nothing: null, and never another answer than for a missing object. */
export function decodeId(id: string): { readonly type: string; readonly uuid: string } | null {
  const text = id.length <= 128 ? decodeBinary(id) : null;
  if (!text) return null;
  const [type, uuid, ...rest] = text.split(":");
  return type && uuid && rest.length === 0 && UUID.test(uuid) ? { type, uuid } : null;
}

/** @throws NotFound if the id is not one of this type */
export function uuidOf(type: string, id: string): string {
  const decoded = decodeId(id);
  if (decoded?.type !== type) throw new NotFound();
  return decoded.uuid;
}

/** A case reference: a UUID of version 4 (RFC 9562), whose 122 random bits an organisation draws itself. */
export function isReference(id: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id);
}
