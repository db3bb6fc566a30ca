import type { Kysely, Transaction } from "kysely";
import type pg from "pg";
import { Forbidden, Unauthenticated, Unavailable } from "../../kernel/errors.ts";
import type { Scope } from "../../kernel/scopes.ts";
import { InvalidProof, type Proof } from "../auth/dpop.ts";
import { DEFAULT_LIMITS, type Limits } from "../limits/limits.ts";
import { admitted, type Admission, enterAs, type Entered, type Identity } from "./admission.ts";
import { kyselyOver } from "./dialect.ts";
import {
  gather,
  type Line,
  type Outcome,
  type Rows,
  runAsFar,
  type Statement,
} from "./pipeline.ts";
import { onClient, type Pool } from "./pool.ts";
import type { Replica } from "./replica.ts";
import type { DB } from "./schema.ts";
import {
  type Effect,
  type Keyed,
  type Operation,
  spending,
  write,
  writeAtOnce,
  type Writer,
  type Writes,
  type Written,
} from "./writes.ts";

/** How much one call may use. */
interface Allowance extends Pick<Limits, "perHour"> {
  /** Milliseconds since the epoch: from then on no statement begins. */
  readonly until?: number;
  /** @throws RateLimited */
  readonly countSearches?: (count: number) => void;
}

/** One call's way to the database: every statement re-enters with the caller's status and scopes. */
export interface Session extends Writes {
  readonly organisationId: string;
  readonly clientId: string;
  /** token ∩ client ∩ organisation, as read when the session opened or believed until its first statement. */
  readonly scopes: ReadonlySet<Scope>;
  /**
   * Reads: what is asked in one tick is one implicit transaction, one round trip. Another one after a write, so that
   * what was kept of it is not taken for how things are by then.
   */
  readonly read: Kysely<DB>;
  /** The same for what is asked so often that its text is written down once. */
  ask<Row>(statement: Statement): Promise<Row[]>;
  /** The same, from the replica if there is one: what others did with what is theirs may be seconds old. */
  askRecent<Row>(statement: Statement): Promise<Row[]>;
  /** The same session, opened with a round trip of its own. @throws as openSession */
  anew(): Promise<Session>;
  /** Before reads that tell more the oftener they are asked. @throws RateLimited */
  countSearches(count: number): void;
  /** Before the one that is counted for all of an organisation. @throws RateLimited */
  countIntroduction(): Promise<void>;
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
  const call = new Call(pool, identity, allowance, replica);
  if (!isBelieved || proof || !call.believe()) await call.open(proof);
  return call;
}

/** A class, because functions that are made for each call would be old from their birth (see limitRoundTrips). */
class Call implements Session, Writer {
  readonly enter: Statement;
  readonly #line: Line = gather((statements) => this.#reenter(statements), { alone: true });
  readonly #recent: Line;
  #kysely: Kysely<DB> | undefined;
  #admission: Admission | undefined;
  #state: "believed" | "mistaken" | "admitted" = "admitted";
  /** Of the first statement: who waits for a connection has read nothing yet. */
  #askedAt: number | undefined;
  /** Of each statement: what it saw is as old as that. */
  readonly #snapshots: string[] = [];

