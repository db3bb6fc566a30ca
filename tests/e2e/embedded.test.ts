import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serverAccount } from "../../src/platform/db/embedded/account.ts";
import { DataDirInUse, lockFolder } from "../../src/platform/db/embedded/lock.ts";
import { type EmbeddedServer, startEmbedded } from "../../src/platform/db/embedded/server.ts";

/** Where clusters of root are, those of other runs are, too. */
const NAME = `mine-${randomUUID()}`;
let folder: string;
let server: EmbeddedServer | undefined;
const log = () => {};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wayhouse-embedded-"));
  // as below a home that only its owner may enter
  chmodSync(folder, 0o700);
});
afterEach(async () => {
  await server?.stop();
  if (server) rmSync(server.home, { recursive: true, force: true });
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const isServerLog = (fd: string) => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).endsWith("/server.log");
  } catch {
    return false;
  }
};

async function query(text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server!.ownerUrl });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows as unknown[];
  } finally {
    await client.end();
  }
}

describe("the embedded server", () => {
  it("keeps its data over a restart, below a folder that others cannot enter", async () => {
    const umask = process.umask(0o077);
    server = await startEmbedded({ dataDir: join(folder, "data"), log });
    process.umask(umask);
    await query("create table kept as select 42 as answer");
    await server.stop();
    // As after a reboot: the pid in its file is another process's.
    const stranger = spawn("sleep", ["600"], { ...serverAccount() });
    const cluster = readdirSync(server.home).find((name) => name.startsWith("cluster-"))!;
    writeFileSync(join(server.home, cluster, "postmaster.pid"), `${stranger.pid}\n`);
    // Where it is made today is not where it was.
    const { home } = server;
    chmodSync(folder, 0o755);
    server = await startEmbedded({ dataDir: join(folder, "data"), log });
    expect(server.home).toBe(home);
    expect(await query("select answer from kept")).toEqual([{ answer: 42 }]);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    stranger.kill();
  });

  it.runIf(serverAccount())("says which folder keeps PostgreSQL out of what it made", async () => {
    mkdirSync(join(folder, `cluster-${NAME}`));
    writeFileSync(join(folder, "secrets.json"), JSON.stringify({ cluster: NAME }));
    await expect(startEmbedded({ dataDir: folder, log })).rejects.toThrow(
      `can no longer pass ${folder}: chmod o+x ${folder}`,
    );
  });

  it("says that a cluster is gone, and makes no other in its place", async () => {
    writeFileSync(join(folder, "secrets.json"), JSON.stringify({ cluster: NAME }));
    writeFileSync(join(folder, "ready"), "");
    const start = startEmbedded({ dataDir: folder, log });
    await expect(start).rejects.toThrow(`cluster-${NAME} is gone`);
    rmSync(`/var/lib/wayhouse/${NAME}`, { recursive: true, force: true });
  });

  it.runIf(serverAccount())(
    "leaves a folder of somebody else as it is, and says whose it is",
    async () => {
      chownSync(folder, 65_534, 65_534);
      await expect(startEmbedded({ dataDir: folder, log })).rejects.toThrow(
        `${folder} belongs to nobody, and this runs as root: run it as nobody, or set DATA_DIR`,
      );
      expect(readdirSync(folder)).toEqual([]);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    },
  );

  it("is stopped before its folder is given back, where nothing can be made in it", async () => {
    chmodSync(folder, 0o755);
    const settings = { default_transaction_read_only: "on" };
    const start = startEmbedded({ dataDir: folder, settings, log });
    await expect(start).rejects.toThrow("read-only transaction");
    const cluster = readdirSync(folder).find((name) => name.startsWith("cluster-"))!;
    expect(readdirSync(join(folder, cluster))).not.toContain("postmaster.pid");
  });

  it("refuses a second start on one folder and goes on serving the first", async () => {
    chmodSync(folder, 0o750);
    server = await startEmbedded({ dataDir: folder, log });
    expect(statSync(folder).mode & 0o777).toBe(0o750);
    await expect(startEmbedded({ dataDir: folder, log })).rejects.toThrow(
      `${folder} is in use by another process`,
    );
    // Wherever the machine is: days are counted by it.
    expect(await query("show timezone")).toEqual([{ TimeZone: "UTC" }]);
  });

  it("is refused by a live owner and by no dead one, whatever either can see of the other's pid", async () => {
    const source = join(import.meta.dirname, "../../src/platform/db/embedded/lock.ts");
    const script = `import(${JSON.stringify(source)})
      .then(({ lockFolder }) => lockFolder(${JSON.stringify(folder)}))
      .then(() => { console.log("locked"); setInterval(() => {}, 1000); })`;
    // Where this may: as in a container, whose processes have pids of their own.
    const apart = ["--pid", "--fork", "--mount-proc", "--kill-child"];
    const node = [process.execPath, "--import", "tsx", "-e", script];
    const owner =
      spawnSync("unshare", [...apart, "true"]).status === 0
        ? spawn("unshare", [...apart, ...node])
        : spawn(node[0]!, node.slice(1));
    await once(owner.stdout, "data");
    await expect(lockFolder(folder)).rejects.toThrow(DataDirInUse);
    owner.kill("SIGKILL");
    await once(owner, "close");
    const unlock = await lockFolder(folder);
    unlock();
  });

  it("has one owner, however many find it left at once, and however long its path is", async () => {
    const deep = join(folder, "a".repeat(120));
    mkdirSync(deep);
    for (let round = 0; round < 20; round++) {
      const tries = Array.from({ length: 8 }, () => lockFolder(deep));
      const won = (await Promise.allSettled(tries)).filter((one) => one.status === "fulfilled");
      expect(won).toHaveLength(1);
      expect(readdirSync(deep)).toHaveLength(1);
      won[0]!.value();
    }
  });

  it("comes back on its port with what was acknowledged after kill -9", async () => {
    server = await startEmbedded({ dataDir: folder, log });
    await query("create table acknowledged as select 1 as row");
    const { pid } = server;
    process.kill(pid, "SIGKILL");
    const rows = () => query("select row from acknowledged").catch(() => undefined);
    await expect.poll(rows).toEqual([{ row: 1 }]);
    expect(server.pid).not.toBe(pid);
    expect(readdirSync("/proc/self/fd").filter(isServerLog)).toEqual([]);
  });
});
