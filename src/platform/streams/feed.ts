import { LimitExceeded, Unauthenticated, Unavailable } from "../../kernel/errors.ts";
import { enterAs, type Entered, type Identity } from "../db/admission.ts";
import { createPool, onClient } from "../db/pool.ts";
import { runBatch, type Statement } from "../db/pipeline.ts";
import { faultOf, type Log } from "../telemetry/log.ts";
import { type Cursors, isBefore, type Place } from "./cursors.ts";
import { createQueue, type Queue } from "./queue.ts";
import { LEASE_MS, startPulse } from "./pulse.ts";
import { inTurns } from "./turns.ts";

/** Carries ids only; one object for all streams it is delivered to. */
export interface FeedEvent extends Place {
  readonly cursor: string;
  readonly kind: string;
  readonly subjectType: string;
  readonly subjectId: string;
  readonly at: Date;
}

/** Of one caller. */
export interface Subscriber {
  readonly identity: Identity;
  /** What the call was admitted for: with less, or more, the stream ends. */
  readonly scopes: ReadonlySet<string>;
  /** Seconds since the epoch: with its token, the stream ends. */
  readonly expiresAt: number;
}

export interface Feed {
  /**
   * Events of these kinds after a place, or from the answer on. They throw Unauthenticated when the token, client,
   * organisation or network is out, Unavailable when this process cannot know, and end without an error
   * when its rights changed or the process stops: whoever still may then follows on after its last cursor.
   * @throws LimitExceeded, Unavailable
   */
  follow(
    subscriber: Subscriber,
    after: Place | null,
    kinds: readonly string[] | null,
  ): Promise<AsyncIterable<FeedEvent>>;
  /** Streams under way. */
  readonly size: number;
  stop(): Promise<void>;
}

const MOST_STREAMS = 4_000;
const MOST_STREAMS_OF_ONE = 2_500;
/** A reader this many events behind is cut off: it follows on after its last cursor. */
const MOST_WAITING = 1_000;
const PAGE = 200;

interface Follower extends Subscriber {
  readonly kinds: ReadonlySet<string> | null;
  readonly queue: Queue<FeedEvent>;
  readonly rights: string;
  /** Everything up to here is in the queue; null until it begins, from now on. */
  place: Place | null;
  /** The organisation's epoch under which it was let in; null until it was. */
  epoch: string | null;
}
interface Company {
  readonly followers: Set<Follower>;
  epoch: string | null;
  isConcerned: boolean;
  serving: boolean;
}
interface Page {
  /** Milliseconds of the clock that never runs backwards. */
  readonly askedAt: number;
  readonly epoch: string;
  readonly rights: string | null;
  readonly horizon: string;
  readonly events: readonly FeedEvent[];
}

