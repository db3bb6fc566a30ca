import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { chown, mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { putFile } from "../../files.ts";
import { type Account, obstacleTo, openFolder, serverAccount } from "./account.ts";
import { findBinaries } from "./binaries.ts";
import { EmbeddedError } from "./errors.ts";
import { lockFolder } from "./lock.ts";
import { stopOrphan } from "./orphan.ts";
import type { Log } from "../../telemetry/log.ts";

export interface EmbeddedServer {
  readonly superuserUrl: string;
  /** Owns the database, may create roles, is no superuser. */
  readonly ownerUrl: string;
  /** The API's role, which the migrator creates. */
  readonly apiUrl: string;
  readonly port: number;
  readonly pid: number;
  /** Where the cluster is: `dataDir`, or a folder under /var/lib/wayhouse. */
  readonly home: string;
  stop(): Promise<void>;
}

interface Secrets {
  /** Names the cluster, so that new secrets never meet an old cluster. */
  readonly cluster: string;
  readonly superuser: string;
  readonly owner: string;
  readonly api: string;
}

/** Where its cluster is, wherever a new one would be made by now. @throws EmbeddedError */
function homeOf(dataDir: string, { cluster }: Secrets, account: Account | null): string {
  if (!account) return dataDir;
  const apart = join(ROOT_STATE, cluster);
  const [isHere, isApart] = [dataDir, apart].map((one) =>
    existsSync(join(one, clusterOf(cluster))),
  );
  const obstacle = obstacleTo(dataDir);
  if (isHere && obstacle)
    throw new EmbeddedError(
      `PostgreSQL, which does not run as root, can no longer pass ${obstacle}: chmod o+x ${obstacle}`,
    );
  return isApart || obstacle ? apart : dataDir;
}

const clusterOf = (name: string) => `cluster-${name}`;
const ROOT_STATE = "/var/lib/wayhouse";

/**
 * Starts the PostgreSQL that npm installed, on a free port of 127.0.0.1, with its cluster under
 * `dataDir`, or under /var/lib/wayhouse where its account cannot reach that. Restarts it if it dies.
 * `durable: false` is for tests alone: a crash may lose everything.
 * @throws DataDirInUse while another process runs on `dataDir`
 */
export async function startEmbedded(options: {
  readonly dataDir: string;
  readonly durable?: boolean;
  /** Over those that an ordinary run has. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly log: Log;
}): Promise<EmbeddedServer> {
  const { dataDir, durable = true, settings, log } = options;
  const account = serverAccount();
  openFolder(dataDir, account);
  const unlock = await lockFolder(dataDir);
  let stop = async () => unlock();
  try {
    const secrets = readSecrets(join(dataDir, "secrets.json"));
    const home = homeOf(dataDir, secrets, account);
    if (home !== dataDir) {
      await mkdir(home, { recursive: true });
      // Whatever the umask: the server's account has to pass.
      for (const folder of [ROOT_STATE, home]) chmodSync(folder, 0o711);
    }
    const binaries = await findBinaries(account, home);
    const cluster = join(home, clusterOf(secrets.cluster));
    await stopOrphan(cluster);
    const isNew = !existsSync(join(dataDir, "ready"));
    if (isNew) await initialise(binaries, cluster, account, secrets, home, durable);
    else if (!existsSync(cluster))
      throw new EmbeddedError(
        `${cluster} is gone, and ${dataDir} says that it was there: bring both back from one backup, or set DATA_DIR to another folder to begin anew.`,
      );
    const port = await freePort();
    const url = (user: string, password: string, database = "wayhouse") =>
      `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
    const superuserUrl = url("wayhouse_super", secrets.superuser, "postgres");
    const start = () => run(binaries, cluster, account, port, durable, settings);
    const supervised = supervise(start, log);
    stop = () => supervised.stop().then(unlock);
    await untilReady(superuserUrl, supervised, join(cluster, "server.log"));
    if (isNew) {
      await createDatabase(superuserUrl, secrets);
      // On the disk before anybody relies on what is in it: without this, the next start makes it anew.
      putFile(join(dataDir, "ready"), "");
    }
    return {
      superuserUrl,
      ownerUrl: url("wayhouse_owner", secrets.owner),
      apiUrl: url("wayhouse_web", secrets.api),
      port,
      home,
      get pid() {
        return supervised.child().pid!;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function readSecrets(path: string): Secrets {
  if (!existsSync(path)) {
    const secret = () => randomBytes(24).toString("hex");
    const secrets: Secrets = {
      cluster: randomBytes(8).toString("hex"),
      superuser: secret(),
      owner: secret(),
      api: secret(),
    };
    putFile(path, JSON.stringify(secrets, null, 2));
  }
  return JSON.parse(readFileSync(path, "utf8")) as Secrets;
}

async function initialise(
  binaries: string,
  cluster: string,
  account: Account | null,
  secrets: Secrets,
  home: string,
  durable: boolean,
): Promise<void> {
  await rm(cluster, { recursive: true, force: true });
  await mkdir(cluster, { mode: 0o700 });
  const passwords = join(home, "initial-password");
  await writeFile(passwords, secrets.superuser, { mode: 0o600 });
  if (account) {
    await chown(cluster, account.uid, account.gid);
    await chown(passwords, account.uid, account.gid);
  }
  try {
    const child = spawn(
      join(binaries, "bin", "initdb"),
      [
        `--pgdata=${cluster}`,
        "--username=wayhouse_super",
        `--pwfile=${passwords}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        ...(durable ? [] : ["--no-sync"]),
      ],
      { ...account, cwd: "/", stdio: ["ignore", "ignore", "pipe"], env: { LC_ALL: "C" } },
    );
    let complaint = "";
    child.stderr!.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
    const code = await new Promise((resolve, reject) =>
      child.on("error", reject).on("close", resolve),
    );
    if (code !== 0) throw new EmbeddedError(`initdb failed: ${complaint.trim()}`);
  } finally {
    await rm(passwords, { force: true });
  }
}

function run(
  binaries: string,
  cluster: string,
  account: Account | null,
  port: number,
  durable: boolean,
  more: Readonly<Record<string, string>> = {},
): ChildProcess {
  const settings: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    max_connections: "200",
    shared_buffers: "64MB",
    // As the API's sessions are, also for whoever looks into it by hand: nights and days are counted in UTC.
    timezone: "UTC",
    log_statement: "none",
    log_min_error_statement: "panic",
    log_parameter_max_length_on_error: "0",
    ...(durable ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
    ...more,
  };
  const log = openSync(join(cluster, "server.log"), "a", 0o600);
  try {
    return spawn(
      join(binaries, "bin", "postgres"),
      [
        "-D",
        cluster,
        ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
      ],
      { ...account, cwd: "/", stdio: ["ignore", log, log], env: { LC_ALL: "C" }, detached: true },
    );
  } finally {
    // The server has its own.
    closeSync(log);
  }
}

interface Supervised {
  child(): ChildProcess;
  /** How often it had to be started again. */
  restarts(): number;
  stop(): Promise<void>;
}

function supervise(start: () => ChildProcess, log: Log): Supervised {
  let stopping = false;
  let restarts = 0;
  let child = start();
  const watch = () =>
    child
      .on("error", () => {})
      .once("exit", () => {
        if (stopping) return;
        log("embedded_database_restarted", {});
        setTimeout(() => {
          if (stopping) return;
          restarts++;
          child = start();
          watch();
        }, 300);
      });
  watch();
  const killNow = () => child.kill("SIGINT");
  process.on("exit", killNow);
  return {
    child: () => child,
    restarts: () => restarts,
    async stop() {
      stopping = true;
      process.off("exit", killNow);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGINT");
      await gone;
    },
  };
}

/** What a crash left to be replayed may take minutes; one that ends again and again never comes. */
async function untilReady(url: string, supervised: Supervised, serverLog: string): Promise<void> {
  for (let attempt = 0; attempt < 3_000 && supervised.restarts() < 5; attempt++) {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await sleep(100);
    }
  }
  throw new EmbeddedError(`The embedded database does not start: ${serverLog} says why.`);
}

async function createDatabase(url: string, secrets: Secrets): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    await client.query(
      `create role wayhouse_owner login createrole password ${client.escapeLiteral(secrets.owner)}`,
    );
    // Letters of all alphabets have capitals, on whatever machine: as in docker/create-database.sql.
    await client.query(
      "create database wayhouse owner wayhouse_owner template template0 encoding 'UTF8' locale 'C' locale_provider builtin builtin_locale 'C.UTF-8'",
    );
  } finally {
    await client.end();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve((address as { port: number }).port));
    });
  });
}
