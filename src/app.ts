import type { Server } from "node:http";
import type pg from "pg";
import { createJwksFetcher } from "./platform/auth/jwks.ts";
import { type NodeKey, NodeKeyError } from "./platform/auth/node-key.ts";
import { createTokenVerifier, type Issuer } from "./platform/auth/token.ts";
import { assertMigrated } from "./platform/db/migrator.ts";
import { createPool } from "./platform/db/pool.ts";
import { assertRoleIsHarmless } from "./platform/db/role.ts";
import { onClient, openSession } from "./platform/db/session.ts";
import { createHttpServer } from "./platform/http/server.ts";
import { startClock } from "./platform/jobs/clock.ts";
import { TASKS } from "./platform/jobs/tasks.ts";
import type { Log } from "./platform/telemetry/log.ts";
import { buildSchema } from "./schema.ts";

export interface App {
  readonly server: Server;
  /** Ends requests under way, then jobs, then connections. */
  stop(): Promise<void>;
}

/** The composition root. @throws UnsafeRole, MigrationError, NodeKeyError before anything is served */
export async function createApp(options: {
  readonly apiUrl: string;
  readonly audience: string;
  readonly nodeKey: NodeKey;
  readonly graphiql?: boolean;
  readonly log: Log;
}): Promise<App> {
  const { audience, log } = options;
  const pool = createPool({ url: options.apiUrl, log });
  try {
    await onClient(pool, async (client) => {
      await assertRoleIsHarmless(client);
      await assertMigrated(client);
      await assertNodeKey(client, options.nodeKey);
    });
  } catch (error) {
    await pool.end();
    throw error;
  }
  const now = () => Date.now();
  const verifier = createTokenVerifier({
    audience,
    now,
    jwks: createJwksFetcher({ now }),
    findIssuer: (issuer) =>
      onClient(pool, async (client) => {
        const { rows } = await client.query<{
          organisation_id: string;
          jwks_uri: string | null;
          keys: Issuer["keys"];
        }>("select * from find_issuer($1)", [issuer]);
        const row = rows[0];
        return row
          ? { organisationId: row.organisation_id, jwksUri: row.jwks_uri, keys: row.keys }
          : null;
      }),
  });
  const server = createHttpServer({
    schema: buildSchema(),
    log,
    graphiql: options.graphiql ?? false,
    isReady: () =>
      onClient(pool, (client) => client.query("select 1")).then(
        () => true,
        () => false,
      ),
    async openSession(token) {
      const { clientId, ...identity } = await verifier.verify(token);
      return openSession(pool, { ...identity, clientName: clientId });
    },
  });
  const clock = startClock({ pool, tasks: TASKS, log });
  return {
    server,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      await closed;
      await clock.stop();
      await pool.end();
    },
  };
}

/** Every process of a node has one key: cursors and checkpoints of one mean something to all. */
async function assertNodeKey(client: pg.ClientBase, { kid }: NodeKey): Promise<void> {
  const { rows } = await client.query<{ kid: string }>("select claim_node_key($1) as kid", [kid]);
  if (rows[0]?.kid === kid) return;
  throw new NodeKeyError(
    `The other processes on this database have the node key ${rows[0]?.kid}. Give this one their file as NODE_KEY_FILE.`,
  );
}