/** The streams of one process: one question for all of them at each beat, one a wake-up for each organisation. */
export function startFeed(options: {
  readonly url: string;
  readonly cursors: Cursors;
  readonly log: Log;
}): Feed {
  const { cursors, log } = options;
  const pool = createPool({ url: options.url, max: 2, log });
  const companies = new Map<string, Company>();
  let size = 0;
  let horizon: string | null = null;
  const pulse = startPulse({
    url: options.url,
    async beat(client) {
      const text =
        "select horizon::text, organisation_id, epoch::text, is_concerned from stream_pulse($1, $2)";
      const [asked] = await runBatch(client, [{ text, values: [horizon, [...companies.keys()]] }]);
      for (const row of asked!.rows) {
        horizon = row["horizon"] as string;
        const id = row["organisation_id"] as string | null;
        const company = id === null ? undefined : companies.get(id);
        if (!company) continue;
        company.epoch = row["epoch"] as string;
        company.isConcerned ||= row["is_concerned"] as boolean;
        serve(id!, company);
      }
    },
    isHeard: () => companies.size > 0,
    onLost: () => endAll(new Unavailable()),
  });

  function endAll(error?: Error): void {
    for (const { followers } of companies.values())
      for (const follower of followers) follower.queue.end(error);
  }

  /** One after the other for one organisation; what comes meanwhile is served in the next turn. */
  function serve(id: string, company: Company): void {
    if (company.serving) return;
    company.serving = true;
    serveOnce(id, company)
      .then(() => {
        company.serving = false;
        if (company.isConcerned) pulse.ring();
      })
      .catch((error: unknown) => {
        company.serving = false;
        // The lease ends what cannot be served; until then the next beat tries again.
        company.isConcerned = true;
        if (!(error instanceof Unavailable)) log("stream_failed", faultOf(error));
      });
  }

  async function serveOnce(id: string, company: Company): Promise<void> {
    const suspects = [...company.followers].filter(
      ({ epoch }) => epoch !== null && epoch !== company.epoch,
    );
    if (suspects.length > 0) await readmit(id, suspects);
    if (!company.isConcerned) return;
    company.isConcerned = false;
    const groups = new Map<string, Follower[]>();
    for (const follower of company.followers) {
      if (follower.epoch === null) continue;
      const sight = sightOf(follower);
      groups.set(sight, [...(groups.get(sight) ?? []), follower]);
    }
    for (const group of groups.values()) {
      const from = group.map(({ place }) => place!).reduce((a, b) => (isBefore(b, a) ? b : a));
      const page = await read(id, group[0]!, from);
      if (page.rights !== group[0]!.rights) {
        // More than before is under the same epoch: who follows on is told what it may see by now.
        await readmit(id, group);
        continue;
      }
      for await (const follower of inTurns(group)) {
        refuseStale(page);
        const isOfNow = follower.epoch === company.epoch && follower.epoch === page.epoch;
        if (!isOfNow || !deliver(follower, page)) company.isConcerned = true;
      }
    }
  }

  /** False if there is more to read. */
  function deliver(follower: Follower, { events, horizon: settled }: Page): boolean {
    const isWhole = events.length < PAGE;
    for (const event of events) {
      if (!isBefore(follower.place!, event)) continue;
      if (!follower.kinds || follower.kinds.has(event.kind)) follower.queue.push(event);
      follower.place = event;
    }
    const end = { transaction: settled, position: "0" };
    if (isWhole && isBefore(follower.place!, end)) follower.place = end;
    return isWhole;
  }

  /** Epoch, admission and events in one round trip, in this order: what is taken back between shows at the next beat. */
  async function read(id: string, { identity }: Subscriber, from: Place | null): Promise<Page> {
    const statements: Statement[] = [
      { text: "select epoch_of($1)::text as epoch", values: [id] },
      enterAs(identity),
      {
        text: `select horizon::text, transaction_id::text as transaction, "position"::text, kind,
            subject_type as "subjectType", subject_id as "subjectId", at
          from read_events($1, $2, null, $3)`,
        values: from ? [from.transaction, from.position, PAGE] : ["9223372036854775807", "0", 0],
      },
    ];
    let askedAt = Infinity;
    const [epoch, entered, found] = await onClient(pool, (client) => {
      askedAt = performance.now();
      return runBatch(client, statements);
    });
    refuseStale({ askedAt });
    const { client_id: client, scopes } = entered!.rows[0] as unknown as Entered;
    const told = found!.rows as unknown as (Omit<FeedEvent, "cursor"> & { horizon: string })[];
    return {
      askedAt,
      epoch: epoch!.rows[0]!["epoch"] as string,
      rights: client === null ? null : rightsOf(scopes.split(" ")),
      horizon: told[0]!.horizon,
      // Without an event the horizon stands alone.
      events: told
        .filter(({ transaction }) => transaction !== null)
        .map(({ horizon: _, ...event }) => ({ ...event, cursor: cursors.seal(id, event) })),
    };
  }

  /** Under another epoch than its own, or with other rights, a stream ends: with an error if it would not be let in again. */
  async function readmit(id: string, suspects: readonly Follower[]): Promise<void> {
    const text = "select index from admit_streams($1, $2, $3, $4, $5, $6)";
    const of = suspects.map(({ identity }) => identity);
    const values = [
      id,
      of.map(({ clientName }) => clientName),
      of.map(({ kid }) => kid),
      of.map(({ jti }) => jti),
      of.map(({ scopes }) => scopes.join(" ")),
      of.map(({ jkt }) => jkt !== null),
    ];
    const [admitted] = await onClient(pool, (client) => runBatch(client, [{ text, values }]));
    const may = new Set(admitted!.rows.map((row) => Number(row["index"]) - 1));
    for (const [index, { queue }] of suspects.entries())
      queue.end(may.has(index) ? undefined : new Unauthenticated());
  }

  /** Reads up to what is settled by itself, then goes with the others. */
  async function begin(id: string, follower: Follower): Promise<void> {
    for (;;) {
      const page = await read(id, follower, follower.place);
      if (page.rights === null) return follower.queue.end(new Unauthenticated());
      if (page.rights !== follower.rights) return follower.queue.end();
      follower.place ??= { transaction: page.horizon, position: "0" };
      const isWhole = deliver(follower, page);
      if (!companies.get(id)?.followers.has(follower)) return;
      if (!isWhole) continue;
      follower.epoch = page.epoch;
      // What was settled since is for the next turn, of all of them.
      companies.get(id)!.isConcerned = true;
      return pulse.ring();
    }
  }

  return {
    get size() {
      return size;
    },
    async follow(subscriber, after, kinds) {
      const id = subscriber.identity.organisationId;
      if (!(await pulse.comesAlive())) throw new Unavailable();
      const company = companies.get(id) ?? {
        followers: new Set(),
        epoch: null,
        isConcerned: false,
        serving: false,
      };
      if (size >= MOST_STREAMS || company.followers.size >= MOST_STREAMS_OF_ONE) {
        throw new LimitExceeded("There are too many streams: close one, or come back later.");
      }
      const queue = createQueue<FeedEvent>(MOST_WAITING, () => {
        clearTimeout(expiry);
        size--;
        company.followers.delete(follower);
        if (company.followers.size === 0) companies.delete(id);
      });
      const follower: Follower = {
        ...subscriber,
        kinds: kinds && new Set(kinds),
        queue,
        rights: rightsOf([...subscriber.scopes]),
        place: after,
        epoch: null,
      };
      const lifeMs = subscriber.expiresAt * 1000 - Date.now();
      const expiry = setTimeout(() => queue.end(new Unauthenticated()), lifeMs);
      size++;
      company.followers.add(follower);
      companies.set(id, company);
      const begun = begin(id, follower).catch((error: unknown) =>
        queue.end(error instanceof Error ? error : new Unavailable()),
      );
      if (!after) await begun;
      return queue;
    },
    async stop() {
      endAll();
      await pulse.stop();
      await pool.end();
    },
  };
}

/** Read before this process was stopped, perhaps, and told after: nobody may hear of it now. @throws Unavailable */
function refuseStale({ askedAt }: Pick<Page, "askedAt">): void {
  if (performance.now() - askedAt > LEASE_MS) throw new Unavailable();
}

/** Who has the same sees the same: of an organisation's clients, who does not manage them sees itself alone. */
const sightOf = ({ rights, scopes, identity }: Follower) =>
  scopes.has("clients:manage") || scopes.has("network:admin")
    ? rights
    : `${rights} ${identity.clientName}`;

const rightsOf = (scopes: readonly string[]) => scopes.toSorted().join(" ");
