import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

const OWNER_ALONE = 0o600;
/** As a shell names what it feeds a command, `<(…)` or `|`: a pipe whose other end is open. */
const FED = /^\/(?:dev\/stdin|(?:dev|proc\/self)\/fd\/\d+)$/;

/** Looks at what somebody named. @throws an error of the operating system */
export const statOf = (path: string): Stats => withoutTrace(() => statSync(path));

/** Nobody else on this machine, its superuser apart, can read it. */
export const isOwnersAlone = (path: string): boolean => (statOf(path).mode & 0o077) === 0;

/** To the byte. @throws an error of the operating system, or one with this code for what may never end: a pipe, a device */
export function readRegular(path: string): Buffer {
  const stat = statOf(path);
  if (stat.isFile() || stat.isDirectory() || (stat.isFIFO() && FED.test(path)))
    return withoutTrace(() => readFileSync(path));
  throw notRegular();
}
const notRegular = () => Object.assign(new Error("no regular file"), { code: "no regular file" });

/**
 * Node keeps its last look at a file. If that was a pipe it takes symbolic links on the way to a module for none, and
 * what is loaded then may be an empty module: so something that is none is looked at after it.
 */
function withoutTrace<T>(look: () => T): T {
  try {
    return look();
  } finally {
    statSync("/");
  }
}

/**
 * With those above it. Node's own turns for ever where a file system takes none, such as /proc.
 * @returns the topmost that it made
 */
export function makeFolder(path: string, mode = 0o777): string | undefined {
  try {
    mkdirSync(path, { mode });
    return path;
  } catch (error) {
    const above = dirname(path);
    if ((error as NodeJS.ErrnoException).code === "ENOENT" && !existsSync(above)) {
      const topmost = makeFolder(above, mode);
      const own = makeFolder(path, mode);
      return topmost ?? own;
    }
    if (existsSync(path) && statOf(path).isDirectory()) return undefined;
    throw error;
  }
}

/**
 * Puts a file where none is, whole and on the disk, or not at all: of several at once the first stands.
 * @returns whether it was this one
 */
export function putFile(path: string, text: string, mode = OWNER_ALONE): boolean {
  return placed(path, text, mode, (draft) => isLinked(draft, path));
}

/** Gives a file this name, too. False where there is one of that name. */
export function isLinked(file: string, path: string): boolean {
  try {
    linkSync(file, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}

/** For its owner alone; what stood there stands until all of the new is on the disk. */
export function replaceFile(path: string, text: string): void {
  // As root this would put a file in the place of /dev/null.
  if (existsSync(path) && !statOf(path).isFile()) throw notRegular();
  placed(path, text, OWNER_ALONE, (draft) => renameSync(draft, path));
}

/**
 * Puts a folder for its owner alone where none is, with all of its files or not at all: of several at once the first
 * stands. @returns whether it was this one
 */
export function putFolder(path: string, files: Readonly<Record<string, string>>): boolean {
  if (existsSync(path)) return false;
  const draft = draftOf(path);
  try {
    mkdirSync(draft, { mode: 0o700 });
    for (const [name, text] of Object.entries(files)) putFile(join(draft, name), text);
    renameSync(draft, path);
  } catch (error) {
    // Another has put its own there since.
    if ((error as NodeJS.ErrnoException).code === "ENOTEMPTY") return false;
    throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  syncFolder(dirname(path));
  return true;
}

/** A name in it outlives a loss of power only from then on. */
function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function placed<T>(path: string, text: string, mode: number, put: (draft: string) => T): T {
  const draft = draftOf(path);
  try {
    writeFileSync(draft, text, { mode, flag: "wx", flush: true });
    const outcome = put(draft);
    syncFolder(dirname(path));
    return outcome;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Beside it, under a name that no other has and that nobody looks for. */
const draftOf = (path: string) =>
  join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}`);
