import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Drill, type Level, LEVELS, type Outcome, startDrill } from "../support/drill.ts";
import { asSuperuser, createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { drawFrom } from "../support/random.ts";

/** The promised bounds, for the slowest of all. */
const MOST_MS = { query: 250, stream: 1_000 };
const STREAMS = 300;
let database: TestDatabase;
let drill: Drill;
beforeEach(async () => {
  database = await createTestDatabase();
  drill = await startDrill(database, STREAMS, 200);
  await streamsStand();
});
afterEach(async () => {
  await drill.stop();
  await database.leave();
});

async function streamsStand(): Promise<void> {
  const until = Date.now() + 30_000;
  while (drill.load.streams < STREAMS) {
    if (Date.now() > until) throw new Error(`${drill.load.streams} streams after 30 seconds`);
    await sleep(50);
  }
}
const draw = drawFrom(Date.now());
const levels = (count: number): Level[] =>
  Array.from({ length: count }, (_, nth) => LEVELS[nth] ?? LEVELS[draw(LEVELS.length)]!);

/** Those that were known too late, and what else went wrong. */
async function faultsOf(
  count: number,
  during: () => Promise<void>,
  stoppedMs = 0,
): Promise<unknown[]> {
  const begun = Date.now();
  const outcomes: Outcome[] = [];
  for (const level of levels(count)) {
    await streamsStand();
    outcomes.push(await drill.revoke(level, during));
  }
  const most = (kind: "query" | "stream") => Math.max(...outcomes.map((one) => one[kind]));
  const rate = Math.round((drill.load.answered * 1_000) / (Date.now() - begun));
  console.log(
    `${count} revocations at ${rate} answers a second: last query ${most("query")} ms, last stream ${most("stream")} ms after`,
  );
  return [
    ...outcomes.filter(
      ({ query, told, stream }) =>
        query > MOST_MS.query || told > MOST_MS.stream || stream > MOST_MS.stream + stoppedMs,
    ),
    ...drill.load.failed,
    ...drill.processes.filter(({ child }) => child.exitCode !== null).map((one) => one.log()),
  ];
}
const nothing = async () => {};

describe("100 revocations under 200 requests a second and 300 streams on 3 processes", () => {
  it("are known everywhere in time", async () => {
    expect(await faultsOf(100, nothing)).toEqual([]);
  });

  it("with every LISTEN connection ended again and again", async () => {
    const ending = new AbortController();
    const ended = asSuperuser(drill.superuserUrl, async (client) => {
      let count = 0;
      while (!ending.signal.aborted) {
        const { rowCount } = await client.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'wayhouse streams' and datname = current_database()",
        );
        count += rowCount ?? 0;
        await sleep(1_000);
      }
      return count;
    });
    try {
      expect(await faultsOf(100, nothing)).toEqual([]);
    } finally {
      ending.abort();
    }
    expect(await ended).toBeGreaterThan(50);
  });

  it("with a process stopped for five seconds, told nothing when it goes on", async () => {
    const { child } = drill.processes[0]!;
    const stopAndGoOn = async () => {
      child.kill("SIGSTOP");
      await sleep(5_000);
      child.kill("SIGCONT");
    };
    expect(await faultsOf(20, stopAndGoOn, 5_000)).toEqual([]);
  });

  it("with a process cut off from the database", async () => {
    const cutAndMend = async () => {
      drill.wire.cut();
      await sleep(3_000);
      drill.wire.mend();
    };
    expect(await faultsOf(12, cutAndMend)).toEqual([]);
  });
});
