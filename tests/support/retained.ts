import { randomUUID } from "node:crypto";
import pg from "pg";
import { createPool } from "../../src/platform/db/pool.ts";
import { PURGES } from "../../src/platform/jobs/tasks.ts";
import { plantOrganisation } from "./network.ts";
import { createTestDatabase } from "./postgres.ts";

export type Retained = Awaited<ReturnType<typeof startRetained>>;

/** Two organisations, and what the jobs are to find. */
export async function startRetained() {
  const database = await createTestDatabase();
  const owner = new pg.Client({ connectionString: database.superuserUrl });
  await owner.connect();
  const pool = createPool({ url: database.apiUrl, max: 3, log: () => {} });
  const lantern = await plantOrganisation(database.ownerUrl, "lantern", ["audit:read"]);
  const harbour = await plantOrganisation(database.ownerUrl, "harbour", ["audit:read"]);
  return {
    owner,
    pool,
    lantern,
    harbour,
    count: async (table: string) =>
      Number((await owner.query(`select count(*) from ${table}`)).rows[0].count),
    /** Each table once. */
    async purge(limit: number): Promise<number> {
      let purged = 0;
      for (const { text } of PURGES)
        purged += Number((await pool.query(text.replace("1000", String(limit)))).rows[0].done);
      return purged;
    },
    /** Its id. */
    async plant(statements: readonly string[]): Promise<string> {
      const id = randomUUID();
      for (const statement of statements) {
        const used = [lantern.organisationId, harbour.organisationId, id].map(
          (value, index) => `'${value}'::uuid /* ${index + 1} */`,
        );
        await owner.query(statement.replaceAll(/\$(\d)/g, (_, index) => used[Number(index) - 1]!));
      }
      return id;
    },
    async stop() {
      await pool.end();
      await owner.end();
      await database.leave();
    },
  };
}
