import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { CompactEncrypt, importJWK, type JWK } from "jose";
import type { PinStore } from "wayhouse/client";
import { pinOf } from "wayhouse/sealing";

/** What outlives the bot: files that it cannot read itself, marks, pins, and how far it has come. */
export interface Store extends PinStore {
  cursor(): string | null;
  keepCursor(cursor: string): void;
  hasFile(id: string): boolean;
  keepFile(id: string, content: Uint8Array): Promise<void>;
  hasSent(id: string): boolean;
  keepSent(id: string): void;
}

/** `archiveKey`: public, P-256; whoever works on the cases has the private half, and this machine has not. */
export function openStore(folder: string, archiveKey: JWK, compared: readonly string[]): Store {
  for (const kind of ["files", "sent", "pins"])
    mkdirSync(join(folder, kind), { recursive: true, mode: 0o700 });
  const place = (...names: string[]) => join(folder, ...names);
  const read = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : null);
  const file = (id: string) => place("files", `${id}.jwe`);
  return {
    cursor: () => read(place("cursor")),
    keepCursor: (cursor) => write(place("cursor"), cursor),
    hasFile: (id) => existsSync(file(id)),
    async keepFile(id, content) {
      const sealed = new CompactEncrypt(content)
        .setProtectedHeader({ alg: "ECDH-ES+A256KW", enc: "A256GCM", typ: "case" })
        .encrypt(await importJWK(archiveKey, "ECDH-ES+A256KW"));
      write(file(id), await sealed);
    },
    hasSent: (id) => existsSync(place("sent", id)),
    keepSent: (id) => write(place("sent", id), ""),
    async load(thumbprint) {
      const kept = read(place("pins", thumbprint));
      if (kept) return JSON.parse(kept);
      return compared.includes(thumbprint) ? pinOf(thumbprint) : null;
    },
    save: async (pin) => write(place("pins", pin.identityThumbprint), JSON.stringify(pin)),
  };
}

/** All of it or nothing, and on the disk when this returns. */
function write(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  const folder = openSync(join(path, ".."), "r");
  fsyncSync(folder);
  closeSync(folder);
}
