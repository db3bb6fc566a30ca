import { existsSync, statSync } from "node:fs";
import pg from "pg";
import { loadNodeKey, NodeKeyError } from "../platform/auth/node-key.ts";
import type { Config } from "../platform/config/config.ts";
import { assertMigrated, MigrationError } from "../platform/db/migrator.ts";
import { assertSettled, UnsettledRestore } from "../platform/db/restore.ts";
import { assertRoleIsHarmless, UnsafeRole } from "../platform/db/role.ts";
import { clockFinding, type Finding } from "./finding.ts";

export async function examineNodeKey({ nodeKeyFile }: Config): Promise<Finding[]> {
  const name = "node key";
  if (!existsSync(nodeKeyFile)) {
    const advice =
      "The first server makes it; every other one of this node needs the same file as NODE_KEY_FILE.";
    return [{ name, state: "unknown", told: `${nodeKeyFile} is not there yet`, advice }];
  }
  try {
    const { kid } = await loadNodeKey(nodeKeyFile);
    if ((statSync(nodeKeyFile).mode & 0o077) === 0) return [{ name, state: "ok", told: kid }];
    const advice = `chmod 600 ${nodeKeyFile}`;
    return [{ name, state: "wrong", told: "its file can be read by others", advice }];
  } catch (error) {
    if (!(error instanceof NodeKeyError)) throw error;
    const advice = "Restore it from its backup: another key would not be that of the checkpoints.";
    return [{ name, state: "wrong", told: error.message, advice }];
  }
}

export async function examineDatabase({ databaseUrl }: Config): Promise<Finding[]> {
  const name = "database";
  if (databaseUrl === undefined) {
    const told = "the embedded one, which its server checks at each start";
    return [{ name, state: "unknown", told }];
  }
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (error) {
    const code = (error as { code?: string }).code ?? "no answer";
    const advice =
      "DATABASE_URL says where and as whom: is it running, and are role and password right?";
    return [{ name, state: "wrong", told: `cannot be reached (${code})`, advice }];
  }
  try {
    const askedAt = Date.now();
    const { rows } = await client.query<{ now: Date; role: string }>(
      "select clock_timestamp() as now, session_user as role",
    );
    const role = await finding("row-level security and role", UnsafeRole, () =>
      assertRoleIsHarmless(client),
    );
    return [
      { name, state: "ok", told: `reached as ${rows[0]!.role}` },
      clockFinding("database clock", rows[0]!.now.getTime(), askedAt),
      role,
      // What follows is asked as a server asks it.
      ...(role.state === "ok" ? await migrationFindings(client) : []),
    ];
  } finally {
    await client.end();
  }
}

/** Of a restore only a database of this version can tell. */
async function migrationFindings(client: pg.ClientBase): Promise<Finding[]> {
  const migrated = await finding("migrations", MigrationError, () => assertMigrated(client));
  if (migrated.state !== "ok") return [migrated];
  return [migrated, await finding("restore", UnsettledRestore, () => assertSettled(client))];
}

async function finding(
  name: string,
  fault: new (...args: never[]) => Error,
  examine: () => Promise<void>,
): Promise<Finding> {
  try {
    await examine();
    return { name, state: "ok", told: "as they must be" };
  } catch (error) {
    if (!(error instanceof fault)) throw error;
    const [told = "", ...advice] = error.message.split(/(?<=\.) /);
    return { name, state: "wrong", told, advice: advice.join(" ") };
  }
}
