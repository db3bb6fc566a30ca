import pg from "pg";
import { readConfig } from "../platform/config/config.ts";
import { EmbeddedError } from "../platform/db/embedded/errors.ts";
import { startEmbedded } from "../platform/db/embedded/server.ts";
import { migrate, MigrationError } from "../platform/db/migrator.ts";
import { textLog } from "../platform/telemetry/log.ts";
import { answer, Stop } from "./command.ts";
import { optionsOf } from "./options.ts";

export const usage = `usage: wayhouse settle restore [--json]

To be run once on a database that was restored from a backup, before any process serves it. It brings the
database to this version, locks the network down, and drops the envelopes that the backup brought back:
docs/backup.md tells what follows. The database is the one that DATABASE_URL and DATABASE_OWNER_URL
configure, or the embedded one.

  --json  {"droppedEnvelopes": …}

Example:  wayhouse settle restore
Next:     take back what was revoked since the backup, start the servers, then \`wayhouse network status ACTIVE\`.`;

export const exits = {
  0: "settled, and the network is locked down",
  2: "nothing was done: no such database, or processes are connected to it",
};

export async function run(args: readonly string[]): Promise<0> {
  const { flags } = optionsOf(args, usage);
  const config = readConfig();
  if (config.databaseUrl === undefined) {
    const embedded = await startEmbedded({ dataDir: config.dataDir, log: textLog }).catch(told);
    try {
      return await settle(embedded.ownerUrl, embedded.apiUrl, flags.json);
    } finally {
      await embedded.stop();
    }
  }
  if (config.databaseOwnerUrl === undefined)
    throw new Stop("Set DATABASE_OWNER_URL to the role that owns the database.");
  return settle(config.databaseOwnerUrl, config.databaseUrl, flags.json);
}

const told = (error: unknown): never => {
  if (error instanceof EmbeddedError || error instanceof MigrationError)
    throw new Stop(error.message, { cause: error });
  throw error;
};

async function settle(ownerUrl: string, apiUrl: string, asJson: boolean): Promise<0> {
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
    const { dropped } = rows[0]!;
    answer(asJson, { droppedEnvelopes: dropped }, [
      `Dropped ${dropped} envelopes. The network is locked down: take back what was revoked since ` +
        "the backup, then open it (docs/backup.md).",
    ]);
    return 0;
  } finally {
    await client.end();
  }
}
