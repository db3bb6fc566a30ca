import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { CompactEncrypt, importJWK, type JWK } from "jose";
import type { PinStore } from "wayhouse/client";
import { pinOf } from "wayhouse/sealing";
import { isName } from "./answers.ts";

/** What outlives the bot: files that it cannot read itself, pins, and how far it has come. */
export interface Store extends PinStore {
  cursor(): string | null;
  keepCursor(cursor: string): void;
  hasFile(id: string): boolean;
  /** Among those that are not received yet, in place of what was read before of this handoff: by its envelope's digest. */
  keepFile(id: string, digest: string, content: Uint8Array): Promise<void>;
  /**
   * This envelope was received: from now on nothing that the server says drops its file. False: what was read of the
   * handoff is another, and is dropped.
   */
  takeFile(id: string, digest: string): boolean;
  /** False: there is none that is not received. */
  dropFile(id: string): boolean;
}

/** `archiveKey`: public, P-256; whoever works on the cases has the private half, and this machine has not. */
export function openStore(folder: string, archiveKey: JWK, compared: readonly string[]): Store {
  for (const kind of ["", "unreceived", "files", "pins"]) {
    mkdirSync(join(folder, kind), { recursive: true, mode: 0o700 });
    // What was being written when a former life ended.
    for (const name of readdirSync(join(folder, kind)))
      if (name.endsWith(NEW)) unlinkSync(join(folder, kind, name));
  }
  sync(folder);
  /** The server names what is kept: a name that leads elsewhere would overwrite what lies there. */
  const checked = (name: string) => {
    if (isName(name)) return name;
    throw new Error("What the server says is no name. Nothing was kept under it.");
  };
  const read = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : null);
  const pinFile = (thumbprint: string) => join(folder, "pins", checked(thumbprint));
  const files = join(folder, "files");
  const received = (id: string) => join(files, `${checked(id)}.jwe`);
  const waiting = join(folder, "unreceived");
  const unreceived = (id: string, digest: string) =>
    join(waiting, `${checked(id)}.${checked(digest)}.jwe`);
  function allUnreceived(id: string): string[] {
    const start = `${checked(id)}.`;
    const names = readdirSync(waiting).filter((name) => name.startsWith(start));
    return names.map((name) => join(waiting, name));
  }
  /** False: there was none. */
  function drop(paths: readonly string[]): boolean {
    for (const path of paths) unlinkSync(path);
    return paths.length > 0;
  }
  return {
    cursor: () => read(join(folder, "cursor")),
    keepCursor: (cursor) => write(join(folder, "cursor"), cursor),
    hasFile: (id) => existsSync(received(id)) || allUnreceived(id).length > 0,
    async keepFile(id, digest, content) {
      const kept = unreceived(id, digest);
      const sealed = new CompactEncrypt(content)
        .setProtectedHeader({ alg: "ECDH-ES+A256KW", enc: "A256GCM", typ: "case" })
        .encrypt(await importJWK(archiveKey, "ECDH-ES+A256KW"));
      write(kept, await sealed);
      drop(allUnreceived(id).filter((path) => path !== kept));
    },
    takeFile(id, digest) {
      const kept = unreceived(id, digest);
      // Over none that was received before, though the server says that it was not, or has forgotten that it was.
      const again = join(files, `${checked(id)}.${checked(digest)}.jwe`);
      if (existsSync(kept)) move(kept, existsSync(received(id)) ? again : received(id));
      const hadOthers = drop(allUnreceived(id));
      return existsSync(received(id)) || !hadOthers;
    },
    dropFile: (id) => drop(allUnreceived(id)),
    async load(thumbprint) {
      // Who was struck off the list is known no more, however much was seen of its log.
      if (!compared.includes(thumbprint)) return null;
      const kept = read(pinFile(thumbprint));
      return kept ? JSON.parse(kept) : pinOf(thumbprint);
    },
    save: async (pin) => write(pinFile(pin.identityThumbprint), JSON.stringify(pin)),
  };
}

const NEW = ".new";
/** All of it or nothing, and on the disk when this returns. */
function write(path: string, text: string): void {
  writeFileSync(`${path}${NEW}`, text, { mode: 0o600, flush: true });
  move(`${path}${NEW}`, path);
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
