import { createHash } from "node:crypto";
import type { Kysely, Transaction } from "kysely";
import type pg from "pg";
import {
  BadUserInput,
  Forbidden,
  IdempotencyMismatch,
  Unauthenticated,
  Unavailable,
} from "../../kernel/errors.ts";
import type { Scope } from "../../kernel/scopes.ts";
import { InvalidProof, type Proof } from "../auth/dpop.ts";
import { type Budget, DEFAULT_LIMITS, type Limits } from "../limits/limits.ts";
import { kyselyOver } from "./dialect.ts";
import { isRetryable, isServerError, translate } from "./errors.ts";
import { type Rows, runBatch, type Statement } from "./pipeline.ts";
import type { Pool } from "./pool.ts";
import type { DB } from "./schema.ts";

/** Who calls, as its token says. The database decides at each statement what of it still holds. */
export interface Identity {
  readonly organisationId: string;
  /** The token's `client_id` (RFC 9068). */
  readonly clientName: string;
  /** Thumbprint of the registered key that signed; null if a JWKS URI vouches for the key. */
  readonly kid: string | null;
  /** Thumbprint of the key that the token is bound to and that the call has proved to hold, or null. */
  readonly jkt: string | null;
  readonly jti: string;
  readonly scopes: readonly Scope[];
}

/** What one call changed: the source of its audit entries and of its events. */
export interface Change {
  readonly event: string;
  readonly type: string;
  readonly id: string;
  readonly owner: string;
  /** The other side of a grant or a hold. */
  readonly party?: string;
  readonly country?: string;
}
export interface Effect<R> {
  /** Ids only: this is what a repeated call is answered from. */
  readonly result: R;
  readonly changes: readonly Change[];
}
export interface Operation {
  readonly name: string;
  readonly scope: Scope;
  /** What its success is counted against. */
  readonly budget?: Budget;
}

/** How much one call may use. */
export interface Allowance extends Pick<Limits, "perHour"> {
  /** Milliseconds since the epoch: from then on no statement begins. */
  readonly until?: number;
  /** @throws RateLimited */
  readonly countSearch?: () => void;
}

/** What every write's input has. */
export interface Keyed {
  readonly idempotencyKey: string;
}

/** One call's way to the database: every statement re-enters with the caller's status and scopes. */
export interface Session {
  readonly organisationId: string;
  readonly clientId: string;
  /** token ∩ client ∩ organisation, as read when the session opened. */
  readonly scopes: ReadonlySet<Scope>;
  /** Reads: each statement is its own implicit transaction, one round trip. */
  readonly read: Kysely<DB>;
  /** Before a read that tells more the oftener it is asked. @throws RateLimited */
  spend(on: "searches" | "introductions"): Promise<void>;
  /**
   * Before what was read leaves the process: the status once more, and whether anything was taken from the
   * organisation since, if the process or the database slept meanwhile. @throws Unauthenticated, Forbidden,
   * Unavailable
   */
  confirm(): Promise<void>;
  /**
   * One transaction: status, idempotency key, work, audit, event. A repeated key answers with the
   * first call's result and has no further effect; an error rolls everything back, the key included.
   * @throws BadUserInput for a key that is not 8 to 128 visible ASCII characters, IdempotencyMismatch, RateLimited, Unauthenticated, Unavailable, and what `work` throws
   */
  write<R extends object>(
    operation: Operation,
    input: Keyed,
    work: (tx: Transaction<DB>) => Promise<Effect<R>>,
  ): Promise<R>;
}

const MOST_ATTEMPTS = 4;
/** What was read longer ago is confirmed before it is told. */
const STALE_MS = 150;
const KEY = /^[\x21-\x7e]{8,128}$/;

/**
 * Opens a session in one round trip, which uses up the proof. @throws Unauthenticated if the token, client
 * or organisation is out, InvalidProof if the proof was used before.
 */
