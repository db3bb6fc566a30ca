import { hash } from "node:crypto";
import type { Transaction } from "kysely";
import type pg from "pg";
import { BadUserInput, Forbidden, IdempotencyMismatch, Unavailable } from "../../kernel/errors.ts";
import type { Scope } from "../../kernel/scopes.ts";
import type { Budget, Limits } from "../limits/limits.ts";
import type { Admission } from "./admission.ts";
import { kyselyOver } from "./dialect.ts";
import { isRetryable, raisedBy } from "./errors.ts";
import { gather, type Outcome, type Rows, runBatch, type Statement } from "./pipeline.ts";
import { onClient, type Pool } from "./pool.ts";
import { ring } from "./ring.ts";
import type { DB } from "./schema.ts";

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
  /** What it is counted against where that is known once its facts were looked at: null for nothing. */
  readonly budget?: Budget | null;
}
export interface Operation {
  readonly name: string;
  readonly scope: Scope;
  /** What its success is counted against. */
  readonly budget?: Budget;
}

/** What every write's input has. */
export interface Keyed {
  readonly idempotencyKey: string;
}

export interface Writes {
  /**
   * One transaction: status, idempotency key, work, audit, event. A repeated key answers with the
   * first call's result and has no further effect, also where `work` would refuse it by now; an error rolls
   * everything back, the key included.
   * @throws BadUserInput for a key that is not 8 to 128 visible ASCII characters, IdempotencyMismatch, RateLimited, Unauthenticated, Unavailable, and what `work` throws
   */
  write<R extends object>(
    operation: Operation,
    input: Keyed,
    work: (tx: Transaction<DB>) => Promise<Effect<R>>,
  ): Promise<R>;
  /**
   * The same in one round trip, for work that is one statement: it records its changes by itself, raises what
   * it refuses, and its result is known before. @throws as `write`, and what the statement raises
   */
  writeAtOnce<R extends object, Row>(
    operation: Operation,
    input: Keyed,
    result: R,
    work: Statement,
  ): Promise<Written<R, Row>>;
}

export interface Written<R, Row> {
  readonly result: R;
  /** What the statement told; null where the key's first call had done it before. */
  readonly rows: readonly Row[] | null;
}

const MOST_ATTEMPTS = 4;
const KEY = /^[\x21-\x7e]{8,128}$/;

/** The session that writes: who calls and in what state. */
export interface Writer {
  readonly pool: Pool;
  readonly clientId: string;
  /** The scopes it was admitted with, as the database spells them. */
  readonly spelled: string;
  readonly enter: Statement;
  readonly perHour: Limits["perHour"];
  /** @throws Unavailable once the call has used up its time */
  inTime(): void;
  /** @throws Unauthenticated, Forbidden if what the call was admitted for has been taken back meanwhile */
  readmitted(status: Rows | undefined): Admission;
  sent(client: pg.ClientBase, statements: readonly Statement[]): Promise<Outcome>;
}

export function write<R extends object>(
  writer: Writer,
  operation: Operation,
  input: Keyed,
  work: (tx: Transaction<DB>) => Promise<Effect<R>>,
): Promise<R> {
  return persist(input, () => attempt(writer, operation, input, work));
}

export function writeAtOnce<R extends object, Row>(
  writer: Writer,
  operation: Operation,
  input: Keyed,
  result: R,
  work: Statement,
): Promise<Written<R, Row>> {
  return persist(input, () => attemptAtOnce(writer, operation, input, result, work));
}

