import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";

export interface TestDatabase {
  readonly ownerUrl: string;
  readonly apiUrl: string;
  /** Fails the test file that left a connection open. */
  drop(): Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  const at = (url: string) => Object.assign(new URL(url), { pathname: `/${name}` }).toString();
  await asSuperuser((client) =>
    client.query(`create database ${name} template wayhouse owner wayhouse_owner`),
  );
  return {
    ownerUrl: at(inject("ownerUrl")),
    apiUrl: at(inject("apiUrl")),
    drop: () =>
      asSuperuser(async (client) => {
        const { rows } = await client.query<{ state: string }>(
          "select state from pg_stat_activity where datname = $1",
          [name],
        );
        await client.query(`drop database ${name} with (force)`);
        if (rows.length > 0) throw new Error(`${rows.length} connections were left open`);
      }),
  };
}

async function asSuperuser(use: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: inject("superuserUrl") });
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
