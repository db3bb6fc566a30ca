import { setTimeout as sleep } from "node:timers/promises";
import { onClient, type Pool } from "../db/pool.ts";

const MOST_ROWS = 1_000;
/** Between two looks while another process purges. */
const PAUSE_MS = 100;

/** Before anything is served: what a restored backup brings back past its time is seen by nobody. */
export async function purgeToTheEnd(pool: Pool): Promise<void> {
  await onClient(pool, async (client) => {
    for (let purged: number | null = 1; purged !== 0;) {
      const { rows } = await client.query<{ purged: number | null }>(
        "select purge_due($1) as purged",
        [MOST_ROWS],
      );
      purged = rows[0]!.purged;
      if (purged === null) await sleep(PAUSE_MS);
    }
  });
}