export async function openSession(
  pool: Pool,
  identity: Identity,
  { until = Infinity, countSearch, perHour }: Allowance = DEFAULT_LIMITS,
  proof: Proof | null = null,
): Promise<Session> {
  const enter = enterAs(identity);
  const opening = proof ? [enter, use(proof)] : [enter];
  let openedAt = -Infinity;
  const [entered, used] = await onClient(pool, (client) => {
    // Not before: who waits for a connection has read nothing yet.
    openedAt = performance.now();
    return runBatch(client, opening);
  });
  const { clientId, scopes, snapshot } = admitted(entered);
  if (proof && used?.rows[0]?.["is_fresh"] !== true) throw new InvalidProof();

  const inTime = () => {
    if (Date.now() > until) throw new Unavailable();
  };
  const spending = (budget: Budget): Statement => ({
    text: "select spend_budget($1, $2)",
    values: [budget, perHour[budget]],
  });

  async function reenter(...statements: Statement[]): Promise<Rows | undefined> {
    inTime();
    const batch = [enter, ...statements];
    const [status, rows] = await onClient(pool, (client) => runBatch(client, batch));
    const now = admitted(status);
    // What the call was admitted for has been taken back meanwhile.
    for (const scope of scopes) if (!now.scopes.has(scope)) throw new Forbidden();
    return rows;
  }
  const read = kyselyOver({ run: async (statement) => (await reenter(statement))! });

  async function attempt<R extends object>(
    operation: Operation,
    input: Keyed,
    work: (tx: Transaction<DB>) => Promise<Effect<R>>,
  ): Promise<R> {
    const { idempotencyKey, ...rest } = input;
    const key = sha256(idempotencyKey);
    const request = sha256(`${operation.name}\n${canonical(rest)}`);
    return onClient(pool, async (client) => {
      // If the connection is lost the server rolls back by itself; the first error is what is told.
      const rollback = async () => void (await runBatch(client, [ROLLBACK]).catch(() => {}));
      let replayed: R | undefined;
      let effect: Effect<R> | undefined;
      const db = kyselyOver({
        async run(statement) {
          inTime();
          return (await runBatch(client, [statement]))[0]!;
        },
        async begin() {
          const claim = {
            text: "select fresh, matches, result from claim_idempotency_key($1, $2)",
            values: [key, request],
          };
          try {
            const [, status, claimed] = await runBatch(client, [BEGIN, enter, claim]);
            if (!admitted(status).scopes.has(operation.scope)) throw new Forbidden();
            const row = claimed!.rows[0]!;
            if (!row["matches"]) throw new IdempotencyMismatch();
            if (!row["fresh"]) replayed = row["result"] as R;
          } catch (error) {
            // Kysely rolls back only what it saw begin.
            await rollback();
            throw error;
          }
        },
        async commit() {
          if (!effect) return rollback();
          const record = {
            text: "select record_changes($1, $2, $3)",
            values: [operation.name, operation.scope, JSON.stringify(effect.changes)],
          };
          const remember = {
            text: "update idempotency_record set result = $3 where client_id = $1 and key_hash = $2",
            values: [clientId, key, JSON.stringify(effect.result)],
          };
          const spent = operation.budget ? [spending(operation.budget)] : [];
          await runBatch(client, [remember, record, ...spent, COMMIT, RING]);
        },
        rollback,
      });
      return db.transaction().execute(async (tx) => {
        if (replayed) return replayed;
        effect = await work(tx);
        return effect.result;
      });
    });
  }

  return {
    organisationId: identity.organisationId,
    clientId,
    scopes,
    read,
    async spend(on) {
      if (on === "searches") countSearch?.();
      else await reenter(spending(on));
    },
    async confirm() {
      if (performance.now() - openedAt <= STALE_MS) return;
      const values = [identity.organisationId, snapshot];
      const rows = await reenter({ text: "select revoked_since($1, $2) as revoked", values });
      if (rows!.rows[0]!["revoked"]) throw new Unavailable();
    },
    async write(operation, input, work) {
      if (!KEY.test(input.idempotencyKey)) {
        const message = "must be 8 to 128 visible ASCII characters";
        throw new BadUserInput([{ path: ["idempotencyKey"], message }]);
      }
      for (let count = 1; ; count++) {
        try {
          return await attempt(operation, input, work);
        } catch (error) {
          if (
            !(error instanceof Unavailable && isRetryable(error.cause)) ||
            count === MOST_ATTEMPTS
          )
            throw error;
          await new Promise((resolve) => setTimeout(resolve, 5 * 2 ** count * Math.random()));
        }
      }
    },
  };
}

const BEGIN: Statement = { text: "begin", values: [] };
const COMMIT: Statement = { text: "commit", values: [] };
// Apart from the transaction: a commit that notifies waits for every other one that does.
const RING: Statement = { text: "notify wayhouse_event", values: [] };
const ROLLBACK: Statement = { text: "rollback", values: [] };

/** Reads the status of whoever calls, and opens what follows to its eyes until the transaction ends. */
export function enterAs(identity: Identity): Statement {
  const { organisationId, clientName, kid, jti, scopes, jkt } = identity;
  return {
    text: "select client_id, scopes, pg_current_snapshot()::text as snapshot from enter($1, $2, $3, $4, $5, $6)",
    values: [organisationId, clientName, kid, jti, scopes, jkt !== null],
  };
}

const use = ({ digest, expiresAt }: Proof): Statement => ({
  text: "select use_proof($1, $2) as is_fresh",
  values: [digest, expiresAt],
});

function admitted(entered: Rows | undefined) {
  const row = entered?.rows[0];
  if (!row) throw new Unauthenticated();
  return {
    clientId: row["client_id"] as string,
    scopes: new Set(row["scopes"] as Scope[]) as ReadonlySet<Scope>,
    snapshot: row["snapshot"] as string,
  };
}

/** A connection whose state is unknown is closed, never given back. */
export async function onClient<R>(
  pool: Pool,
  use: (client: pg.PoolClient) => Promise<R>,
): Promise<R> {
  let client: pg.PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw isServerError(error) ? new Unavailable({ cause: error }) : translate(error);
  }
  try {
    const result = await use(client);
    client.release();
    return result;
  } catch (error) {
    const translated = translate(error);
    client.release(translated instanceof Unavailable);
    throw translated;
  }
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** JSON with members in one order, so that two spellings of one input are one request. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    member !== null && typeof member === "object" && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
