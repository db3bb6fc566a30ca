import { runBatch, type Statement } from "./pipeline.ts";
import { onClient, type Pool } from "./pool.ts";

/** What was committed is safe already: that it rings need not reach the disk. */
const RING: Statement = {
  text: "select set_config('synchronous_commit', 'off', true), pg_notify('wayhouse_event', '')",
  values: [],
};
const EVERY_MS = 10;
/** Of each pool: when it last rang or is going to. */
const rings = new WeakMap<Pool, number>();

/**
 * Tells all processes to look for what was committed, at once and then for all of some milliseconds together:
 * apart from the transactions, because a commit that notifies waits for every other one that does. Who does not
 * hear it looks all the same, a little later.
 */
export function ring(pool: Pool): void {
  const now = performance.now();
  const last = rings.get(pool) ?? -Infinity;
  if (last > now) return;
  const at = Math.max(now, last + EVERY_MS);
  rings.set(pool, at);
  setTimeout(() => {
    onClient(pool, (client) => runBatch(client, [RING])).catch(() => {});
  }, at - now).unref();
}