async function attempt<R extends object>(
  writer: Writer,
  operation: Operation,
  input: Keyed,
  work: (tx: Transaction<DB>) => Promise<Effect<R>>,
): Promise<R> {
  const { pool, clientId, enter, perHour } = writer;
  const { key, request } = hashesOf(operation, input);
  const claim: Statement = {
    text: "select fresh, matches, result from claim_idempotency_key($1, $2)",
    values: [key, request],
  };
  // Before the work, which then is not done in vain; of several at once the next one counts what this one left.
  const spent = operation.budget ? [spending(operation.budget, perHour)] : [];
  return onClient(pool, async (client) => {
    let isOpen = false;
    /** The first statements travel with what must go before them: if that refuses, they are rolled back. */
    async function open(statements: readonly Statement[]): Promise<Rows[]> {
      isOpen = true;
      const { results, error } = await writer.sent(client, [
        BEGIN,
        enter,
        claim,
        ...spent,
        ...statements,
      ]);
      const [, status, claimed, ...rest] = results;
      const rows = rest.slice(spent.length);
      if (error && !status) throw error;
      if (!writer.readmitted(status).scopes.has(operation.scope)) throw new Forbidden();
      const record = claimed?.rows[0];
      if (record && !record["matches"]) throw new IdempotencyMismatch();
      if (record && !record["fresh"]) throw new Replay(record["result"] as object);
      if (error) throw error;
      return rows;
    }
    const line = gather((statements) => {
      writer.inTime();
      return isOpen ? runBatch(client, statements) : open(statements);
    });
    try {
      const effect = await work(kyselyOver(line) as Transaction<DB>).catch(async (refusal) => {
        // A call that is repeated was right when it was made: its key is asked first.
        if (!isOpen) await open([]);
        throw refusal;
      });
      if (!isOpen) await open([]);
      const record = {
        text: "select record_changes($1, $2, $3)",
        values: [operation.name, operation.scope, JSON.stringify(effect.changes)],
      };
      const remember = {
        text: "update idempotency_record set result = $3 where client_id = $1 and key_hash = $2",
        values: [clientId, key, JSON.stringify(effect.result)],
      };
      const counted = effect.budget ? [spending(effect.budget, perHour)] : [];
      // The record last: it looks whether anything was taken back while all before it waited for others.
      await runBatch(client, [remember, ...counted, record, COMMIT]);
      ring(pool);
      return effect.result;
    } catch (error) {
      // If the connection is lost the server rolls back by itself; the first error is what is told.
      if (isOpen) await runBatch(client, [ROLLBACK]).catch(() => {});
      if (error instanceof Replay) return error.result as R;
      throw error;
    }
  });
}

async function attemptAtOnce<R extends object, Row>(
  writer: Writer,
  operation: Operation,
  input: Keyed,
  result: R,
  work: Statement,
): Promise<Written<R, Row>> {
  writer.inTime();
  const { pool, spelled, enter, perHour } = writer;
  const { scope, budget = null } = operation;
  const { key, request } = hashesOf(operation, input);
  const claim: Statement = {
    text: "select claim_write($1, $2, $3, $4, $5, $6, $7)",
    values: [
      scope,
      spelled,
      key,
      request,
      JSON.stringify(result),
      budget,
      budget && perHour[budget],
    ],
  };
  return onClient(pool, async (client) => {
    // One implicit transaction: whatever raises undoes the rest.
    const { results, error } = await writer.sent(client, [enter, claim, work]);
    const [status, , told] = results;
    if (error && !status) throw error;
    // Where this says no the claim has raised it; where more is allowed now, the same key finds what was done.
    if (!writer.readmitted(status).scopes.has(scope)) throw new Forbidden();
    if (!error) {
      ring(pool);
      return { result, rows: told!.rows as Row[] };
    }
    const used = raisedBy(error, "WH003") as { matches: boolean; result: R } | null;
    if (!used) throw error;
    if (!used.matches) throw new IdempotencyMismatch();
    return { result: used.result, rows: null };
  });
}

/** @throws BadUserInput for a key out of its bounds */
async function persist<R>(input: Keyed, act: () => Promise<R>): Promise<R> {
  if (!KEY.test(input.idempotencyKey)) {
    const message = "must be 8 to 128 visible ASCII characters";
    throw new BadUserInput([{ path: ["idempotencyKey"], message }]);
  }
  for (let count = 1; ; count++) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Unavailable && isRetryable(error.cause)) || count === MOST_ATTEMPTS)
        throw error;
      await new Promise((resolve) => setTimeout(resolve, 5 * 2 ** count * Math.random()));
    }
  }
}

export const spending = (budget: Budget, perHour: Limits["perHour"]): Statement => ({
  text: "select spend_budget($1, $2)",
  values: [budget, perHour[budget]],
});

/** Of the key, and of all else that the call says: another call under one key is not the same. */
function hashesOf({ name }: Operation, { idempotencyKey, ...rest }: Keyed) {
  return { key: sha256(idempotencyKey), request: sha256(`${name}\n${canonical(rest)}`) };
}

/** The key was used: what its first call was answered with. */
class Replay extends Error {
  constructor(readonly result: object) {
    super("the key was used before");
  }
}

const BEGIN: Statement = { text: "begin", values: [] };
const COMMIT: Statement = { text: "commit", values: [] };
const ROLLBACK: Statement = { text: "rollback", values: [] };

function sha256(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

/** JSON with members in one order, so that two spellings of one input are one request. */
function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null || value instanceof Date)
    return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${members.toSorted().join()}}`;
}
