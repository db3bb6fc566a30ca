import { setTimeout as sleep } from "node:timers/promises";
import { Unavailable } from "../../kernel/errors.ts";
import { isServerError } from "../db/errors.ts";
import { rowsOf } from "../db/pipeline.ts";
import { onClient, type Pool } from "../db/pool.ts";
import { faultOf, type Log } from "../telemetry/log.ts";
import { PURGES, type Task } from "./tasks.ts";

/** Between two looks while another process purges. */
const PAUSE_MS = 100;

/**
 * Before anything is served: what a restored backup brings back past its time is seen by nobody. A table that cannot be
 * purged stops neither the others nor the start: it is logged, and its job tries again.
 * @throws Unavailable where there is no database
 */
export async function purgeToTheEnd(pool: Pool, log: Log): Promise<void> {
  for (const purge of PURGES) {
    try {
      await runToTheEnd(pool, purge);
    } catch (error) {
      if (error instanceof Unavailable && !isServerError(error.cause)) throw error;
      log("job_failed", { job: purge.name, ...faultOf(error) });
    }
  }
}

async function runToTheEnd(pool: Pool, { text }: Task): Promise<void> {
  await onClient(pool, async (client) => {
    for (let purged: number | null = 1; purged !== 0;) {
      const [row] = await rowsOf<{ done: number | null }>(client, text);
      purged = row!.done;
      if (purged === null) await sleep(PAUSE_MS);
    }
  });
}
