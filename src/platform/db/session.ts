import type { Kysely } from "kysely";
import type pg from "pg";
import { Forbidden, Unauthenticated, Unavailable } from "../../kernel/errors.ts";
import type { Scope } from "../../kernel/scopes.ts";
import { InvalidProof, type Proof } from "../auth/dpop.ts";
import { DEFAULT_LIMITS, type Limits } from "../limits/limits.ts";
import { admitted, type Admission, enterAs, type Entered, type Identity } from "./admission.ts";
import { kyselyOver } from "./dialect.ts";
import { gather, type Rows, runAsFar, type Send, type Statement } from "./pipeline.ts";
import { onClient, type Pool } from "./pool.ts";
import type { Replica } from "./replica.ts";
import type { DB } from "./schema.ts";
import { createWrites, spending, type Writes } from "./writes.ts";

/** How much one call may use. */
export interface Allowance extends Pick<Limits, "perHour"> {
  /** Milliseconds since the epoch: from then on no statement begins. */
  readonly until?: number;
  /** @throws RateLimited */
  readonly countSearch?: () => void;
}

/** One call's way to the database: every statement re-enters with the caller's status and scopes. */
export interface Session extends Writes {
  readonly organisationId: string;
  readonly clientId: string;
  /** token ∩ client ∩ organisation, as read when the session opened or believed until its first statement. */
  readonly scopes: ReadonlySet<Scope>;
  /** Reads: what is asked in one tick is one implicit transaction, one round trip. */
  readonly read: Kysely<DB>;
  /** The same for what is asked so often that its text is written down once. */
  ask<Row>(statement: Statement): Promise<Row[]>;
  /** The same, from the replica if there is one: what others did with what is theirs may be seconds old. */
  askRecent<Row>(statement: Statement): Promise<Row[]>;
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
}

/** What was read longer ago is confirmed before it is told. */
const STALE_MS = 150;

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
  const sent = (client: pg.ClientBase, statements: readonly Statement[]) => {
    askedAt ??= performance.now();
    return runAsFar(client, statements);
  };
  const run = async (client: pg.ClientBase, statements: readonly Statement[]) => {
    const { results, error } = await sent(client, statements);
    if (error) throw error;
    return results;
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

  async function reenter(...statements: Statement[]): Promise<Rows[]> {
    inTime();
    const [status, ...results] = await onClient(pool, (client) =>
      run(client, [enter, ...statements]),
    );
    readmitted(status);
    return results;
  }
  const lineOver = (send: Send) => gather(send, { alone: true });
  const line = lineOver((statements) => reenter(...statements));
  const recent = replica ? lineOver((all) => replica.read(enter, all, reenter)) : line;
  let kysely: Kysely<DB> | undefined;

  return {
    organisationId: identity.organisationId,
    clientId,
    scopes,
    get read() {
      return (kysely ??= kyselyOver(line));
    },
    ask: async <Row>(statement: Statement) => (await line(statement)).rows as Row[],
    askRecent: async <Row>(statement: Statement) => (await recent(statement)).rows as Row[],
    anew: () => openSession(pool, identity, allowance, null, false, replica),
    async spend(on) {
      if (on === "searches") countSearch?.();
      else await reenter(spending(on, perHour));
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
    ...createWrites({ pool, clientId, spelled, enter, inTime, readmitted, sent, perHour }),
  };
}

const use = ({ digest, expiresAt }: Proof): Statement => ({
  text: "select use_proof($1, $2) as is_fresh",
  values: [digest, expiresAt],
});
