import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serverAccount } from "../../src/platform/db/embedded/binaries.ts";
import { type EmbeddedServer, startEmbedded } from "../../src/platform/db/embedded/server.ts";

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
    server = await startEmbedded({ dataDir: join(folder, "data"), log });
    expect(await query("select answer from kept")).toEqual([{ answer: 42 }]);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    stranger.kill();
  });

  it("refuses a second start on one folder and goes on serving the first", async () => {
    server = await startEmbedded({ dataDir: folder, log });
    await expect(startEmbedded({ dataDir: folder, log })).rejects.toThrow(
      `is in use by process ${process.pid}`,
    );
    expect(await query("select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("comes back on its port with what was acknowledged after kill -9", async () => {
    server = await startEmbedded({ dataDir: folder, log });
    await query("create table acknowledged as select 1 as row");
    const { pid } = server;
    process.kill(pid, "SIGKILL");
    let rows: unknown[] | undefined;
    for (let attempt = 0; !rows && attempt < 100; attempt++) {
      await sleep(100);
      rows = await query("select row from acknowledged").catch(() => undefined);
    }
    expect(rows).toEqual([{ row: 1 }]);
    expect(server.pid).not.toBe(pid);
    expect(readdirSync("/proc/self/fd").filter(isServerLog)).toEqual([]);
  });
});
