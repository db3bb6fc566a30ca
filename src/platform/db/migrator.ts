import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import type { Log } from "../telemetry/log.ts";
import { rowsOf } from "./pipeline.ts";

const FOLDER = fileURLToPath(new URL("../../../migrations/", import.meta.url));
const FILE_NAME = /^\d{4}_[a-z0-9_]+\.sql$/;
const LEAST_SERVER = 18;
/** Any two processes that migrate one database take turns. */
const LOCK = 0x77617968;
/** A statement that waits for a table stops every other one behind it: so none waits long, but again. */
const LONGEST_WAIT = "2s";
const MOST_ATTEMPTS = 30;

interface Migration {
  readonly name: string;
  readonly sha256: string;
  readonly sql: string;
}

/** What is wrong with the migrations of a database, and what to do about it. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

/**
 * Brings a database forward, one transaction a file, and lets the role of `apiUrl` in: it is created
 * if it does not exist, with that URL's password, and made a member of `wayhouse_api`.
 * `ownerUrl` is a role that may create roles and owns the database; it needs to be no superuser.
 * @returns the names of the migrations that were missing
 */
export async function migrate(options: {
  readonly ownerUrl: string;
  readonly apiUrl: string;
  readonly log?: Log;
  readonly folder?: string;
}): Promise<string[]> {
  const migrations = await readMigrations(options.folder ?? FOLDER);
  const client = new pg.Client({
    connectionString: options.ownerUrl,
    application_name: "wayhouse migrate",
  });
  client.on("error", () => {});
  await client.connect();
  try {
    await assertServer(client);
    await client.query("select pg_advisory_lock($1)", [LOCK]);
    await client.query(CREATE_LEDGER);
    const missing = pending(migrations, await readApplied(client));
    for (const migration of missing) {
      await apply(client, migration);
      options.log?.("migrated", { migration: migration.name });
    }
    await admitApiRole(client, new pg.Client({ connectionString: options.apiUrl }));
    return missing.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

/** An older one would refuse something in the midst of a file, and say nothing that helps. */
async function assertServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_version: string }>("show server_version");
  const version = rows[0]!.server_version;
  if (Number.parseInt(version, 10) >= LEAST_SERVER) return;
  throw new MigrationError(
    `The server is PostgreSQL ${version}: it must be ${LEAST_SERVER} or later, with which this is tested.`,
  );
}

/** Throws unless the database stands exactly where this code expects it. */
export async function assertMigrated(client: pg.ClientBase): Promise<void> {
  const text = "select to_regclass('migration') as ledger";
  const [row] = await rowsOf<{ ledger: string | null }>(client, text);
  const applied = row?.ledger ? await readApplied(client) : [];
  const missing = pending(await readMigrations(FOLDER), applied);
  if (missing.length > 0) {
    throw new MigrationError(
      `The database lacks ${missing.map(({ name }) => name).join(", ")}. ` +
        "Set DATABASE_OWNER_URL to a role that may migrate it, and start again.",
    );
  }
}

const CREATE_LEDGER = `
  do $$
  begin
    if to_regclass('migration') is null then
      create table migration (
        name text primary key,
        sha256 text not null,
        applied_at timestamptz not null default now()
      );
      alter table migration enable row level security;
      alter table migration force row level security;
      create policy read_by_all on migration for select using (true);
      create policy written_by_its_owner on migration for insert to current_user with check (true);
      grant select on migration to public;
    end if;
  end
  $$`;

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).toSorted();
  return Promise.all(
    names.map(async (name) => {
      if (!FILE_NAME.test(name)) {
        throw new MigrationError(`migrations/${name} is not named NNNN_verb_noun.sql.`);
      }
      const sql = await readFile(join(folder, name), "utf8");
      return { name, sql, sha256: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

const readApplied = (client: pg.ClientBase) =>
  rowsOf<{ name: string; sha256: string }>(
    client,
    "select name, sha256 from migration order by name",
  );

function pending(
  migrations: readonly Migration[],
  applied: readonly { name: string; sha256: string }[],
) {
  for (const [index, { name, sha256 }] of applied.entries()) {
    const here = migrations[index];
    if (here?.name !== name) {
      throw new MigrationError(
        `The database has ${name}, which this version does not know. Start the version that made it, or a later one.`,
      );
    }
    if (here.sha256 !== sha256) {
      throw new MigrationError(
        `migrations/${name} was edited after it was applied. Restore it and put the change into a new file.`,
      );
    }
  }
  return migrations.slice(applied.length);
}

async function apply(client: pg.Client, migration: Migration, attempt = 1): Promise<void> {
  const { name, sha256, sql } = migration;
  try {
    await client.query(`begin; set local lock_timeout = '${LONGEST_WAIT}'`);
    await client.query(sql);
    await client.query("insert into migration (name, sha256) values ($1, $2)", [name, sha256]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => {});
    if ((error as { code?: string }).code === "55P03" && attempt < MOST_ATTEMPTS) {
      await sleep(500);
      return apply(client, migration, attempt + 1);
    }
    throw new MigrationError(
      `migrations/${name} failed and left nothing behind${placeOf(error, sql)}.`,
      { cause: error },
    );
  }
}

/** Where and why, without the database's message: that may hold a row. */
function placeOf(error: unknown, sql: string): string {
  const { code, position } = error as { code?: string; position?: string };
  const line =
    position === undefined ? "" : ` at line ${sql.slice(0, +position).split("\n").length}`;
  return code === undefined ? line : `${line} (${code})`;
}

/** `api` is not connected: it is who its URL says, in every form that pg understands. */
async function admitApiRole(client: pg.Client, api: pg.Client): Promise<void> {
  const name = client.escapeIdentifier(api.user!);
  const { rows } = await client.query<{ exists: boolean; member: boolean | null }>(
    `select to_regrole($1) is not null as exists,
      pg_has_role(to_regrole($1), 'wayhouse_api', 'usage') as member`,
    [name],
  );
  if (!rows[0]?.exists) {
    const password = client.escapeLiteral(api.password ?? "");
    await client.query(
      `create role ${name} login nosuperuser nobypassrls nocreaterole nocreatedb password ${password}`,
    );
  }
  if (!rows[0]?.member) await client.query(`grant wayhouse_api to ${name}`);
}
