import type pg from "pg";
import { expect } from "vitest";
import { expectHonestEnd, nightsInDisorder } from "./bed-laws.ts";
import { HoldBook } from "./hold-book.ts";
import { startNetwork } from "./hold-network.ts";
import { raceForBeds } from "./hold-race.ts";
import { asSuperuser, createTestDatabase } from "./postgres.ts";
import { readServerLog } from "./server-log.ts";

const PROCESSES = 3;

/** Each process is killed once meanwhile, and some holds expire. @returns how often each answer was met */
export async function expectBedsKept(attempts: number): Promise<Record<string, number>> {
  const database = await createTestDatabase();
  const network = await startNetwork(database, PROCESSES);
  const url = database.superuserUrl;
  try {
    const { fleet, line } = network;
    const book = new HoldBook(line);
    const kills = Array.from({ length: PROCESSES }, (_, slot) => ({
      at: Math.floor(((slot + 1) * attempts) / (PROCESSES + 1)),
      run: () => fleet.kill(slot),
    }));
    const lookups = Array.from({ length: attempts / 100 }, (_, nth) => ({
      at: nth * 100 + 50,
      run: () =>
        asSuperuser(url, async (client) => {
          const found = [...(await nightsInDisorder(client)), ...(await deadlocksIn(client))];
          book.surprises.push(...found.map((row) => JSON.stringify(row)));
          // Time runs out for a few, whoever is at work on them.
          await client.query(`update bed_hold set expires_at = now() where id in (
            select id from bed_hold where status = 'HELD' limit 5 for update skip locked)`);
        }),
    }));
    const before = await readServerLog(url);

    await raceForBeds({
      ...network,
      book,
      attempts,
      atOnce: 24,
      events: [...kills, ...lookups],
    });

    await expectHonestEnd(network, book);
    // While the database stands, only a lock that was waited for too long makes us unavailable.
    const log = (await readServerLog(url)).slice(before.length);
    const timeouts = log.split("canceling statement due to lock timeout").length - 1;
    expect(line.tally.unavailable).toBeLessThanOrEqual(timeouts);
    expect(await asSuperuser(url, deadlocksIn)).toEqual([]);
    return { ...book.figures, lost: line.tally.lost };
  } finally {
    await network.stop();
    await database.leave();
  }
}

/** Retried where callers do not see them; but locks are taken in one order, so there are none. */
async function deadlocksIn(client: pg.Client): Promise<unknown[]> {
  const { rows } = await client.query<object>(
    "select deadlocks from pg_stat_database where datname = current_database() and deadlocks > 0",
  );
  return rows;
}
