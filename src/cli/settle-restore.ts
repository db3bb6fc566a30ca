import pg from "pg";
import { readConfig } from "../platform/config/config.ts";
import { EmbeddedError } from "../platform/db/embedded/errors.ts";
import { startEmbedded } from "../platform/db/embedded/server.ts";
import { migrate, MigrationError } from "../platform/db/migrator.ts";
import { textLog } from "../platform/telemetry/log.ts";
import { Stop } from "./command.ts";
import { optionsOf } from "./key-files.ts";

export const usage = `usage: npm run --silent wayhouse -- settle restore

Once after a database was restored from a backup, before any process serves it. It is brought to this
version, the network is locked down, and what a backup brings back too much is dropped: docs/backup.md.
The database is the one that DATABASE_URL and DATABASE_OWNER_URL configure, or the embedded one.

Exit codes: 0 done; 2 nothing was done: no such database, or processes are connected to it.`;

export async function run(args: readonly string[]): Promise<number> {
  optionsOf(args, usage, []);
  const config = readConfig();
  if (config.databaseUrl === undefined) {
    const embedded = await startEmbedded({ dataDir: config.dataDir, log: textLog }).catch(told);
    try {
      return await settle(embedded.ownerUrl, embedded.apiUrl);
    } finally {
      await embedded.stop();
    }
  }
  if (config.databaseOwnerUrl === undefined)
    throw new Stop("Set DATABASE_OWNER_URL to the role that owns the database.");
  return settle(config.databaseOwnerUrl, config.databaseUrl);
}

const told = (error: unknown): never => {
  if (error instanceof EmbeddedError || error instanceof MigrationError)
    throw new Stop(error.message, { cause: error });
  throw error;
};

async function settle(ownerUrl: string, apiUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rows: others } = await client.query<{ name: string }>(
      `select distinct usename as name from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and usename is not null`,
    );
    if (others.length > 0) {
      const names = others.map(({ name }) => name).join(", ");
      throw new Stop(`Stop every process that is connected to the database first (as ${names}).`);
    }
    await migrate({ ownerUrl, apiUrl, log: textLog }).catch(told);
    const { rows } = await client.query<{ dropped: number }>("select settle_restore() as dropped");
    console.log(
      `Dropped ${rows[0]!.dropped} envelopes. The network is locked down: take back what was revoked since ` +
        "the backup, then open it (docs/backup.md).",
    );
    return 0;
  } finally {
    await client.end();
  }
}
