import type { Pool } from "../db/pool.ts";
import { onClient } from "../db/session.ts";

/** What the clock does, and how often. Nothing depends on it having run: reads tell the same without. */
const TASKS = [
  { everyMs: 5_000, text: "select settle_overdue_holds(null, 200)" },
  { everyMs: 5_000, text: "select settle_handoffs(200)" },
  { everyMs: 3_600_000, text: "select open_nights(null)" },
  { everyMs: 3_600_000, text: "select purge_revoked_tokens()" },
  { everyMs: 3_600_000, text: "select purge_idempotency_records(interval '30 days')" },
  { everyMs: 3_600_000, text: "select purge_reveals(interval '30 days')" },
];

/** Any number of processes may run it: each task is one transaction that passes by what is locked. */
export function startClock(pool: Pool, log: (line: string) => void): { stop(): Promise<void> } {
  const running = new Set<Promise<void>>();
  const run = (text: string) => {
    const task: Promise<void> = onClient(pool, (client) => client.query(text))
      .then(() => {})
      .catch((error: unknown) =>
        log(`a job failed: ${error instanceof Error ? error.message : "unknown"}`),
      )
      .finally(() => running.delete(task));
    running.add(task);
  };
  const timers = TASKS.map(({ everyMs, text }) => setInterval(() => run(text), everyMs));
  for (const { text } of TASKS) run(text);
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(running);
    },
  };
}
