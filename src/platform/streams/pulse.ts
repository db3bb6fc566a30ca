import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/** A database is asked this often, rung or not. */
const EVERY_MS = 200;
/** Beyond it a process no longer knows what was revoked: it closes its streams and opens none. */
export const LEASE_MS = 600;
const RETRY_MS = 50;
/** Rung without rest, it asks when the process has been idle for twice as long as it was busy since the last beat. */
const REST = 3;

interface Pulse {
  /**
   * False where nothing was learned for longer than the lease, nor is in a moment, and once it is stopped: the clock
   * that counts does not stop with the process.
   */
  comesAlive(): Promise<boolean>;
  /** Asks now instead of at the next beat. */
  ring(): void;
  stop(): Promise<void>;
}

/**
 * A connection of its own, which hears NOTIFY and asks at every beat: a ring only makes it sooner. `beat`
 * runs one after the other; what it throws, or a beat that is late, ends the connection for a new one.
 * `onLost` is told at least ten times a second while the lease is over.
 */
export function startPulse(options: {
  readonly url: string;
  readonly beat: (client: pg.Client) => Promise<void>;
  /** False: nobody listens, and a ring needs no beat of its own. */
  readonly isHeard: () => boolean;
  readonly onLost: () => void;
}): Pulse {
  let renewedAt = -Infinity;
  let stopped = false;
  let rung = false;
  let wake: (() => void) | undefined;
  const isAlive = () => !stopped && performance.now() - renewedAt <= LEASE_MS;
  const ring = () => {
    rung = true;
    wake?.();
  };
  const rest = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (rung || stopped) wake();
    });

  async function live(client: pg.Client): Promise<void> {
    await client.connect();
    await client.query("listen wayhouse_event");
    while (!stopped) {
      rung = false;
      const askedAt = performance.now();
      const begun = performance.eventLoopUtilization();
      await options.beat(client);
      renewedAt = askedAt;
      await rest(EVERY_MS);
      const { active } = performance.eventLoopUtilization(begun);
      const owed = Math.min(REST * active, EVERY_MS) - (performance.now() - askedAt);
      if (owed > 0) await sleep(owed);
    }
  }

  async function run(): Promise<void> {
    while (!stopped) {
      const client = new pg.Client({
        connectionString: options.url,
        application_name: "wayhouse streams",
        connectionTimeoutMillis: LEASE_MS,
        query_timeout: LEASE_MS,
        keepAlive: true,
      });
      client.on("error", () => {});
      client.on("notification", () => {
        if (options.isHeard()) ring();
      });
      try {
        await live(client);
        await client.end();
      } catch {
        // Not asked to leave: who does not answer would not hear it.
        (
          client as unknown as { connection: { stream: { destroy(): void } } }
        ).connection.stream.destroy();
        rung = false;
        await rest(RETRY_MS);
      }
    }
  }

  const running = run();
  const watch = setInterval(() => {
    if (!isAlive()) options.onLost();
  }, 100);
  watch.unref();
  return {
    async comesAlive() {
      const until = performance.now() + LEASE_MS;
      while (!isAlive() && !stopped && performance.now() < until) await sleep(RETRY_MS);
      return isAlive();
    },
    ring,
    async stop() {
      stopped = true;
      clearInterval(watch);
      wake?.();
      await running;
    },
  };
}
