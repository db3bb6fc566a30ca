import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { inject } from "vitest";

export interface TestDatabase {
  readonly ownerUrl: string;
  readonly apiUrl: string;
  readonly superuserUrl: string;
  /** Fails the test file that left a connection open. The database goes with the server of the run. */
  leave(): Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  await pastMidnight();
  const name = `test_${randomBytes(6).toString("hex")}`;
  const at = (url: string) => Object.assign(new URL(url), { pathname: `/${name}` }).toString();
  await asSuperuser(inject("superuserUrl"), (client) =>
    client.query(`create database ${name} template wayhouse owner wayhouse_owner`),
  );
  return {
    ownerUrl: at(inject("ownerUrl")),
    apiUrl: at(inject("apiUrl")),
    superuserUrl: at(inject("superuserUrl")),
    // Where files were deleted some file systems look long for a place for the next: four hundred of each
    // database, and half a second of the processor.
    leave: () =>
      asSuperuser(inject("superuserUrl"), async (client) => {
        const left = await connectionsLeft(client, name);
        if (left > 0) throw new Error(`${left} connections were left open`);
      }),
  };
}

const DAY_MS = 86_400_000;
const NEAR_MS = 50_000;
/** What a test calls tomorrow would be today for what it asks a moment later: so none begins just before midnight. */
async function pastMidnight(): Promise<void> {
  const left = DAY_MS - (Date.now() % DAY_MS);
  if (left < NEAR_MS) await sleep(left + 100);
}

/** A backend outlives the socket its client closed by a moment. */
async function connectionsLeft(client: pg.Client, name: string): Promise<number> {
  for (let waits = 0; ; waits++) {
    const { rows } = await client.query("select from pg_stat_activity where datname = $1", [name]);
    if (rows.length === 0 || waits === 4_000) return rows.length;
    await sleep(5);
  }
}

/** Past every wall. */
export async function asSuperuser<R>(
  url: string,
  use: (client: pg.Client) => Promise<R>,
): Promise<R> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
