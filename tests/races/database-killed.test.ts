import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type EmbeddedServer, startEmbedded } from "../../src/platform/db/embedded/server.ts";
import { migrate } from "../../src/platform/db/migrator.ts";
import { expectHonestEnd } from "../support/bed-laws.ts";
import { HoldBook } from "../support/hold-book.ts";
import { type Network, startNetwork } from "../support/hold-network.ts";
import { raceForBeds } from "../support/hold-race.ts";
import { asSuperuser } from "../support/postgres.ts";
import { clusterOf, readServerLog } from "../support/server-log.ts";

const ATTEMPTS = 600;
let dataDir: string;
let server: EmbeddedServer;
let network: Network;
let superuserUrl: string;
const restarts: string[] = [];

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "wayhouse-killed-"));
  server = await startEmbedded({
    dataDir,
    durable: true,
    log: (event) => restarts.push(event),
  });
  await migrate(server);
  superuserUrl = Object.assign(new URL(server.superuserUrl), { pathname: "/wayhouse" }).toString();
  network = await startNetwork({ ...server, superuserUrl }, 2);
});
afterAll(async () => {
  await network?.stop();
  await server?.stop();
  if (server) rmSync(server.home, { recursive: true, force: true });
  rmSync(dataDir, { recursive: true, force: true });
});

it(
  "no acknowledged hold is lost, and no process ends, while the database is killed under load",
  { timeout: 180_000 },
  async () => {
    const { fleet, line } = network;
    const book = new HoldBook(line);
    const pidFile = join(await clusterOf(superuserUrl), "postmaster.pid");
    const killServer = async () => {
      process.kill(Number(readFileSync(pidFile, "utf8").split("\n")[0]), "SIGKILL");
    };
    /** One of its processes: the server then drops every connection and recovers by itself. */
    const killBackend = async () => {
      let isKilled = false;
      const killOne = async (client: pg.Client) => {
        const { rows } = await client.query<{ pid: number }>(
          "select pid from pg_stat_activity where usename = 'wayhouse_web' limit 1",
        );
        process.kill(rows[0]!.pid, "SIGKILL");
        isKilled = true;
      };
      // The server may be away just now, the process be gone by itself, and this connection goes with it.
      while (!isKilled) await asSuperuser(superuserUrl, killOne).catch(() => sleep(50));
    };
    const kills = [killServer, killBackend, killServer];

    await raceForBeds({
      ...network,
      book,
      attempts: ATTEMPTS,
      atOnce: 12,
      events: kills.map((run, nth) => ({
        at: Math.floor(((nth + 1) * ATTEMPTS) / (kills.length + 1)),
        run,
      })),
    });

    for (let slot = 0; slot < fleet.size; slot++) {
      const ready = await fetch(new URL("/health/ready", fleet.urlOf(slot)));
      expect(ready.status).toBe(200);
    }
    await expectHonestEnd(network, book);
    // More if a new server met what is left of the old one.
    expect(restarts.length).toBeGreaterThanOrEqual(2);
    // Callers were told to retry, and never lost their connection to the API.
    expect(line.tally.unavailable).toBeGreaterThan(0);
    expect(line.tally.lost).toBe(0);
    const log = await readServerLog(superuserUrl);
    expect(log).not.toMatch(/deadlock/i);
    expect(log.split("automatic recovery in progress").length - 1).toBe(kills.length);
  },
);
