import { createHash } from "node:crypto";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { seedNetwork, type Size } from "../../bench/network.ts";
import { blocksOf as blocksRead } from "../support/kept.ts";
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
    await database.leave();
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

describe("whom an organisation knows", () => {
  it("costs no more for all the scopes and countries in which it lets others in", async () => {
    const database = await createTestDatabase();
    const network = await seedNetwork(database.superuserUrl, SMALL);
    const client = new pg.Client({ connectionString: database.superuserUrl });
    await client.connect();
    try {
      const known = `select * from acquaintances_of('${network.idOf(1)}') k order by k`;
      const [before, blocksBefore] = [await client.query(known), await blocksRead(client, known)];
      await client.query(
        `with given as (
            insert into sharing_grant (owner_id, organisation_id, scopes)
              select $1, id, '{beds:read}' from organisation where id = any($2) returning *)
          insert into sharing_reach (grant_id, organisation_id, owner_id, scope, country, valid_from)
            select g.id, g.organisation_id, g.owner_id, 'beds:read', n::text, now() from given g, generate_series(1, 5000) n`,
        [network.idOf(1), before.rows.map(({ k }: { k: string }) => k).slice(0, 5)],
      );
      await client.query("vacuum (analyze) sharing_reach");
      expect((await client.query(known)).rows).toEqual(before.rows);
      expect((await blocksRead(client, known)) - blocksBefore).toBeLessThan(20);
    } finally {
      await client.end();
      await database.leave();
    }
  });
});
