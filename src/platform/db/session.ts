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
import { admitted, type Admission, enterAs, type Entered, type Identity } from "./admission.ts";
import { kyselyOver } from "./dialect.ts";
import { isRetryable } from "./errors.ts";
import { gather, type Rows, runAsFar, runBatch, type Send, type Statement } from "./pipeline.ts";
import { onClient, type Pool } from "./pool.ts";
import type { Replica } from "./replica.ts";
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
  /** token ∩ client ∩ organisation, as read when the session opened or believed until its first statement. */
  readonly scopes: ReadonlySet<Scope>;
  /** Reads: what is asked in one tick is one implicit transaction, one round trip. */
  readonly read: Kysely<DB>;
  /** The same, from the replica if there is one: what others did with what is theirs may be seconds old. */
  readonly readRecent: Kysely<DB>;
  /** The same session, opened with a round trip of its own. @throws as openSession */
  anew(): Promise<Session>;
  /** Before a read that tells more the oftener it is asked. @throws RateLimited */
  spend(on: "searches" | "introductions"): Promise<void>;
  /**
   * Before an answer leaves the process. False: the token was believed to open what it opened last, and the
   * first statement said otherwise; nothing was done, and the call is to begin anew. After a read it is asked
   * whether anything was taken from the organisation since, if the process or the database slept meanwhile.
   * @throws Unauthenticated, Forbidden, Unavailable
   */
  confirm(told: "read" | "written"): Promise<boolean>;
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

/** What the database said last of a token that the verifier still remembers. */
const admissions = new WeakMap<Identity, Admission>();

/**
 * Opens a session in one round trip, which uses up the proof; or, where `isBelieved`, in none if the token
 * was admitted before: every statement asks anyway. @throws Unauthenticated if the token, client or
 * organisation is out, InvalidProof if the proof was used before.
 */
