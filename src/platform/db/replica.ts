import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { Unavailable } from "../../kernel/errors.ts";
import { faultOf, type Log } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { isServerError } from "./errors.ts";
import { assertMigrated, MigrationError } from "./migrator.ts";
import { type Rows, rowsOf, runBatch, type Statement } from "./pipeline.ts";
import { createPool, onClient, type Pool } from "./pool.ts";
import { assertRoleIsHarmless, UnsafeRole } from "./role.ts";

const EVERY_MS = 500;
/** What was seen of it longer ago says nothing any more. */
const TRUSTED_MS = 1_500;
/** An answer that takes it longer is not waited for. */
const PATIENCE_MS = 1_000;
/** newest_mark() keeps clear of twice as much. */
const MOST_SKEW_SECONDS = 1;

/** What a server knows of the caller; null where it cannot say. */
const MARK: Statement = { text: "select newest_mark() as mark", values: [] };
const markOf = (told: Rows | undefined) => (told?.rows[0]?.["mark"] ?? null) as string | null;

/** A streaming replica of the database: it may not know yet what the primary knows. */
export interface Replica {
  /**
   * A caller's read, asked of it and of the primary at once: what it found is told where it had the mark that the
   * primary has, which is asked after this call began. Otherwise the primary answers.
   * @throws what `primary` does, which asks it under the caller's status
   */
  read(
    enter: Statement,
    statements: readonly Statement[],
    primary: (...statements: Statement[]) => Promise<Rows[]>,
  ): Promise<Rows[]>;
  stop(): Promise<void>;
}
/** Why a server is not to be asked. */
export type ReplicaFault =
  | "not_a_standby"
  | "of_another_database"
  | "of_another_primary"
  | "behind"
  | "clock_differs";

/**
 * Looks after the replica from now on: it is asked while it follows the primary closely. Where it cannot be
 * reached, it is left out until it can be. @throws UnsafeRole if its role could go round the walls
 */
export async function startReplica(options: {
  readonly url: string;
  readonly primary: Pool;
  readonly max?: number | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
}): Promise<Replica> {
  const { primary, log, metrics } = options;
  const pool = createPool({ ...options, patienceMs: PATIENCE_MS });
  // Of its own: it is not to seem unreachable because many read from it.
  const lookout = createPool({ ...options, max: 1, patienceMs: PATIENCE_MS });
  let floor: { readonly lsn: string; readonly at: number } | null = null;
  let trustedUntil = -Infinity;
  let isLeftOut: boolean | null = null;

  /** @throws UnsafeRole, and what the replica does */
  async function examine(replica: pg.ClientBase): Promise<string | null> {
    if (isLeftOut !== false) {
      await assertRoleIsHarmless(replica, "DATABASE_READ_URL");
      if (!(await isMigrated(replica))) return "not_migrated";
    }
    const at = performance.now();
    try {
      // Where this process slept, what it knew of the primary is of another time.
      if (!floor || at - floor.at > TRUSTED_MS)
        floor = { lsn: await onClient(primary, flushedOf), at };
    } catch {
      return "primary_unreachable";
    }
    const position = await positionOf(replica);
    const { lsn } = floor;
    try {
      const { fault, flushed } = await onClient(primary, (client) => judge(client, position, lsn));
      floor = { lsn: flushed, at };
      return fault;
    } catch {
      return "primary_unreachable";
    }
  }

  /** @throws UnsafeRole */
  async function look(): Promise<void> {
    const askedAt = performance.now();
    const seen = await onClient(lookout, examine).then(
      (reason) => ({ reason, code: undefined }),
      (error: unknown) => {
        if (error instanceof UnsafeRole) throw error;
        return { reason: "unreachable", code: faultOf(error).code };
      },
    );
    trustedUntil = seen.reason === null ? askedAt + TRUSTED_MS : -Infinity;
    const wasLeftOut = isLeftOut;
    isLeftOut = seen.reason !== null;
    if (isLeftOut === wasLeftOut) return;
    if (seen.reason === null) log("replica_in_use", {});
    else log("replica_left_out", { reason: seen.reason, code: seen.code });
  }

  const stopping = new AbortController();
  async function keepLooking(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(EVERY_MS, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
      if (!stopping.signal.aborted) await look();
    }
  }

  try {
    await look();
  } catch (error) {
    await Promise.all([lookout.end(), pool.end()]);
    throw error;
  }
  // Whoever gives its role more than it had finds it left out for good.
  const looking = keepLooking().catch(() => {
    trustedUntil = -Infinity;
    log("replica_left_out", { reason: "unsafe_role" });
  });
  const isTrusted = () => performance.now() < trustedUntil;
  metrics.watchReplica(isTrusted);

  /** Null where it gave no answer. */
  const ask = (statements: readonly Statement[]): Promise<Rows[] | null> =>
    onClient(pool, (client) => runBatch(client, statements)).catch((error: unknown) => {
      // One that refuses a statement, as it does where that is in the way of what it replays, goes on.
      if (error instanceof Unavailable && !isServerError(error.cause)) trustedUntil = -Infinity;
      return null;
    });

  return {
    async read(enter, statements, primary) {
      if (!isTrusted()) {
        metrics.replicaAsked("left_out");
        return primary(...statements);
      }
      const asking = ask([enter, MARK, ...statements]);
      const [known] = await primary(MARK);
      const [, copied, ...results] = (await asking) ?? [];
      const [mark, copy] = [markOf(known), markOf(copied)];
      const isTold = copy !== null && copy === mark;
      metrics.replicaAsked(isTold ? "answered" : copied ? "behind" : "failed");
      return isTold ? results : primary(...statements);
    },
    async stop() {
      stopping.abort();
      await looking;
      await Promise.all([lookout.end(), pool.end()]);
    },
  };
}

