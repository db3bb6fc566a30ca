import pg from "pg";
import { Unavailable } from "../../kernel/errors.ts";
import { DEFAULT_CONNECTIONS } from "../config/config.ts";
import { faultOf, type Log } from "../telemetry/log.ts";
import { isRetryable, isServerError, translate } from "./errors.ts";
import { limitRoundTrips } from "./pipeline.ts";

export type Pool = pg.Pool;

type Parser = (value: string) => unknown;
const usual = (oid: number): Parser => pg.types.getTypeParser(oid, "text");
const TEXTS = 1009;
/** Those of most columns, without the parsers for every spelling: sessions are in UTC, and codes need no quotes. */
const PARSERS = new Map<number, Parser>([
  // RFC 3339 full-date: a night has no time zone.
  [pg.types.builtins.DATE, (value) => value],
  [
    pg.types.builtins.TIMESTAMPTZ,
    (value) =>
      /^\d{4}-\d\d-\d\d [\d:.]+\+00$/.test(value)
        ? new Date(`${value.slice(0, 10)}T${value.slice(11, -3)}Z`)
        : usual(pg.types.builtins.TIMESTAMPTZ)(value),
  ],
  [
    TEXTS,
    (value) =>
      /^\{[A-Z_]+(?:,[A-Z_]+)*\}$/.test(value) && !value.includes("NULL")
        ? codesIn(value)
        : usual(TEXTS)(value),
  ],
]);
/** Lists of codes are few: each is made once. Beyond so many none is kept. */
const MOST_LISTS = 1_000;
const lists = new Map<string, readonly string[]>();
function codesIn(value: string): readonly string[] {
  let codes = lists.get(value);
  if (!codes) {
    codes = Object.freeze(value.slice(1, -1).split(","));
    if (lists.size < MOST_LISTS) lists.set(value, codes);
  }
  return codes;
}
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    PARSERS.get(oid) ??
    pg.types.getTypeParser(oid, format as "text")) as typeof pg.types.getTypeParser,
};

/** Plans are made once a connection: making one anew costs more than most of them take to run. */
const SETTINGS = "-c timezone=UTC -c plan_cache_mode=force_generic_plan -c enable_seqscan=off";
/**
 * A URL's own `options` would be in the place of ours: they stand before them, and what both set is as ours say.
 * Nothing of ours is percent-encoded: pg encodes all of a URL anew where its password is not.
 */
function withSettings(url: string): string {
  const own = [...url.matchAll(/[?&]options=([^&#]*)/g)].at(-1)?.[1] ?? "";
  return `${url}${url.includes("?") ? "&" : "?"}options=${own}+${SETTINGS.replaceAll(" ", "+")}`;
}

export function createPool(options: {
  readonly url: string;
  readonly max?: number | undefined;
  /** How long a connection and a statement may take: without it, as long as an operator can bear. */
  readonly patienceMs?: number;
  readonly log: Log;
}): Pool {
  const { patienceMs } = options;
  const pool = new pg.Pool({
    connectionString: withSettings(options.url),
    max: options.max ?? DEFAULT_CONNECTIONS,
    types,
    application_name: "wayhouse",
    // Each keeps the statements it has parsed: a pause in the traffic shall not cost them.
    idleTimeoutMillis: 300_000,
    connectionTimeoutMillis: patienceMs ?? 5_000,
    statement_timeout: patienceMs ?? 10_000,
    lock_timeout: 5_000,
    idle_in_transaction_session_timeout: 15_000,
    keepAlive: true,
  });
  pool.on("error", (error) => {
    if (!pool.ending) options.log("idle_connection_lost", { code: faultOf(error).code });
  });
  // A checked-out client that loses its connection emits 'error'; unheard, it ends the process.
  // Whoever runs a statement on it gets the rejection.
  pool.on("connect", (client) => {
    client.on("error", () => {});
    limitRoundTrips(client, patienceMs ?? 15_000);
  });
  return pool;
}

const reports = new WeakMap<Pool, (error: unknown) => void>();
const QUIET_MS = 10_000;
/** Of whatever is told as UNAVAILABLE. An outage fails every call: each of its codes is logged once in a while. */
export function reportOutages(pool: Pool, log: Log): void {
  const toldAt = new Map<unknown, number>();
  reports.set(pool, (error) => {
    const { code } = faultOf(error);
    const now = performance.now();
    if (pool.ending || now - (toldAt.get(code) ?? -Infinity) < QUIET_MS) return;
    toldAt.set(code, now);
    log("database_unavailable", { code });
  });
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
    reports.get(pool)?.(error);
    throw isServerError(error) ? new Unavailable({ cause: error }) : translate(error);
  }
  try {
    const result = await use(client);
    client.release();
    return result;
  } catch (error) {
    const translated = translate(error);
    const isOut = translated instanceof Unavailable;
    // Where two stood in one another's way the call is made again.
    if (isOut && !isRetryable(error)) reports.get(pool)?.(error);
    client.release(isOut);
    throw translated;
  }
}
