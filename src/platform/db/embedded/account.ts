import { chmodSync, existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "../../files.ts";
import { EmbeddedError } from "./errors.ts";

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const accounts = () =>
  readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));

/** PostgreSQL refuses to run as root: then it runs as `postgres`, or where there is none as `nobody`. */
export function serverAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] = accounts().find(([entry]) => entry === name) ?? [];
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new EmbeddedError(
    "No account to run PostgreSQL as: create a user 'postgres', or set DATABASE_URL.",
  );
}

/** The first folder on the way to a path that not everyone may pass through, such as a 0700 home. */
export function obstacleTo(path: string): string | null {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder) && statSync(folder).isDirectory() && !(statSync(folder).mode & 0o001)) {
      return folder;
    }
    if (folder === dirname(folder)) return null;
  }
}

/**
 * Makes the folder where none is. One that is there stays as it is: it may hold other things, and has to
 * be of whoever runs this, or what is put there is lost to its owner. @throws EmbeddedError
 */
export function openFolder(folder: string, account: Account | null): void {
  const made = makeFolder(folder, account ? 0o711 : 0o700);
  // Whatever the umask: the server's account has to pass.
  if (made !== undefined && account) chmodSync(folder, 0o711);
  const { uid } = statSync(folder);
  const self = process.geteuid?.() ?? uid;
  if (uid === self) return;
  throw new EmbeddedError(
    `${folder} belongs to ${nameOf(uid)}, and this runs as ${nameOf(self)}: run it as ${nameOf(uid)}, or set DATA_DIR to a folder that is not there yet.`,
  );
}

const nameOf = (uid: number) =>
  accounts().find(([, , id]) => id === String(uid))?.[0] ?? `the account ${uid}`;
