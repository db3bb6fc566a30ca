import { link, readFile, rm, writeFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import { DataDirInUse } from "./errors.ts";
import { identityOf, isAlive, type ProcessIdentity } from "./processes.ts";

/**
 * Takes the lock file for this process, from a dead holder if need be; resolves to its release.
 * Throws {@link DataDirInUse} while the holder lives.
 */
export async function acquireLock(path: string): Promise<() => Promise<void>> {
  const mine = identityOf(process.pid);
  for (;;) {
    if (await create(path, mine)) return () => rm(path, { force: true });
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    if (isAlive(holder)) throw new DataDirInUse(dirname(path), holder.pid);

    // Only who holds the lock named after the dead holder may remove that holder's lock, so that
    // nobody removes the one a faster contender has just put in its place.
    const tag = `${holder.pid}.${holder.started?.split(":").at(-1) ?? "0"}`;
    const releaseTakeover = await acquireLock(`${path}.${tag}`);
    try {
      if (isSame(await readHolder(path), holder)) await rm(path, { force: true });
    } finally {
      await releaseTakeover();
    }
  }
}

/** Atomic and never half-written: a hard link to a complete file, which fails if the name exists. */
async function create(path: string, holder: ProcessIdentity): Promise<boolean> {
  const draft = `${path}.draft-${randomUUID()}`;
  await writeFile(draft, JSON.stringify(holder), { mode: 0o644 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as ProcessIdentity;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function isSame(a: ProcessIdentity | undefined, b: ProcessIdentity): boolean {
  return a?.pid === b.pid && a.started === b.started;
}
