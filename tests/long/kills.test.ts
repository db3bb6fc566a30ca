import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { uuidOf } from "../../src/kernel/ids.ts";
import { type EmbeddedServer, startEmbedded } from "../../src/platform/db/embedded/server.ts";
import { migrate } from "../../src/platform/db/migrator.ts";
import { differences, expectHonestEnd } from "../support/bed-laws.ts";
import type { Demo } from "../support/demo.ts";
import { accept, offer, openTo, step } from "../support/handoffs.ts";
import { HoldBook } from "../support/hold-book.ts";
import { type Network, startNetwork } from "../support/hold-network.ts";
import { raceForBeds } from "../support/hold-race.ts";
import { asSuperuser } from "../support/postgres.ts";
import { clusterOf } from "../support/server-log.ts";
import { followSteadily } from "../support/steady-stream.ts";

/** Of random kills of processes, after the minute in which the database is killed. */
const MINUTES = Number(process.env["KILL_MINUTES"] ?? 10);
const DATABASE_KILLS_AT = [6_000, 18_000, 30_000, 42_000, 54_000];
let dataDir: string;
let server: EmbeddedServer;
let network: Network;
let superuserUrl: string;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "wayhouse-kills-"));
  server = await startEmbedded({ dataDir, durable: true, log: () => {} });
  await migrate(server);
  superuserUrl = Object.assign(new URL(server.superuserUrl), { pathname: "/wayhouse" }).toString();
  network = await startNetwork({ ...server, superuserUrl }, 3);
});
afterAll(async () => {
  await network?.stop();
  await server?.stop();
  if (server) rmSync(server.home, { recursive: true, force: true });
  rmSync(dataDir, { recursive: true, force: true });
});

/** Offers, accepts and begins one after the other until it is over. Handoffs and the status last told. */
async function handOff(ask: Demo["ask"], over: AbortSignal, told: Map<string, string>) {
  while (!over.aborted) {
    const offered = await offer(ask, "lantern", ["harbour"]);
    const { id } = offered.data["offerHandoff"];
    told.set(id, "OFFERED");
    const accepted = await accept(ask, "harbour", id);
    told.set(id, accepted.data["acceptHandoff"].status);
    const cancelled = await step(ask, "lantern", "cancelHandoff", id);
    told.set(id, cancelled.data["cancelHandoff"].status);
    await sleep(20);
  }
}

/** Resident memory in MiB. */
const memoryOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1_024;

it(
  `nothing is lost or doubled and memory stays level: the database killed 5 times in a minute, processes for ${MINUTES}`,
  { timeout: (MINUTES + 5) * 60_000 },
  async () => {
    const { fleet, line, holders, host } = network;
    const book = new HoldBook(line);
    const over = new AbortController();
    const [lantern] = holders;
    const ask: Demo["ask"] = (organisation, query, variables = {}) =>
      line.ask(organisation === "harbour" ? host : lantern!, query, variables);
    await openTo(ask, "lantern", ["harbour"]);
    const streams = [host, lantern!, lantern!].map((caller, nth) =>
      followSteadily(fleet, caller, nth),
    );
    const handoffs = new Map<string, string>();
    const racing = raceForBeds({
      ...network,
      book,
      attempts: Infinity,
      atOnce: 8,
      events: [],
      over: over.signal,
    });
    const handing = Promise.all([1, 2].map(() => handOff(ask, over.signal, handoffs)));

    const begun = Date.now();
    for (const at of DATABASE_KILLS_AT) {
      await sleep(begun + at - Date.now());
      const pidFile = join(await clusterOf(superuserUrl), "postmaster.pid");
      process.kill(Number(readFileSync(pidFile, "utf8").split("\n")[0]), "SIGKILL");
    }
    await sleep(begun + 60_000 - Date.now());
    const memory: number[] = [];
    let kills = 0;
    while (Date.now() < begun + (MINUTES + 1) * 60_000 && book.surprises.length === 0) {
      memory.push(memoryOf(fleet.pidOf(0)));
      await sleep(1_000 + Math.random() * 9_000);
      // The first one lives through it all: its memory tells.
      await fleet.kill(1 + (kills++ % 2));
    }
    over.abort();
    await Promise.all([racing, handing]);
    await sleep(2_000);
    await Promise.all(streams.map((stream) => stream.close()));

    for (const stream of streams) {
      const pages = await stream.pages(line);
      expect(pages.length).toBeGreaterThan(100);
      expect(stream.told.slice(1)).toEqual(pages);
    }
    const third = Math.ceil(memory.length / 3);
    const [warm, last] = [memory.slice(third, 2 * third), memory.slice(-third)].map((some) =>
      Math.max(...some),
    );
    console.log(
      `${book.acknowledged.size} holds, ${handoffs.size} handoffs, ${kills} kills, streams opened ${streams.map(({ times }) => times).join()} times, ${warm} then ${last} MiB`,
    );
    expect(last).toBeLessThan(warm! * 1.15);
    await expectHonestEnd(network, book);
    await asSuperuser(superuserUrl, async (client) => {
      const { rows } = await client.query<{ id: string; status: string }>(
        "select id, status from handoff",
      );
      const kept = new Map(rows.map(({ id, status }) => [id, status]));
      const told = new Map([...handoffs].map(([id, status]) => [uuidOf("Handoff", id), status]));
      expect(differences(kept, told)).toEqual([]);
      const { rows: doubled } = await client.query(
        `select subject_id, action, organisation_id from audit_entry where action like '%Handoff'
          group by 1, 2, 3 having count(*) > 1`,
      );
      expect(doubled).toEqual([]);
    });
  },
);