const isMigrated = (replica: pg.ClientBase): Promise<boolean> =>
  assertMigrated(replica).then(
    () => true,
    (error: unknown) => {
      if (error instanceof MigrationError) return false;
      throw error;
    },
  );

/** How far the primary's log is certainly sent. */
export async function flushedOf(primary: pg.ClientBase): Promise<string> {
  const text = "select pg_current_wal_flush_lsn()::text as flushed";
  const [row] = await rowsOf<{ flushed: string }>(primary, text);
  return row!.flushed;
}

/** The same on every copy of a database: which cluster, and which of its databases. */
const HOME = `(select c.system_identifier || '.' || d.oid from pg_control_system() c, pg_database d
  where d.datname = current_database())`;

interface Position {
  readonly home: string;
  /** Null of a server that replays nothing. */
  readonly replayed: string | null;
  readonly now: string;
}

export async function positionOf(replica: pg.ClientBase): Promise<Position> {
  const [row] = await rowsOf<Position>(
    replica,
    `select ${HOME} as home, case when pg_is_in_recovery() then pg_last_wal_replay_lsn() end::text as replayed,
      clock_timestamp()::text as now`,
  );
  return row!;
}

/**
 * Whether what had this position follows this primary, and had come as far as the primary at `floor`. Asked
 * afterwards, so that no replica of it is ahead.
 */
export async function judge(
  primary: pg.ClientBase,
  { home, replayed, now }: Position,
  floor: string,
): Promise<{ readonly fault: ReplicaFault | null; readonly flushed: string }> {
  const [row] = await rowsOf<{ flushed: string; fault: ReplicaFault | null }>(
    primary,
    `select pg_current_wal_flush_lsn()::text as flushed, case
      when $1::pg_lsn is null then 'not_a_standby'
      when $5 <> ${HOME} then 'of_another_database'
      when $1::pg_lsn > pg_current_wal_insert_lsn() then 'of_another_primary'
      when $1::pg_lsn < $2::pg_lsn then 'behind'
      when abs(extract(epoch from clock_timestamp() - $3::timestamptz)) > $4 then 'clock_differs'
      end as fault`,
    replayed,
    floor,
    now,
    MOST_SKEW_SECONDS,
    home,
  );
  return row!;
}
