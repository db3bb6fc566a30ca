import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Network, seedNetwork } from "../../bench/network.ts";
import { blocksOf, haveKept } from "../support/kept.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

const SIZE = {
  organisations: 20,
  shelters: 20,
  nights: 30,
  handoffs: 400,
  grants: 40,
  strangersShelters: 0,
  strangersGrants: 0,
};
const HOLDS = ["HELD", "CONFIRMED", "RELEASED", "DECLINED", "EXPIRED", "ENDED"];
const LIVE = ["REQUESTED", "ACCEPTED", "IN_PROGRESS", "ON_HOLD"];
const HANDOFFS = [...LIVE, "COMPLETED", "REJECTED", "CANCELLED", "FAILED", "EXPIRED"];

let database: TestDatabase;
let network: Network;
let observer: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  network = await seedNetwork(database.superuserUrl, SIZE);
  observer = new pg.Client({ connectionString: database.superuserUrl });
  await observer.connect();
  const [me, other] = [network.idOf(1), network.idOf(2)];
  await haveKept(observer, me, other);
  // A day's offers to one, and a day's own: live, and nothing has closed a country to them.
  await observer.query(`
    set session_replication_role = replica;
    delete from advisory;
    insert into handoff
      select (jsonb_populate_record(h, jsonb_build_object('id', md5(s || n)::uuid, 'sender_id', s))).*
        from (select h as h from handoff h where h.status = 'REQUESTED' and h.recipient_id is null limit 1) o,
          unnest('{${me},${other}}'::text[]) s, generate_series(1, 14400) n;
    insert into handoff_candidate (handoff_id, sender_id, organisation_id, is_open)
      select md5('${other}' || n)::uuid, '${other}', '${me}', true from generate_series(1, 14400) n;
    set session_replication_role = origin`);
  await observer.query("vacuum (analyze) handoff, handoff_candidate, bed_hold");
});
afterAll(async () => {
  await observer.end();
  await database.leave();
});

/** Of a page for the first organisation of the network, as the API's role. */
async function blocksOfPage(call: string): Promise<number> {
  await observer.query("begin; set local role wayhouse_api");
  await observer.query(
    `select set_config('wayhouse.organisation', $1, true),
      set_config('wayhouse.scopes', 'beds:hold beds:manage handoffs:read', true)`,
    [network.idOf(1)],
  );
  try {
    return await blocksOf(observer, `select * from ${call}`);
  } finally {
    await observer.query("rollback");
  }
}

describe("a page of one status", () => {
  it.each<[string, readonly string[]]>([
    ["list_holds(false, of, null, 21)", HOLDS],
    ["list_holds(true, of, null, 21)", HOLDS],
    ["list_outbox(of, null, 21)", HANDOFFS],
    ["list_inbox(of, null, 21)", HANDOFFS],
  ])("reads of thousands that have another one no row: %s", async (call, statuses) => {
    const read: Record<string, number> = {};
    for (const status of statuses)
      read[status] = await blocksOfPage(call.replace("of", `'{${status}}'`));
    // Those of their index, and what a page takes.
    expect(Object.entries(read).filter(([, blocks]) => blocks >= 400)).toEqual([]);
  });

  it.each(["null", `'{${LIVE.join()}}'`, "'{REQUESTED}'", "'{REQUESTED,ACCEPTED}'"])(
    "of the inbox reads no more for a day's offers of one sender: %s",
    async (statuses) => {
      for (const after of ["null", "'80000000-0000-4000-8000-000000000000'"])
        expect(await blocksOfPage(`list_inbox(${statuses}, ${after}, 21)`)).toBeLessThan(250);
    },
  );
});
