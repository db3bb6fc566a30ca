import { createHash } from "node:crypto";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { seedNetwork, type Size } from "../../bench/network.ts";
import { createTestDatabase } from "../support/postgres.ts";

// Nights enough for their index to be as deep as it is ten times as large.
const SMALL: Size = {
  organisations: 40,
  shelters: 400,
  nights: 180,
  handoffs: 2_000,
  grants: 400,
  strangersShelters: 0,
  strangersGrants: 0,
};

/** 8-kB blocks that one statement touches as the API's role, for the first organisation of the network. */
async function blocksOf(size: Size, statements: Readonly<Record<string, string>>) {
  const database = await createTestDatabase();
  const network = await seedNetwork(database.superuserUrl, size);
  const client = new pg.Client({ connectionString: database.apiUrl });
  await client.connect();
  try {
    const blocks: Record<string, number> = {};
    for (const [name, text] of Object.entries(statements)) {
      await client.query("begin");
      await client.query(
        "select set_config('wayhouse.organisation', $1, true), set_config('wayhouse.client', $2, true), set_config('wayhouse.scopes', 'beds:read beds:hold handoffs:read handoffs:receive', true)",
        [network.idOf(1), uuidOf("client1")],
      );
      const run = async () => {
        const { rows } = await client.query<{ "QUERY PLAN": [{ Plan: Record<string, number> }] }>(
          `explain (analyze, buffers, format json) ${text}`,
        );
        return rows[0]!["QUERY PLAN"][0].Plan;
      };
      await run();
      const plan = await run();
      expect(plan["Actual Rows"], name).toBe(4);
      blocks[name] = plan["Shared Hit Blocks"]! + plan["Shared Read Blocks"]!;
      await client.query("rollback");
    }
    return blocks;
  } finally {
    await client.end();
    await database.drop();
  }
}

const uuidOf = (name: string) =>
  createHash("md5")
    .update(name)
    .digest("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

describe("ten times the shelters, whoever they are shared with, and of strangers' grants", () => {
  it("change the blocks that a page of a search touches by half at most", async () => {
    const search = {
      search: `select * from search_beds('AM', null, '{}', current_date + 206, current_date + 213, 1, null, 4)`,
    };
    const few = await blocksOf(SMALL, search);
    const many = await blocksOf(
      { ...SMALL, shelters: 4_000, strangersShelters: 400, strangersGrants: 3_600 },
      search,
    );
    expect(many["search"]! / few["search"]!).toBeLessThanOrEqual(1.5);
  });
});
