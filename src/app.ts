import type { Server } from "node:http";
import { setTimeout } from "node:timers/promises";
import type pg from "pg";
import { Unauthenticated } from "./kernel/errors.ts";
import { createJwksFetcher } from "./platform/auth/jwks.ts";
import { type NodeKey, NodeKeyError } from "./platform/auth/node-key.ts";
import { createProofVerifier } from "./platform/auth/dpop.ts";
import { createTokenVerifier, type Issuer } from "./platform/auth/token.ts";
import { assertMigrated } from "./platform/db/migrator.ts";
import { rowsOf } from "./platform/db/pipeline.ts";
import { createPool, onClient, type Pool, reportOutages } from "./platform/db/pool.ts";
import { assertSettled, claimHome } from "./platform/db/restore.ts";
import { assertRoleIsHarmless } from "./platform/db/role.ts";
import { type Replica, startReplica } from "./platform/db/replica.ts";
import { openSession } from "./platform/db/session.ts";
import type { Registry } from "./platform/http/documents.ts";
import { createGate } from "./platform/limits/gate.ts";
import { DEFAULT_LIMITS, type Limits } from "./platform/limits/limits.ts";
import { drainable } from "./platform/http/drain.ts";
import { measureRequests } from "./platform/http/measure.ts";
import { createHttpServer } from "./platform/http/server.ts";
import { createCursors } from "./platform/streams/cursors.ts";
import { startFeed } from "./platform/streams/feed.ts";
import { startClock } from "./platform/jobs/clock.ts";
import { purgeToTheEnd } from "./platform/jobs/purge.ts";
import { TASKS } from "./platform/jobs/tasks.ts";
import type { Log } from "./platform/telemetry/log.ts";
import { createMetrics, type Metrics } from "./platform/telemetry/metrics.ts";
import { NO_TRACING, type Tracing } from "./platform/telemetry/tracing.ts";
import { buildSchema } from "./schema.ts";

export interface Core {
  readonly apiUrl: string;
  /** Twice as many as cores, unless said otherwise. */
  readonly databaseConnections?: number;
  readonly nodeKey: NodeKey;
  readonly log: Log;
  readonly metrics?: Metrics;
  readonly tracing?: Tracing;
}
interface Drained {
  /** Seconds in which readiness says no while everything is served, so that nobody sends more. */
  readonly noticeSeconds: number;
  /** In all; what has no answer then is cut off. */
  readonly mostSeconds: number;
}
interface Worker {
  /** True while it can do its work and is not about to end. */
  isReady(): Promise<boolean>;
  /** Streams, then requests, then jobs, then connections. Resolves with how many requests were cut off. */
  stop(drained?: Drained): Promise<number>;
}
export interface App extends Worker {
  readonly server: Server;
}

/** The jobs without the API. @throws as createApp */
export async function createWorker(options: Core): Promise<Worker> {
  const { pool, isReady } = await openDatabase(options);
  const clock = startClock({ pool, tasks: TASKS, ...observed(options) });
  let isStopping = false;
  return {
    isReady: async () => !isStopping && (await isReady()),
    async stop({ mostSeconds } = AT_ONCE) {
      isStopping = true;
      await atMost(
        mostSeconds * 1_000,
        clock.stop().then(() => pool.end()),
      );
      return 0;
    },
  };
}

