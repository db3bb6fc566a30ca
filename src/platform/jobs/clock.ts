import type { Pool } from "../db/pool.ts";
import { onClient } from "../db/session.ts";
import { faultOf, type Log } from "../telemetry/log.ts";
import type { Task } from "./tasks.ts";

export interface Clock {
  /** Begins no further run; resolves when those under way have ended. */
  stop(): Promise<void>;
}

/** Each task in turn with itself: a slow run delays the next, and never meets it. */
export function startClock(options: {
  readonly pool: Pool;
  readonly tasks: readonly Task[];
  readonly log: Log;
}): Clock {
  const { pool, tasks, log } = options;
  const timers = new Map<Task, NodeJS.Timeout>();
  const running = new Set<Promise<void>>();
  let isStopping = false;

  async function attempt({ name, text }: Task): Promise<void> {
    try {
      await onClient(pool, (client) => client.query(text));
    } catch (error) {
      log("job_failed", { job: name, ...faultOf(error) });
    }
  }

  function run(task: Task): void {
    const turn: Promise<void> = attempt(task).finally(() => {
      running.delete(turn);
      if (!isStopping) timers.set(task, setTimeout(run, task.everyMs, task));
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
