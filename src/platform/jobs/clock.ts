import { onClient, type Pool } from "../db/pool.ts";
import { rowsOf } from "../db/pipeline.ts";
import { faultOf, type Log } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Tracing } from "../telemetry/tracing.ts";
import type { Task } from "./tasks.ts";

interface Clock {
  /** Begins no further run; resolves when those under way have ended. */
  stop(): Promise<void>;
}

/** Each task in turn with itself: a slow run delays the next, and never meets it. */
export function startClock(options: {
  readonly pool: Pool;
  readonly tasks: readonly Task[];
  readonly log: Log;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
}): Clock {
  const { pool, tasks, log, metrics, tracing } = options;
  const timers = new Map<Task, NodeJS.Timeout>();
  const running = new Set<Promise<void>>();
  let isStopping = false;
  metrics.watchJobs(tasks.map(({ name }) => name));

  /** How much it did, as far as it says. */
  const attempt = ({ name, text }: Task): Promise<number> =>
    tracing.span(`job ${name}`, undefined, async (tell) => {
      const begun = performance.now();
      const end = (outcome: "success" | "failure") =>
        metrics.jobEnded(name, outcome, (performance.now() - begun) / 1_000);
      try {
        const [row] = await onClient(pool, (client) =>
          rowsOf<{ done?: number | null }>(client, text),
        );
        end("success");
        return row?.done ?? 0;
      } catch (error) {
        const fault = faultOf(error);
        end("failure");
        tell({ code: String(fault.code ?? fault.error) });
        log("job_failed", { job: name, ...fault });
        return 0;
      }
    });

  function run(task: Task): void {
    const { everyMs, againMs = everyMs } = task;
    const turn: Promise<void> = attempt(task).then((done) => {
      running.delete(turn);
      if (!isStopping) timers.set(task, setTimeout(run, done > 0 ? againMs : everyMs, task));
    });
    running.add(turn);
  }

  for (const task of tasks) run(task);
  return {
    async stop() {
      isStopping = true;
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.all(running);
    },
  };
}
