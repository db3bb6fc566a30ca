import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { isLinked } from "../../files.ts";
import { EmbeddedError } from "./errors.ts";

/** Another live process runs its database in this folder. Nothing was touched. */
export class DataDirInUse extends EmbeddedError {
  override readonly name = "DataDirInUse";
  constructor(folder: string) {
    super(
      `${folder} is in use by another process. Stop it, or set DATA_DIR to another folder (and PORT to another port).`,
    );
  }
}

/**
 * Takes the folder for this process; returns how to give it back. The lock is a socket that somebody listens
 * on: that is known to every container that has the folder, where pids say nothing, and ends with its process,
 * however that ends. Of several the newest counts, and it stays where it is: no two can find it missing.
 */
export async function lockFolder(folder: string): Promise<() => void> {
  const draft = `.lock.${randomBytes(6).toString("hex")}`;
  // The address of a socket is short, and the path of a folder need not be.
  const opened = openSync(folder, "r");
  const addressOf = (name: string) => `/proc/self/fd/${opened}/${name}`;
  const server = createServer((asking) => asking.destroy()).unref();
  try {
    await once(server.listen(addressOf(draft)), "listening");
    for (;;) {
      const newest = newestIn(folder);
      if (await isHeld(addressOf(lockOf(newest)))) throw new DataDirInUse(folder);
      const mine = newest + 1;
      if (!isLinked(join(folder, draft), join(folder, lockOf(mine)))) continue;
      // Otherwise others took the folder since, and have left it again.
      const isNewest = newestIn(folder) === mine;
      const past = isNewest ? locksIn(folder).filter((one) => one < mine) : [mine];
      for (const one of past) rmSync(join(folder, lockOf(one)), { force: true });
      if (isNewest) return () => void server.close();
    }
  } catch (error) {
    server.close();
    throw error;
  } finally {
    rmSync(join(folder, draft), { force: true });
    closeSync(opened);
  }
}

const lockOf = (number: number) => `lock.${number}`;
const locksIn = (folder: string): number[] =>
  readdirSync(folder).flatMap((name) => {
    const [, number] = /^lock\.(\d{1,15})$/.exec(name) ?? [];
    return number ? [Number(number)] : [];
  });
const newestIn = (folder: string) => Math.max(0, ...locksIn(folder));

const VOID = ["ECONNREFUSED", "ENOENT"];
function isHeld(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const question = connect(address, () => {
      question.destroy();
      resolve(true);
    });
    // Whatever else keeps it from answering, it is there.
    question.once("error", ({ code }: NodeJS.ErrnoException) => resolve(!VOID.includes(code!)));
  });
}
