import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { appendFile, chown, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type Account, serverAccount } from "../../src/platform/db/embedded/account.ts";
import { findBinaries } from "../../src/platform/db/embedded/binaries.ts";
import { freePort } from "./ports.ts";
import { asSuperuser } from "./postgres.ts";
import { clusterOf } from "./server-log.ts";

export interface Standby {
  /** Of the API's role, as on the primary. */
  readonly apiUrl: string;
  readonly superuserUrl: string;
  /** From its answer on nothing of the primary is replayed. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Until it has replayed what the primary has written by now. */
  caughtUp(): Promise<void>;
  /** It keeps its connections and answers nothing. */
  freeze(): void;
  /** `kill -9` of all of it. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A streaming replica of the server that npm brought, made by PostgreSQL's low-level backup API: there is no pg_basebackup. */
export async function startStandby(primary: {
  readonly superuserUrl: string;
  readonly apiUrl: string;
}): Promise<Standby> {
  const account = serverAccount();
  const cluster = await clusterOf(primary.superuserUrl);
  const binaries = await findBinaries(account, join(dirname(cluster), "postgresql"));
  const standbyPort = await freePort();
  const folder = `${cluster}-${standbyPort}`;
  await copyCluster(primary.superuserUrl, cluster, folder, account);
  const { username, password, hostname, port } = new URL(primary.superuserUrl);
  await appendFile(
    join(folder, "postgresql.auto.conf"),
    `primary_conninfo = 'host=${hostname} port=${port} user=${username} password=${password}'\n`,
  );
  const at = (url: string) => Object.assign(new URL(url), { port: standbyPort }).toString();
  const superuserUrl = at(primary.superuserUrl);
  // Where nobody's dead rows are in the way.
  const apart = Object.assign(new URL(superuserUrl), { pathname: "/postgres" }).toString();
  const run = (text: string) =>
    asSuperuser(apart, (client) => client.query<Record<string, unknown>>(text));
  const until = async (text: string) => {
    for (let waits = 0; waits < 300; waits++) {
      const is = await run(text).then(
        ({ rows }) => rows[0]!["is"] === true,
        () => false,
      );
      if (is) return;
      await sleep(50);
    }
    throw new Error(`the stand-by was not there in time: ${text}`);
  };
  let child: ChildProcess;
  process.once("exit", () => child.kill("SIGQUIT"));
  const start = async () => {
    const log = openSync(join(folder, "server.log"), "a", 0o600);
    const settings = [
      "listen_addresses=127.0.0.1",
      `port=${standbyPort}`,
      "unix_socket_directories=",
      "max_connections=200",
      // What is replayed never waits for a reader.
      "max_standby_streaming_delay=0",
    ];
    child = spawn(
      join(binaries, "bin", "postgres"),
      ["-D", folder, ...settings.flatMap((one) => ["-c", one])],
      { ...account, cwd: "/", stdio: ["ignore", log, log], env: { LC_ALL: "C" }, detached: true },
    );
    await until("select true as is");
  };
  /** To all its processes, each of which leads a group of its own. */
  const signal = (name: NodeJS.Signals) => {
    const main = String(child.pid);
    const others = readFileSync(`/proc/${main}/task/${main}/children`, "utf8").match(/\d+/g) ?? [];
    for (const pid of [main, ...others]) {
      try {
        process.kill(Number(pid), name);
      } catch (error) {
        // Without the first of them the others end by themselves.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
  };
  const end = async (kill: () => void) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    kill();
    await gone;
  };
  await start();
  return {
    apiUrl: at(primary.apiUrl),
    superuserUrl,
    async pause() {
      await run("select pg_wal_replay_pause()");
      await until("select pg_get_wal_replay_pause_state() = 'paused' as is");
    },
    resume: async () => void (await run("select pg_wal_replay_resume()")),
    async caughtUp() {
      const { rows } = await asSuperuser(primary.superuserUrl, (client) =>
        client.query<{ at: string }>("select pg_current_wal_flush_lsn()::text as at"),
      );
      await until(`select pg_last_wal_replay_lsn() >= '${rows[0]!.at}' as is`);
    },
    freeze: () => signal("SIGSTOP"),
    kill: () => end(() => signal("SIGKILL")),
    start,
    async stop() {
      await end(() => signal("SIGKILL"));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function copyCluster(
  superuserUrl: string,
  cluster: string,
  folder: string,
  account: Account | null,
): Promise<void> {
  await asSuperuser(superuserUrl, async (client) => {
    await client.query("select pg_backup_start('standby', fast => true)");
    await promisify(execFile)("cp", ["-a", cluster, folder]);
    const { rows } = await client.query<{ labelfile: string }>(
      "select labelfile from pg_backup_stop(wait_for_archive => false)",
    );
    await rm(join(folder, "postmaster.pid"));
    const files = { backup_label: rows[0]!.labelfile, "standby.signal": "" };
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(folder, name), text);
      if (account) await chown(join(folder, name), account.uid, account.gid);
    }
  });
}
