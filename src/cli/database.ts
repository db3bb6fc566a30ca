import pg from "pg";
import { readConfig } from "../platform/config/config.ts";
import { EmbeddedError } from "../platform/db/embedded/errors.ts";
import { startEmbedded } from "../platform/db/embedded/server.ts";
import { unreachable } from "../platform/db/errors.ts";
import { migrate, MigrationError } from "../platform/db/migrator.ts";
import { textLog } from "../platform/telemetry/log.ts";
import { Stop } from "./command.ts";

interface Database {
  /** As the role that owns it. */
  readonly owner: pg.Client;
  /** Brings it to this version. @returns the names of the migrations that it lacked */
  readonly migrate: () => Promise<string[]>;
}

/** The configured database, or the embedded one, for as long as `use` takes. @throws Stop */
export async function withDatabase<R>(use: (database: Database) => Promise<R>): Promise<R> {
  const { databaseUrl, databaseOwnerUrl, dataDir } = readConfig();
  const log = textLog;
  if (databaseUrl && !databaseOwnerUrl) {
    throw new Stop(
      "DATABASE_OWNER_URL must be set: the role that owns the database and migrates it.",
    );
  }
  try {
    const embedded = databaseUrl ? null : await startEmbedded({ dataDir, log });
    try {
      const ownerUrl = embedded?.ownerUrl ?? databaseOwnerUrl!;
      const apiUrl = embedded?.apiUrl ?? databaseUrl!;
      const owner = new pg.Client({ connectionString: ownerUrl });
      owner.on("error", () => {});
      await owner.connect();
      try {
        return await use({ owner, migrate: () => migrate({ ownerUrl, apiUrl, log }) });
      } finally {
        await owner.end();
      }
    } finally {
      await embedded?.stop();
    }
  } catch (error) {
    if (error instanceof EmbeddedError || error instanceof MigrationError)
      throw new Stop(error.message, { cause: error });
    const told = unreachable(error);
    throw told === null ? error : new Stop(told, { cause: error });
  }
}

/** @throws Stop while anything else is connected to the database */
export async function refuseUnderOthers(owner: pg.ClientBase): Promise<void> {
  const { rows: others } = await owner.query<{ name: string }>(
    `select distinct usename as name from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and usename is not null`,
  );
  if (others.length === 0) return;
  const names = others.map(({ name }) => name).join(", ");
  throw new Stop(`Stop every process that is connected to the database first (as ${names}).`);
}
