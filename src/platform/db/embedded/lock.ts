import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { putFile, isLinked } from "../../files.ts";
import { EmbeddedError } from "./errors.ts";

/** Another live process runs its database in this folder. Nothing was touched. */
export class DataDirInUse extends EmbeddedError {
  override readonly name = "DataDirInUse";
  constructor(folder: string, pid: number) {
    super(
      `${folder} is in use by process ${pid}. Stop it, or set DATA_DIR to another folder (and PORT to another port).`,
    );
  }
}

/** Takes the folder for this process; returns how to give it back. A dead owner's lock is void. */
export function lockFolder(folder: string): () => void {
  const path = join(folder, "lock");
  const mine = JSON.stringify({ pid: process.pid, startedAt: startTime(process.pid) });
  for (let attempt = 0; attempt < 10; attempt++) {
    // Whole or not at all: a lock that is being written looks like none.
    if (putFile(path, mine)) return () => rmSync(path, { force: true });
    const owner = readOwner(path);
    if (owner && isAlive(owner.pid) && startTime(owner.pid) === owner.startedAt) {
      throw new DataDirInUse(folder, owner.pid);
    }
    discard(path, owner);
  }
  throw new EmbeddedError(`${path} cannot be taken.`);
}

/** Another process may have found it void as well, and have put its own there since: that one stays. */
function discard(path: string, seen: Owner | null): void {
  const aside = `${path}.${randomBytes(6).toString("hex")}.void`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const found = readOwner(aside);
  if (found?.pid !== seen?.pid || found?.startedAt !== seen?.startedAt) isLinked(aside, path);
  rmSync(aside);
}

interface Owner {
  readonly pid: number;
  readonly startedAt: string | null;
}

function readOwner(path: string): Owner | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Owner;
  } catch {
    return null;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Tells a process from a later one with the same pid; null where there is no /proc. */
function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
