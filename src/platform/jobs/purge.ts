import { setTimeout as sleep } from "node:timers/promises";
import { rowsOf } from "../db/pipeline.ts";
import { onClient, type Pool } from "../db/pool.ts";

const MOST_ROWS = 1_000;
/** Between two looks while another process purges. */
const PAUSE_MS = 100;

/** Before anything is served: what a restored backup brings back past its time is seen by nobody. */
export async function purgeToTheEnd(pool: Pool): Promise<void> {
  await onClient(pool, async (client) => {
    for (let purged: number | null = 1; purged !== 0;) {
      const text = "select purge_due($1) as purged";
      const [row] = await rowsOf<{ purged: number | null }>(client, text, MOST_ROWS);
      purged = row!.purged;
      if (purged === null) await sleep(PAUSE_MS);
    }
  });
}
