import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile, readdir, readlink, realpath } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const onLinux = process.platform === "linux";

/** Names one process for ever: a pid alone is given out again, after a reboot or in a container. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Boot id and start tick; null where the platform does not tell. */
  readonly started: string | null;
}

export function identityOf(pid: number): ProcessIdentity {
  return { pid, started: onLinux ? (startOf(pid)?.started ?? null) : null };
}

export function isAlive(identity: ProcessIdentity): boolean {
  if (!respondsToSignals(identity.pid)) return false;
  const now = onLinux ? startOf(identity.pid) : undefined;
  if (now === undefined) return true;
  return !now.dead && (identity.started === null || identity.started === now.started);
}

function respondsToSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function startOf(pid: number): { started: string; dead: boolean } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name may itself hold blanks and parentheses; field 3 follows the last one.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // A zombie answers signals for as long as nobody reaps it, which in a container may be for ever.
    return { started: `${boot}:${fields[19]}`, dead: fields[0] === "Z" || fields[0] === "X" };
  } catch {
    return undefined;
  }
}

/** The pid in postmaster.pid, alive or not. */
export async function recordedPostmaster(cluster: string): Promise<number | undefined> {
  const text = await readFile(`${cluster}/postmaster.pid`, "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  return pid > 0 ? pid : undefined;
}

/**
 * Processes of the server that runs on this cluster: on Linux the postmaster and its backends, which
 * all have the cluster as working directory; elsewhere the postmaster alone.
 */
export async function processesOn(cluster: string): Promise<number[]> {
  if (onLinux) {
    const directory = await realpath(cluster);
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
    const here = await Promise.all(
      pids.map(async (pid) => (await readlink(`/proc/${pid}/cwd`).catch(() => "")) === directory),
    );
    // The working directory of a shell looks the same; it does not run postgres.
    return pids.filter((pid, index) => here[index] && isPostgres(pid));
  }
  const pid = await recordedPostmaster(cluster);
  if (pid === undefined || !respondsToSignals(pid)) return [];
  const command = await run("ps", ["-ww", "-o", "command=", "-p", String(pid)]).catch(() => null);
  return command?.stdout.includes(cluster) ? [pid] : [];
}

function isPostgres(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "postgres";
  } catch {
    return false;
  }
}
