import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { CompactEncrypt, importJWK, type JWK } from "jose";
import type { PinStore } from "wayhouse/client";
import { pinOf } from "wayhouse/sealing";

/** What outlives the bot: files that it cannot read itself, pins, and how far it has come. */
export interface Store extends PinStore {
  cursor(): string | null;
  keepCursor(cursor: string): void;
  hasFile(id: string): boolean;
  /** Among those that are not received yet. */
  keepFile(id: string, content: Uint8Array): Promise<void>;
  /** Received: from now on nothing that the server says drops it. */
  takeFile(id: string): void;
  /** False: there is none that is not received. */
  dropFile(id: string): boolean;
}

/** `archiveKey`: public, P-256; whoever works on the cases has the private half, and this machine has not. */
export function openStore(folder: string, archiveKey: JWK, compared: readonly string[]): Store {
  for (const kind of ["unreceived", "files", "pins"])
    mkdirSync(join(folder, kind), { recursive: true, mode: 0o700 });
  sync(folder);
  /** The server names what is kept: a name that leads elsewhere would overwrite what lies there. */
  const place = (kind: string, name: string) => {
    if (/^[\w-]{1,200}$/.test(name)) return join(folder, kind, name);
    throw new Error("What the server says is no name. Nothing was kept under it.");
  };
  const read = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : null);
  const file = (kind: "unreceived" | "files", id: string) => `${place(kind, id)}.jwe`;
  return {
    cursor: () => read(join(folder, "cursor")),
    keepCursor: (cursor) => write(join(folder, "cursor"), cursor),
    hasFile: (id) => existsSync(file("unreceived", id)) || existsSync(file("files", id)),
    async keepFile(id, content) {
      const sealed = new CompactEncrypt(content)
        .setProtectedHeader({ alg: "ECDH-ES+A256KW", enc: "A256GCM", typ: "case" })
        .encrypt(await importJWK(archiveKey, "ECDH-ES+A256KW"));
      write(file("unreceived", id), await sealed);
    },
    takeFile(id) {
      if (existsSync(file("unreceived", id))) move(file("unreceived", id), file("files", id));
    },
    dropFile(id) {
      if (!existsSync(file("unreceived", id))) return false;
      unlinkSync(file("unreceived", id));
      return true;
    },
    async load(thumbprint) {
      // Who was struck off the list is known no more, however much was seen of its log.
      if (!compared.includes(thumbprint)) return null;
      const kept = read(place("pins", thumbprint));
      return kept ? JSON.parse(kept) : pinOf(thumbprint);
    },
    save: async (pin) => write(place("pins", pin.identityThumbprint), JSON.stringify(pin)),
  };
}

/** All of it or nothing, and on the disk when this returns. */
function write(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true });
  move(`${path}.new`, path);
}

function move(from: string, path: string): void {
  renameSync(from, path);
  sync(join(path, ".."));
}

/** A name in a folder outlives a loss of power only from then on. */
function sync(path: string): void {
  const folder = openSync(path, "r");
  fsyncSync(folder);
  closeSync(folder);
}
