import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";

export interface TestDatabase {
  readonly ownerUrl: string;
  readonly apiUrl: string;
  readonly superuserUrl: string;
  /** Fails the test file that left a connection open. */
  drop(): Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  const at = (url: string) => Object.assign(new URL(url), { pathname: `/${name}` }).toString();
  await asSuperuser(inject("superuserUrl"), (client) =>
    client.query(`create database ${name} template wayhouse owner wayhouse_owner`),
  );
  return {
    ownerUrl: at(inject("ownerUrl")),
    apiUrl: at(inject("apiUrl")),
    superuserUrl: at(inject("superuserUrl")),
    drop: () =>
      asSuperuser(inject("superuserUrl"), async (client) => {
        const left = await connectionsLeft(client, name);
        await client.query(`drop database ${name} with (force)`);
        if (left > 0) throw new Error(`${left} connections were left open`);
      }),
  };
}

/** A backend outlives the socket its client closed by a moment. */
async function connectionsLeft(client: pg.Client, name: string): Promise<number> {
  for (let waits = 0; ; waits++) {
    const { rows } = await client.query("select from pg_stat_activity where datname = $1", [name]);
    if (rows.length === 0 || waits === 100) return rows.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
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
