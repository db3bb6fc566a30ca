import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import type { Demo } from "./demo.ts";
import { asSuperuser } from "./postgres.ts";

/**
 * The first call does all it does and is held up before it commits, by the audit chain of this organisation, until
 * the second has ended or is held up as well. What both answered.
 */
export const heldUp = <First, Second>(
  demo: Demo,
  handle: string,
  first: () => Promise<First>,
  second: () => Promise<Second>,
): Promise<[First, Second]> =>
  asSuperuser(demo.database.superuserUrl, async (client) => {
    await client.query("begin");
    await client.query("select lock_chains(array(select id from organisation where handle = $1))", [
      handle,
    ]);
    const one = first();
    await waiting(client, 1);
    const two = second();
    await Promise.race([two, waiting(client, 2)]);
    await client.query("commit");
    return Promise.all([one, two]);
  });

/** Until so many wait for a lock. */
export async function waiting(client: pg.Client, calls: number): Promise<void> {
  for (let looks = 0; ; looks++) {
    // Within a transaction its view stands still.
    await client.query("select pg_stat_clear_snapshot()");
    const { rows } = await client.query<{ waiting: number }>(
      `select count(*)::integer as waiting from pg_stat_activity
        where wait_event_type = 'Lock' and datname = current_database()`,
    );
    if (rows[0]!.waiting >= calls) return;
    if (looks === 3_000) throw new Error(`${calls} calls were to wait, and did not`);
    await sleep(20);
  }
}
