import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { loadNodeKey, NodeKeyError } from "../platform/auth/node-key.ts";
import type { Config } from "../platform/config/config.ts";
import { assertMigrated, MigrationError } from "../platform/db/migrator.ts";
import { flushedOf, judge, positionOf, type ReplicaFault } from "../platform/db/replica.ts";
import { assertSettled, UnsettledRestore } from "../platform/db/restore.ts";
import { assertRoleIsHarmless, UnsafeRole } from "../platform/db/role.ts";
import { isOwnersAlone } from "../platform/files.ts";
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
    if (isOwnersAlone(nodeKeyFile)) return [{ name, state: "ok", told: kid }];
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
  const client = await reach(databaseUrl);
  if (!(client instanceof pg.Client)) return [unreachable(name, "DATABASE_URL", client.code)];
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

/** Of a replica that is configured: whether it follows the primary, as a server asks it. */
export async function examineReplica(config: Config): Promise<Finding[]> {
  const { databaseUrl, databaseReadUrl } = config;
  if (databaseUrl === undefined || databaseReadUrl === undefined) return [];
  const primary = await reach(databaseUrl);
  // Told of the database.
  if (!(primary instanceof pg.Client)) return [];
  const name = "replica";
  const replica = await reach(databaseReadUrl);
  try {
    if (!(replica instanceof pg.Client))
      return [unreachable(name, "DATABASE_READ_URL", replica.code)];
    const role = await finding("replica role", UnsafeRole, () =>
      assertRoleIsHarmless(replica, "DATABASE_READ_URL"),
    );
    const fault = await faultOfReplica(primary, replica);
    const follows: Finding =
      fault === null
        ? { name, state: "ok", told: "follows the primary" }
        : { name, state: "wrong", ...OF_REPLICA[fault] };
    return [follows, role];
  } finally {
    if (replica instanceof pg.Client) await replica.end();
    await primary.end();
  }
}

const OF_REPLICA: Readonly<
  Record<ReplicaFault, { readonly told: string; readonly advice: string }>
> = {
  not_a_standby: {
    told: "is no streaming replica: it takes writes itself, or does not replay a log",
    advice:
      "DATABASE_READ_URL must be a hot stand-by of DATABASE_URL; unset it where there is none.",
  },
  of_another_database: {
    told: "is a copy of another database",
    advice:
      "DATABASE_READ_URL names the server and the database: it is to be the one of DATABASE_URL.",
  },
  of_another_primary: {
    told: "has replayed what this primary never wrote",
    advice:
      "It follows another server, or one that was failed over: make it anew from this primary.",
  },
  behind: {
    told: "does not catch up with what the primary had written two seconds before",
    advice:
      "Is its replay paused or delayed on purpose, or its network or disk too slow? The primary answers meanwhile.",
  },
  clock_differs: {
    told: "has a clock that differs from the primary's by more than a second",
    advice: "Let both follow the same NTP servers.",
  },
};

/** What it lacks it may be about to replay. */
async function faultOfReplica(
  primary: pg.Client,
  replica: pg.Client,
): Promise<ReplicaFault | null> {
  const floor = await flushedOf(primary);
  for (let asked = 0; ; asked++) {
    const { fault } = await judge(primary, await positionOf(replica), floor);
    if (fault !== "behind" || asked === 8) return fault;
    await sleep(250);
  }
}

async function reach(connectionString: string): Promise<pg.Client | { readonly code: string }> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    return { code: (error as { code?: string }).code ?? "no answer" };
  }
}

function unreachable(name: string, variable: string, code: string): Finding {
  const advice = `${variable} says where and as whom: is it running, and are role and password right?`;
  return { name, state: "wrong", told: `cannot be reached (${code})`, advice };
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