  constructor(
    readonly pool: Pool,
    private readonly identity: Identity,
    private readonly allowance: Allowance,
    private readonly replica: Replica | null,
  ) {
    this.enter = enterAs(identity);
    this.#recent = replica
      ? gather(
          (all) => replica.read(this.enter, all, (...statements) => this.#reenter(statements)),
          { alone: true },
        )
      : this.#line;
  }

  get organisationId() {
    return this.identity.organisationId;
  }
  get clientId() {
    return this.#admission!.clientId;
  }
  get scopes() {
    return this.#admission!.scopes;
  }
  get spelled() {
    return this.#admission!.spelled;
  }
  get perHour() {
    return this.allowance.perHour;
  }
  get read() {
    return (this.#kysely ??= kyselyOver(this.#line));
  }

  /** False: nothing is remembered of the token. */
  believe(): boolean {
    this.#admission = admissions.get(this.identity);
    if (this.#admission) this.#state = "believed";
    return this.#admission !== undefined;
  }

  async open(proof: Proof | null): Promise<void> {
    const opening = proof ? [this.enter, use(proof)] : [this.enter];
    const [entered, used] = await onClient(this.pool, (client) => this.#run(client, opening));
    const admission = admitted(entered);
    if (proof && used?.rows[0]?.["is_fresh"] !== true) throw new InvalidProof();
    admissions.set(this.identity, admission);
    this.#snapshots.push(admission.snapshot);
    this.#admission = admission;
  }

  inTime(): void {
    const { until = Infinity } = this.allowance;
    if (Date.now() > until) throw new Unavailable();
  }

  sent(client: pg.ClientBase, statements: readonly Statement[]): Promise<Outcome> {
    this.#askedAt ??= performance.now();
    return runAsFar(client, statements);
  }

  readmitted(entered: Rows | undefined): Admission {
    const { clientId, scopes, spelled } = this.#admission!;
    const row = entered?.rows[0] as Entered | undefined;
    const isSame = row?.client_id === clientId && row.scopes === spelled;
    if (!isSame && this.#state !== "admitted") {
      this.#state = "mistaken";
      admissions.delete(this.identity);
      throw new Unauthenticated();
    }
    this.#state = "admitted";
    const now = isSame ? { clientId, scopes, spelled, snapshot: row.snapshot } : admitted(entered);
    for (const scope of scopes) if (!now.scopes.has(scope)) throw new Forbidden();
    this.#snapshots.push(now.snapshot);
    return now;
  }

  async #run(client: pg.ClientBase, statements: readonly Statement[]): Promise<Rows[]> {
    const { results, error } = await this.sent(client, statements);
    if (error) throw error;
    return results;
  }

  async #reenter(statements: readonly Statement[]): Promise<Rows[]> {
    this.inTime();
    const [status, ...results] = await onClient(this.pool, (client) =>
      this.#run(client, [this.enter, ...statements]),
    );
    this.readmitted(status);
    return results;
  }

  async ask<Row>(statement: Statement): Promise<Row[]> {
    return (await this.#line(statement)).rows as Row[];
  }

  async askRecent<Row>(statement: Statement): Promise<Row[]> {
    return (await this.#recent(statement)).rows as Row[];
  }

  anew(): Promise<Session> {
    return openSession(this.pool, this.identity, this.allowance, null, false, this.replica);
  }

  countSearches(count: number): void {
    this.allowance.countSearches?.(count);
  }

  async countIntroduction(): Promise<void> {
    await this.#reenter([spending("introductions", this.perHour)]);
  }

  async confirm(told: "read" | "written"): Promise<boolean> {
    if (this.#state === "believed")
      await this.#reenter([]).catch((error: unknown) => {
        if (this.#state !== "mistaken") throw error;
      });
    if (this.#state === "mistaken") return false;
    if (told === "read" && performance.now() - this.#askedAt! > STALE_MS) {
      const text =
        "select bool_or(revoked_since($1, s)) as revoked from unnest($2::pg_snapshot[]) s";
      const values = [this.organisationId, this.#snapshots];
      const [rows] = await this.#reenter([{ text, values }]);
      if (rows!.rows[0]!["revoked"]) throw new Unavailable();
    }
    return true;
  }

  async write<R extends object>(
    operation: Operation,
    input: Keyed,
    work: (tx: Transaction<DB>) => Promise<Effect<R>>,
  ): Promise<R> {
    const result = await write(this, operation, input, work);
    this.#kysely = undefined;
    return result;
  }

  async writeAtOnce<R extends object, Row>(
    operation: Operation,
    input: Keyed,
    result: R,
    work: Statement,
  ): Promise<Written<R, Row>> {
    const written = await writeAtOnce<R, Row>(this, operation, input, result, work);
    this.#kysely = undefined;
    return written;
  }
}

const use = ({ digest, expiresAt }: Proof): Statement => ({
  text: "select use_proof($1, $2) as is_fresh",
  values: [digest, expiresAt],
});
