import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { LimitExceeded } from "../../src/kernel/errors.ts";
import { createCursors } from "../../src/platform/streams/cursors.ts";
import { type Feed, startFeed } from "../../src/platform/streams/feed.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

const PLACE = { transaction: "1", position: "1" };
let database: TestDatabase;
let feed: Feed;
beforeAll(async () => {
  database = await createTestDatabase();
  // However long it takes to open thousands of streams, the lease does not end meanwhile.
  vi.spyOn(performance, "now").mockReturnValue(performance.now());
  const cursors = createCursors(Buffer.alloc(16));
  feed = startFeed({ url: database.apiUrl, cursors, log: () => {} });
});
afterAll(async () => {
  await feed?.stop();
  vi.restoreAllMocks();
  await database?.drop();
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
