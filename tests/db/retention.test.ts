import { readFileSync } from "node:fs";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { purgeToTheEnd } from "../../src/platform/jobs/purge.ts";
import { PURGES } from "../../src/platform/jobs/tasks.ts";
import type { Pool } from "../../src/platform/db/pool.ts";
import type { Identity } from "../../src/platform/db/admission.ts";
import { openSession } from "../../src/platform/db/session.ts";
import { readRecord, verifyAuditExport } from "../../src/sealing/audit/index.ts";
import { exportOf, nodeKey } from "../support/audit-chain.ts";
import { waiting } from "../support/held-up.ts";
import { type Retained, startRetained } from "../support/retained.ts";
import {
  CONTACT,
  HANDOFF,
  midnight,
  OVERDUE_HOLD,
  OVERDUE_OFFER,
  PLANTS,
} from "../support/retention.ts";

let retained: Retained;
let owner: pg.Client;
let pool: Pool;
let lantern: Identity;
let harbour: Identity;
beforeAll(async () => {
  retained = await startRetained();
  ({ owner, pool, lantern, harbour } = retained);
});
afterAll(async () => {
  await retained?.stop();
});
const count: Retained["count"] = (table) => retained.count(table);
const purge: Retained["purge"] = (limit) => retained.purge(limit);
const plant: Retained["plant"] = (statements) => retained.plant(statements);
const ids = () => [lantern.organisationId, harbour.organisationId];

async function chainOf(identity: Identity) {
  const { read, organisationId } = await openSession(pool, identity);
  const rows = await read.selectFrom("audit_entry").selectAll().orderBy("sequence").execute();
  const { rows: records } = await owner.query<{ record: string }>(
    "select audit_record(e) as record from audit_entry e where organisation_id = $1 order by sequence",
    [organisationId],
  );
  return records.map(({ record }, index) => ({ record, hash: rows[index]!.hash.toString("hex") }));
}
const actionsOf = async (identity: Identity) =>
  (await chainOf(identity)).map(({ record }) => readRecord(record)!.action);

describe("what each table keeps", () => {
  it("is purged, each by a job of its own", async () => {
    const { rows } = await owner.query<{ name: string }>(
      "select 'purge_' || table_name as name from retention where keep is not null",
    );
    expect(PURGES.map(({ name }) => name).toSorted()).toEqual(
      rows.map(({ name }) => name).toSorted(),
    );
  });

  it("is said for every table", async () => {
    const { rows } = await owner.query<{ name: string }>(
      `select relname as name from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
          and relname not in (select 'migration' union all select table_name from retention)`,
    );
    expect(rows).toEqual([]);
  });

  it("is written down in docs/retention.md", async () => {
    const { rows } = await owner.query<{ line: string }>(
      "select '| ' || table_name || ' | ' || coalesce(extract(day from keep) || ' days', '') || ' | ' || counted_from || ' |' as line from retention order by table_name",
    );
    const written = readFileSync("docs/retention.md", "utf8")
      .split("\n")
      .map((line) => line.replaceAll(/ +/g, " ").replaceAll("`", ""))
      .filter((line) => /^\| [a-z_]+ \|/.test(line));
    expect(written.filter((line) => !line.startsWith("| table |"))).toEqual(
      rows.map(({ line }) => line.replaceAll(/ +/g, " ")),
    );
  });
});