export async function openSession(
  pool: Pool,
  identity: Identity,
  allowance: Allowance = DEFAULT_LIMITS,
  proof: Proof | null = null,
  isBelieved = false,
  replica: Replica | null = null,
): Promise<Session> {
  const { until = Infinity, countSearch, perHour } = allowance;
  const enter = enterAs(identity);
  const believed = isBelieved && !proof ? admissions.get(identity) : undefined;
  /** Of the first statement: who waits for a connection has read nothing yet. */
  let askedAt: number | undefined;
  const run = (client: pg.ClientBase, statements: readonly Statement[]) => {
    askedAt ??= performance.now();
    return runBatch(client, statements);
  };
  /** Of each statement: what it saw is as old as that. */
  const snapshots: string[] = [];
  let state: "believed" | "mistaken" | "admitted" = believed ? "believed" : "admitted";
  const { clientId, scopes, spelled } = believed ?? (await ask());

  async function ask(): Promise<Admission> {
    const opening = proof ? [enter, use(proof)] : [enter];
    const [entered, used] = await onClient(pool, (client) => run(client, opening));
    const admission = admitted(entered);
    if (proof && used?.rows[0]?.["is_fresh"] !== true) throw new InvalidProof();
    admissions.set(identity, admission);
    snapshots.push(admission.snapshot);
    return admission;
  }

  /** @throws Unauthenticated, Forbidden if what the call was admitted for has been taken back meanwhile */
  function readmitted(entered: Rows | undefined): Admission {
    const row = entered?.rows[0] as Entered | undefined;
    const isSame = row?.client_id === clientId && row.scopes === spelled;
    if (!isSame && state !== "admitted") {
      state = "mistaken";
      admissions.delete(identity);
      throw new Unauthenticated();
    }
    state = "admitted";
    const now = isSame ? { clientId, scopes, spelled, snapshot: row.snapshot } : admitted(entered);
    for (const scope of scopes) if (!now.scopes.has(scope)) throw new Forbidden();
    snapshots.push(now.snapshot);
    return now;
  }

  const inTime = () => {
    if (Date.now() > until) throw new Unavailable();
  };
  const spending = (budget: Budget): Statement => ({
    text: "select spend_budget($1, $2)",
    values: [budget, perHour[budget]],
  });

  async function reenter(...statements: Statement[]): Promise<Rows[]> {
    inTime();
    const [status, ...results] = await onClient(pool, (client) =>
      run(client, [enter, ...statements]),
    );
    readmitted(status);
    return results;
  }
  const lineOver = (send: Send) => kyselyOver(gather(send, { alone: true }));
  const read = lineOver((statements) => reenter(...statements));
  const readRecent = replica ? lineOver((all) => replica.read(enter, all, reenter)) : read;

  async function attempt<R extends object>(
    operation: Operation,
    input: Keyed,
    work: (tx: Transaction<DB>) => Promise<Effect<R>>,
  ): Promise<R> {
    const { idempotencyKey, ...rest } = input;
    const key = sha256(idempotencyKey);
    const claim: Statement = {
      text: "select fresh, matches, result from claim_idempotency_key($1, $2)",
      values: [key, sha256(`${operation.name}\n${canonical(rest)}`)],
    };
    return onClient(pool, async (client) => {
      let isOpen = false;
      /** The first statements travel with what must go before them: if that refuses, they are rolled back. */
      async function open(statements: readonly Statement[]): Promise<Rows[]> {
        isOpen = true;
        askedAt ??= performance.now();
        const { results, error } = await runAsFar(client, [BEGIN, enter, claim, ...statements]);
        const [, status, claimed, ...rows] = results;
        if (error && !status) throw error;
        if (!readmitted(status).scopes.has(operation.scope)) throw new Forbidden();
        const record = claimed?.rows[0];
        if (record && !record["matches"]) throw new IdempotencyMismatch();
        if (record && !record["fresh"]) throw new Replay(record["result"] as object);
        if (error) throw error;
        return rows;
      }
      const line = gather((statements) => {
        inTime();
        return isOpen ? runBatch(client, statements) : open(statements);
      });
      try {
        const effect = await work(kyselyOver(line) as Transaction<DB>);
        if (!isOpen) await open([]);
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
        return effect.result;
      } catch (error) {
        // If the connection is lost the server rolls back by itself; the first error is what is told.
        if (isOpen) await runBatch(client, [ROLLBACK]).catch(() => {});
        if (error instanceof Replay) return error.result as R;
        throw error;
      }
    });
  }

  return {
    organisationId: identity.organisationId,
    clientId,
    scopes,
    read,
    readRecent,
    anew: () => openSession(pool, identity, allowance, null, false, replica),
    async spend(on) {
      if (on === "searches") countSearch?.();
      else await reenter(spending(on));
    },
    async confirm(told) {
      if (state === "believed")
        await reenter().catch((error: unknown) => {
          if (state !== "mistaken") throw error;
        });
      if (state === "mistaken") return false;
      if (told === "read" && performance.now() - askedAt! > STALE_MS) {
        const text =
          "select bool_or(revoked_since($1, s)) as revoked from unnest($2::pg_snapshot[]) s";
        const [rows] = await reenter({ text, values: [identity.organisationId, snapshots] });
        if (rows!.rows[0]!["revoked"]) throw new Unavailable();
      }
      return true;
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

/** The key was used: what its first call was answered with. */
class Replay extends Error {
  constructor(readonly result: object) {
    super("the key was used before");
  }
}

const BEGIN: Statement = { text: "begin", values: [] };
const COMMIT: Statement = { text: "commit", values: [] };
// Apart from the transaction: a commit that notifies waits for every other one that does.
const RING: Statement = { text: "notify wayhouse_event", values: [] };
const ROLLBACK: Statement = { text: "rollback", values: [] };

const use = ({ digest, expiresAt }: Proof): Statement => ({
  text: "select use_proof($1, $2) as is_fresh",
  values: [digest, expiresAt],
});

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
