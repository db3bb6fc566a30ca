import { setFlagsFromString, getHeapSpaceStatistics } from "node:v8";
import { runInNewContext } from "node:vm";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Unavailable } from "../../src/kernel/errors.ts";
import type * as pipeline from "../../src/platform/db/pipeline.ts";
import { limitRoundTrips, rowsOf } from "../../src/platform/db/pipeline.ts";
import { createPool, onClient, type Pool } from "../../src/platform/db/pool.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ url: database.apiUrl, max: 1, log: () => {} });
});
afterAll(async () => {
  await pool.end();
  await database.leave();
});

const ask = <Row>(text: string) => onClient(pool, (client) => rowsOf<Row>(client, text));

describe("a round trip", () => {
  it("tells a column named sender.id as the id of the row's sender", async () => {
    const text = `select n, 'h' || n as "sender.handle", null::text as "sender.status",
      true as "sender.home.known" from generate_series(1, 2) n`;
    const row = (n: number) => ({
      n,
      sender: { handle: `h${n}`, status: null, home: { known: true } },
    });
    expect(await ask(text)).toEqual([row(1), row(2)]);
    // Once it was described, no description comes with it.
    expect(await ask(text)).toEqual([row(1), row(2)]);
  });

  it("tells times, days and lists of codes as they are, whatever is special about them", async () => {
    const cells: [value: string, told: unknown][] = [
      ["timestamptz '2026-03-01 12:34:56.789123+00'", new Date("2026-03-01T12:34:56.789Z")],
      ["timestamptz '2026-03-01 01:00:00+02'", new Date("2026-02-28T23:00:00Z")],
      ["timestamptz '12026-03-01 00:00:00+00'", new Date("+012026-03-01T00:00:00Z")],
      ["timestamptz '0044-03-15 00:00:00+00 BC'", new Date("-000043-03-15T00:00:00Z")],
      ["timestamptz 'infinity'", Infinity],
      ["date '2026-03-01'", "2026-03-01"],
      ["array['WOMEN_ONLY', 'PETS']", ["WOMEN_ONLY", "PETS"]],
      ["array['PETS', null]", ["PETS", null]],
      ["array['ANNULLED']", ["ANNULLED"]],
      ["array['beds:read', 'a,b', 'NULL']", ["beds:read", "a,b", "NULL"]],
      ["array[]::text[]", []],
    ];
    const columns = cells.map(([value], nth) => `${value} as c${nth}`).join();
    const [row] = await ask<object>(`select ${columns}`);
    expect(Object.values(row!)).toEqual(cells.map(([, told]) => told));
    // Lists are told to many, who have the same one.
    expect(() => (Object.values(row!)[6] as string[]).push("MORE")).toThrow(TypeError);
  });

  it("leaves no more than 500 statements on its connection, whatever is asked of it", async () => {
    // Of its own, for what it has named it never forgets.
    const { runBatch } = await vi.importActual<typeof pipeline>(
      "../../src/platform/db/pipeline.ts?anew",
    );
    const of = (nth: number) => ({ text: `select $1::integer as n${nth}`, values: [nth] });
    const told = (nth: number) => ({ rows: [{ [`n${nth}`]: nth }], rowCount: 1 });
    const numbers = Array.from({ length: 510 }, (_, nth) => nth);
    await onClient(pool, async (client) => {
      const text = "select count(*)::integer as count from pg_prepared_statements";
      const count = async () => (await rowsOf<{ count: number }>(client, text))[0]!.count;
      await count();
      const before = await count();
      for (let times = 0; times < 2; times++) {
        expect(await runBatch(client, numbers.map(of))).toEqual(numbers.map(told));
        expect(await count()).toBe(before + 500);
      }
    });
  });

  it("that takes too long ends with its connection, and the next has another one", async () => {
    const backend = "select pg_backend_pid() as pid";
    const [before] = await ask<{ pid: number }>(backend);
    const slow = onClient(pool, (client) => {
      limitRoundTrips(client, 50);
      return rowsOf(client, "select pg_sleep(2)");
    });
    await expect(slow).rejects.toThrow(Unavailable);
    const [after] = await ask<{ pid: number }>(backend);
    expect(after!.pid).not.toBe(before!.pid);
  });

  it("leaves nothing in memory that was told and is not needed any more", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as (how: { type: "minor" | "major" }) => void;
    const text =
      "select n, repeat('x', 40) as a, repeat('y', 40) as b from generate_series(1, 100) n";
    const read = async (client: pg.ClientBase) => {
      for (let times = 0; times < 60; times++) await rowsOf(client, text);
    };
    await onClient(pool, async (client) => {
      for (let times = 0; times < 5; times++) await read(client);
      collect({ type: "major" });
      collect({ type: "minor" });
      const before = young();
      await read(client);
      const made = young() - before;
      collect({ type: "minor" });
      expect(made).toBeGreaterThan(500_000);
      expect(young()).toBeLessThan(made / 5);
    });
  });
});

/** Bytes that have not outlived two collections. */
const young = () =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")!.space_used_size;
