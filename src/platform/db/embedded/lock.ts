import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(path, mine, { flag: "wx", mode: 0o600 });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const owner = readOwner(path);
    if (owner && isAlive(owner.pid) && startTime(owner.pid) === owner.startedAt) {
      throw new DataDirInUse(folder, owner.pid);
    }
    rmSync(path, { force: true });
  }
  throw new EmbeddedError(`${path} cannot be taken.`);
}

function readOwner(path: string): { pid: number; startedAt: string | null } | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as { pid: number; startedAt: string | null };
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
