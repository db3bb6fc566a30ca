import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { LimitExceeded } from "../../src/kernel/errors.ts";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { demoKey } from "../../src/platform/auth/demo-keys.ts";
import { seedDemo } from "../../src/platform/db/demo-network.ts";
import { createCursors } from "../../src/platform/streams/cursors.ts";
import { type Feed, type FeedEvent, startFeed } from "../../src/platform/streams/feed.ts";
import { asSuperuser, createTestDatabase, type TestDatabase } from "../support/postgres.ts";

const PLACE = { transaction: "1", position: "1" };
let database: TestDatabase;
let feed: Feed;
let dataDir: string;
beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = mkdtempSync(join(tmpdir(), "wayhouse-feed-"));
  await seedDemo({ ...database, dataDir });
  // However long it takes to open thousands of streams, the lease does not end meanwhile.
  vi.spyOn(performance, "now").mockReturnValue(performance.now());
  const cursors = createCursors(Buffer.alloc(16));
  feed = startFeed({ url: database.apiUrl, cursors, log: () => {} });
});
afterAll(async () => {
  await feed?.stop();
  vi.restoreAllMocks();
  await database?.leave();
  if (dataDir) rmSync(dataDir, { recursive: true, force: true });
});

/** All at once, before the database has told of anybody that it is nobody there. */
const follow = (nth: number, streams: number) =>
  Promise.allSettled(
    Array.from({ length: streams }, () => {
      const organisationId = `00000000-0000-4000-8000-00000000000${nth}`;
      const identity = {
        organisationId,
        clientName: "bot",
        kid: null,
        jkt: null,
        jti: "x",
        scopes: [],
      };
      const expiresAt = Date.now() / 1_000 + 600;
      return feed.follow({ identity, scopes: new Set(), expiresAt }, PLACE, null);
    }),
  );

it("one organisation follows 2,500 streams of a process at most and all together 4,000, and who ends one makes room", async () => {
  // Since then it is alive, and nobody waits for that.
  await follow(0, 1);
  while (feed.size > 0) await sleep(10);
  const [first, second, third] = await Promise.all([
    follow(1, 2_501),
    follow(2, 1_500),
    follow(3, 1),
  ]);
  expect([outcomes(first), outcomes(second), outcomes(third)]).toEqual([
    [2_500, 1],
    [1_500, 0],
    [0, 1],
  ]);
  expect(first.at(-1)!.status).toBe("rejected");
  expect(feed.size).toBe(4_000);
  const [opened] = first as PromiseFulfilledResult<AsyncIterable<unknown>>[];
  await opened!.value[Symbol.asyncIterator]().return!();
  expect([outcomes(await follow(1, 1)), outcomes(await follow(3, 1))]).toEqual([
    [1, 0],
    [0, 1],
  ]);
});

const outcomes = (all: readonly PromiseSettledResult<unknown>[]) => [
  all.filter(({ status }) => status === "fulfilled").length,
  all.filter((one) => one.status === "rejected" && one.reason instanceof LimitExceeded).length,
];

it("whoever follows from now on is told nothing of before, though another stream of its organisation is still to be", async () => {
  while (feed.size > 0) await sleep(10);
  const { kid } = demoKey(dataDir, "lantern");
  const scopes = SCOPES.filter((scope) => scope !== "network:admin");
  await asSuperuser(database.superuserUrl, async (client) => {
    const { rows } = await client.query("select id from organisation where handle = 'lantern'");
    const organisationId = (rows[0] as { id: string }).id;
    const identity = {
      organisationId,
      clientName: "bot",
      kid,
      jkt: null,
      jti: "x".repeat(16),
      scopes,
    };
    const expiresAt = Date.now() / 1_000 + 600;
    const open = async () => {
      const events = await feed.follow(
        { identity, scopes: new Set(scopes), expiresAt },
        null,
        null,
      );
      return events[Symbol.asyncIterator]();
    };
    const happen = async () => {
      const told = await client.query(
        `insert into event (kind, subject_type, subject_id, owner_id)
          values ('ORGANISATION_CHANGED', 'Organisation', $1, $1) returning "position"::text`,
        [organisationId],
      );
      return (told.rows[0] as { position: string }).position;
    };
    const before = await open();
    // From here on the process is not told of anything that happens.
    await client.query("revoke execute on function stream_pulse from wayhouse_api");
    const first = await happen();
    // Whoever opens while an older transaction runs, of any database of the server, begins where that does.
    const settled = `select bool_and(transaction_id < pg_snapshot_xmin(pg_current_snapshot())) as so from event`;
    while (!(await client.query<{ so: boolean }>(settled)).rows[0]!.so) await sleep(10);
    const after = await open();
    const second = await happen();
    await client.query("grant execute on function stream_pulse to wayhouse_api");
    const positionOf = async (events: AsyncIterator<FeedEvent>) =>
      ((await events.next()).value as FeedEvent).position;
    expect([await positionOf(before), await positionOf(before)]).toEqual([first, second]);
    expect(await positionOf(after)).toBe(second);
  });
});
