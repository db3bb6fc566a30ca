import { setTimeout as sleep } from "node:timers/promises";
import { expect, vi } from "vitest";
import { asSuperuser } from "./postgres.ts";
import type { Stream } from "./streams.ts";

/**
 * The code that the stream has ended with, or null for a plain end. It ends within what takes an idle machine a
 * second, and takes one with other work longer; what is promised on the clock, tests/long/revocation.test.ts says.
 * One that was lost and opened again, and stays open, has ended plainly for whoever follows it.
 */
export const endingOf = (superuserUrl: string, stream: Stream): Promise<string | null> =>
  asSuperuser(superuserUrl, async (client) => {
    let isOver = false;
    void stream.ended.then(() => (isOver = true));
    for (let turns = 0; turns < 45 && !isOver; turns++) {
      await sleep(20);
      await client.query("select 1");
    }
    if (!isOver && stream.losses > 0) return null;
    expect(stream.messages.at(-1)?.event, "the stream is open, a second after").toBe("complete");
    return stream.messages.at(-2)?.data?.errors?.[0].extensions.code ?? null;
  });

/** Until every event there is may be told: none is while a transaction is open that is older, of any test of the run. */
export const untilTold = (superuserUrl: string): Promise<void> =>
  asSuperuser(superuserUrl, async (client) => {
    const untold =
      "select from event where transaction_id >= pg_snapshot_xmin(pg_current_snapshot())";
    await vi.waitUntil(async () => (await client.query(untold)).rowCount === 0, 60_000);
  });