describe("the purge", () => {
  it.each(Object.entries(PLANTS))(
    "takes a %s when its days are over, and no day sooner",
    async (table, [days, make]) => {
      const before = await count(table);
      for (let i = 0; i < 2; i++) await plant(make(`${midnight(days)} - interval '1 second'`));
      await plant(make(midnight(days)));
      expect(await purge(1)).toBe(1);
      expect(await purge(1000)).toBe(1);
      expect(await purge(1000)).toBe(0);
      expect(await count(table)).toBe(before + 1);
      expect((await actionsOf(lantern)).at(-1)).toBe(`purge:${table}:1`);
    },
  );

  it("took what goes with a handoff and a hold, and told both of their sides", async () => {
    for (const [table, left] of [
      ["handoff_candidate", 1],
      ["handoff_reference", 1],
      ["handoff_transition", 2],
      ["bed_hold_reference", 1],
      ["advisory_confirmation", 1],
    ] as const) {
      expect(await count(table), table).toBe(left);
    }
    const twice = ["handoff", "handoff", "bed_hold", "bed_hold"];
    expect(await actionsOf(harbour)).toEqual(twice.map((table) => `purge:${table}:1`));
  });

  it("counts what can end in two ways from the first of its ends", async () => {
    const [, give] = PLANTS["sharing_grant"]!;
    const [, warn] = PLANTS["advisory"]!;
    const old = `now() - interval '400 days'`;
    const ends = (set: string) => `update sharing_grant set ${set} where id = $3`;
    await plant([
      ...give(old),
      ends("revoked_at = null, valid_until = now() - interval '400 days'"),
    ]);
    await plant([...give(old), ends("valid_until = now() + interval '1 day'")]);
    await plant([
      ...warn("now() + interval '1 day'"),
      `update advisory set withdrawn_at = ${old} where id = $3`,
    ]);
    expect(await purge(1000)).toBe(3);
  });

  it.each(["REQUESTED", "ACCEPTED", "IN_PROGRESS", "ON_HOLD"])(
    "takes a handoff that nobody ended, and is %s, when the consent it stands on is long over",
    async (status) => {
      const offered = [
        `insert into handoff_transition values ($3, 1, $1, 'REQUESTED', 'SENDER', ${midnight(40)})`,
        `update handoff set status = '${status}', held_from = ${status === "ON_HOLD" ? "'ACCEPTED'" : "null"}
          where id = $3`,
      ];
      await plant([HANDOFF("COMPLETED", `${midnight(30)} - interval '1 second'`), ...offered]);
      await plant([HANDOFF("COMPLETED", midnight(30)), ...offered]);
      expect(await purge(1000)).toBe(1);
    },
  );

  it("takes an envelope that nobody received in time, and the handoff expires", async () => {
    const envelope = (since: string) => [
      HANDOFF("ACCEPTED", since === "consent" ? "now()" : "now() + interval '9 days'"),
      `insert into handoff_envelope values ($3, $2, 'sealed', ${since === "consent" ? "now()" : since})`,
    ];
    const late = await plant(envelope(`${midnight(14)} - interval '1 second'`));
    const withoutConsent = await plant(envelope("consent"));
    const held = await plant([
      ...envelope("consent"),
      "update handoff set status = 'ON_HOLD', held_from = 'ACCEPTED' where id = $3",
    ]);
    await plant(envelope(midnight(14)));
    expect(await purge(2)).toBe(2);
    expect(await purge(2)).toBe(1);
    // Also where it has to be resumed first: there is no file that it could wait for.
    await owner.query("update handoff set status = held_from, held_from = null where id = $1", [
      held,
    ]);
    const { rows } = await owner.query(
      "select distinct handoff_status(h) as status from handoff h where id = any ($1)",
      [[late, withoutConsent, held]],
    );
    expect(rows).toEqual([{ status: "EXPIRED" }]);
    expect(await count("handoff_envelope")).toBe(1);
    for (const side of [lantern, harbour])
      expect((await actionsOf(side)).at(-1)).toBe("purge:handoff_envelope:1");
  });

  it("takes a revoked token that would have ended anyway", async () => {
    await owner.query(
      `insert into revoked_token values ($1, 'older', now() - interval '2 seconds'),
        ($1, 'old', now() - interval '1 second'), ($2, 'old', now() + interval '1 hour')`,
      ids(),
    );
    expect(await purge(1)).toBe(1);
    expect(await purge(1000)).toBe(1);
  });

  it("never takes the newest event", async () => {
    await owner.query("update event set at = now() - interval '99 days'");
    const newest = "select position from event order by transaction_id desc, position desc limit 1";
    const { rows } = await owner.query(newest);
    await purgeToTheEnd(pool, () => {});
    expect((await owner.query("select position from event")).rows).toEqual(rows);
  });

  it("takes no event from the midst: one that was begun before and settled after waits for its turn", async () => {
    const old = `${midnight(30)} - interval '1 second'`;
    await owner.query("update event set at = now() - interval '99 days'");
    await plant(PLANTS["event"]![1](midnight(30)));
    const late = await plant(PLANTS["event"]![1](old));
    await plant(PLANTS["event"]![1]("now()"));
    expect(await purge(1000)).toBe(1);
    expect(await count(`event where subject_id = '${late}'`)).toBe(1);
  });

  it("goes in batches, to its end", async () => {
    const [, make] = PLANTS["bed_hold"]!;
    for (let i = 0; i < 4; i++) await plant(make("now() - interval '40 days'"));
    expect(await purge(3)).toBe(3);
    await purgeToTheEnd(pool, () => {});
    expect(await purge(3)).toBe(0);
  });

  const old = (table: string) => PLANTS[table]![1]("now() - interval '400 days'");
  it.each<[string, readonly string[], string]>([
    ["purge_table('handoff', 10)", old("handoff"), "handoff where id"],
    ["purge_table('bed_hold', 10)", old("bed_hold"), "bed_hold where id"],
    ["purge_table('bed_night', 10)", old("bed_night"), "bed_night where shelter_id"],
    ["purge_table('sharing_grant', 10)", old("sharing_grant"), "sharing_grant where id"],
    [
      "purge_table('handoff_envelope', 10)",
      [HANDOFF("ACCEPTED", "now()"), "insert into handoff_envelope values ($3, $2, 'sealed')"],
      "handoff where id",
    ],
    [
      "purge_table('consulate_envelope', 10)",
      [CONTACT("9999-01-01"), "insert into consulate_envelope values ($3, $2, 'sealed')"],
      "consulate_envelope where contact_id",
    ],
    ["settle_overdue_holds(null, 10)", [OVERDUE_HOLD], "bed_hold where id"],
    ["settle_handoffs(10)", [OVERDUE_OFFER], "handoff where id"],
  ])("waits neither for a call that has a row nor for itself: %s", async (call, make, row) => {
    // Whoever waits gives up.
    const patience = "set_config('lock_timeout', '1s', true)";
    const run = async (client: pg.Client | Pool) =>
      (await client.query(`select ${patience}, ${call} as done`)).rows[0].done as number | null;
    await run(pool);
    const taken = await plant(make);
    for (let i = 0; i < 2; i++) await plant(make);
    await owner.query("begin");
    await owner.query(`select from ${row} = $1 for update`, [taken]);
    const done = [await run(pool), await run(owner), await run(pool)];
    await owner.query("commit");
    expect(done).toEqual([2, 1, call.startsWith("purge") ? null : 0]);
  });

  it.each<[string, readonly string[]]>([
    ["purge_table('bed_hold', 10)", PLANTS["bed_hold"]![1]("now() - interval '40 days'")],
    ["settle_overdue_holds(null, 10)", [OVERDUE_HOLD]],
    ["settle_handoffs(10)", [OVERDUE_OFFER]],
  ])("waits for whoever writes in a chain that it writes in: %s", async (call, make) => {
    const run = () => pool.query(`select ${call} as done`);
    await run();
    await plant(make);
    await owner.query("begin");
    await owner.query("select lock_chains(array[$1::uuid])", [ids()[1]]);
    const done = run();
    const how = await Promise.race([done.then(() => "through"), waiting(owner, 1)]);
    await owner.query("commit");
    expect([how, (await done).rows]).toEqual([undefined, [{ done: 1 }]]);
  });

  it("proves itself: the chains verify, and their counts are what went", async () => {
    const key = await nodeKey();
    for (const identity of [lantern, harbour]) {
      const entries = await chainOf(identity);
      expect(entries.length).toBeGreaterThan(3);
      expect(await verifyAuditExport(exportOf(key, identity.organisationId, entries), {})).toEqual(
        [],
      );
    }
    const holds = (await actionsOf(harbour)).filter((action) => action.includes("bed_hold"));
    expect(holds.map((action) => Number(action.split(":")[2]))).toEqual([1, 1, 3, 1, 2, 1, 1]);
  });
});