/** The composition root. @throws UnsafeRole, MigrationError, UnsettledRestore, NodeKeyError before anything is served */
export async function createApp(
  options: Core & {
    /** Of a streaming replica: without it, the primary answers all. */
    readonly readUrl?: string | undefined;
    readonly audience: string;
    /** Where callers reach /graphql, the `htu` of their proofs: without it, at the audience. */
    readonly publicUrl?: string;
    /** False: also callers with a valid token are told nothing of the schema. */
    readonly introspection?: boolean;
    /** The only ones that are answered; any, without it. */
    readonly documents?: Registry | null;
    readonly graphiql?: boolean;
    readonly limits?: Limits;
    /** False where workers run the jobs. */
    readonly runsJobs?: boolean;
  },
): Promise<App> {
  const { audience, runsJobs = true, limits = DEFAULT_LIMITS } = options;
  const { log, metrics, tracing } = observed(options);
  const { pool, isReady: hasDatabase } = await openDatabase(options);
  const replica = await openReplica(options, pool, { log, metrics });
  const now = () => Date.now();
  const verifier = createTokenVerifier({
    audience,
    now,
    jwks: createJwksFetcher({ now }),
    onVerified: (wasKept) => metrics.tokenVerified(wasKept),
    findIssuer: (issuer) =>
      onClient(pool, async (client) => {
        const [row] = await rowsOf<{
          organisation_id: string;
          identity_thumbprint: string;
          jwks_uri: string | null;
          keys: Issuer["keys"];
        }>(client, "select * from issuer_of_tokens($1)", issuer);
        if (!row) return null;
        const { organisation_id: organisationId, identity_thumbprint: identityThumbprint } = row;
        return { organisationId, identityThumbprint, jwksUri: row.jwks_uri, keys: row.keys };
      }),
  });
  const verifyProof = createProofVerifier({
    url: options.publicUrl ?? new URL("/graphql", audience).href,
    now,
  });
  const cursors = createCursors(options.nodeKey.derive("event cursors"));
  const feed = startFeed({ url: options.apiUrl, cursors, log });
  const admit = createGate(limits);
  const server = createHttpServer({
    metrics,
    tracing,
    schema: buildSchema(),
    documents: options.documents ?? null,
    log,
    graphiql: options.graphiql ?? false,
    introspection: options.introspection ?? true,
    whyNotReady: () => whyNotReady(),
    async admit(credentials) {
      const identity = await verifier.verify(credentials.token);
      const proof = verifyProof(credentials, identity);
      const { more, searches: countSearches } = admit(identity);
      const open = async (isBelieved: boolean) => {
        const { expiresAt } = identity;
        // The body may have come later than the token's end.
        if (expiresAt * 1_000 <= now()) throw new Unauthenticated();
        const until = now() + limits.requestSeconds * 1_000;
        const allowance = { until, countSearches, perHour: limits.perHour };
        const session = await openSession(pool, identity, allowance, proof, isBelieved, replica);
        const caller = { identity, scopes: session.scopes, expiresAt };
        return { session, nodeKey: options.nodeKey, caller, feed, cursors };
      };
      return { open, more };
    },
  });
  server.maxConnections = limits.connections;
  // Node drops those past 2,000, with what stands twice; their size is bounded anyway.
  server.maxHeadersCount = 0;
  // Also of who was answered long before: a body that nobody reads may go on for so long.
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  const drain = drainable(server);
  const whyNotReady = async () => {
    if (drain.isDraining) return "This process drains: ask another one.";
    return (await hasDatabase()) ? null : "The database cannot be reached, or takes no writes.";
  };
  measureRequests(server, metrics);
  const tasks = runsJobs ? TASKS : [];
  const clock = startClock({ pool, tasks, log, metrics, tracing });
  return {
    server,
    isReady: async () => (await whyNotReady()) === null,
    async stop({ noticeSeconds, mostSeconds } = AT_ONCE) {
      const until = performance.now() + mostSeconds * 1_000;
      drain.begin();
      await setTimeout(noticeSeconds * 1_000);
      void feed.stop();
      const cutOff = await drain.finish(until - performance.now());
      // What still runs then has nobody to answer; the end of the process rolls it back.
      await atMost(
        until - performance.now(),
        clock
          .stop()
          .then(() => replica?.stop())
          .then(() => pool.end()),
      );
      return cutOff;
    },
  };
}

const AT_ONCE: Drained = { noticeSeconds: 0, mostSeconds: 25 };
const atMost = (ms: number, work: Promise<void>): Promise<void> =>
  Promise.race([work, setTimeout(ms, undefined, { ref: false })]);

const observed = ({ log, metrics = createMetrics(), tracing = NO_TRACING }: Core) => ({
  log,
  metrics,
  tracing,
});

async function openDatabase({ apiUrl, nodeKey, log, metrics, databaseConnections: max }: Core) {
  const pool = createPool({ url: apiUrl, log, max });
  reportOutages(pool, log);
  metrics?.watchPool(() => ({
    total: pool.totalCount,
    idle: pool.idleCount,
    waiting: pool.waitingCount,
  }));
  try {
    await onClient(pool, async (client) => {
      await assertRoleIsHarmless(client);
      await assertMigrated(client);
      await assertSettled(client);
      await assertNodeKey(client, nodeKey);
      await claimHome(client);
    });
    await purgeToTheEnd(pool, log);
  } catch (error) {
    await pool.end();
    throw error;
  }
  // A stand-by that is not promoted yet answers, and takes nothing.
  const text = "select current_setting('transaction_read_only') = 'off' as writes";
  let asking: Promise<boolean> | undefined;
  // Once for all who ask meanwhile: anybody may, and as often as it likes.
  const isReady = () =>
    (asking ??= onClient(pool, (client) => rowsOf<{ writes: boolean }>(client, text))
      .then(
        ([row]) => row!.writes,
        () => false,
      )
      .finally(() => (asking = undefined)));
  return { pool, isReady };
}

async function openReplica(
  { readUrl: url, databaseConnections: max }: { readUrl?: string | undefined } & Core,
  primary: Pool,
  observers: { readonly log: Log; readonly metrics: Metrics },
): Promise<Replica | null> {
  if (url === undefined) return null;
  try {
    return await startReplica({ url, primary, max, ...observers });
  } catch (error) {
    await primary.end();
    throw error;
  }
}

/** Every process of a node has one key: cursors and checkpoints of one mean something to all. */
async function assertNodeKey(client: pg.ClientBase, { kid }: NodeKey): Promise<void> {
  const [row] = await rowsOf<{ kid: string }>(client, "select claim_node_key($1) as kid", kid);
  if (row?.kid === kid) return;
  throw new NodeKeyError(
    `The other processes on this database have the node key ${row?.kid}. Give this one their file as NODE_KEY_FILE; where it is lost or stolen, \`wayhouse settle node-key\` lets a new one take its place.`,
  );
}
