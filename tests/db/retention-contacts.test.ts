import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { waiting } from "../support/held-up.ts";
import { type Retained, startRetained } from "../support/retained.ts";
import { CONTACT, PLANTS, REVEALED, sealedTo } from "../support/retention.ts";

/* What the purge takes of consulate contacts, and what it leaves. */
let retained: Retained;
let owner: pg.Client;
beforeAll(async () => {
  retained = await startRetained();
  ({ owner } = retained);
  await owner.query(
    "insert into organisation_key (organisation_id, kid, use, jwk) values ($1, 'sealing', 'SEAL', '{}')",
    [retained.harbour.organisationId],
  );
});
afterAll(async () => {
  await retained?.stop();
});
const count: Retained["count"] = (table) => retained.count(table);
const purge: Retained["purge"] = (limit) => retained.purge(limit);
const plant: Retained["plant"] = (statements) => retained.plant(statements);
const sealed = `insert into consulate_envelope values ($3, $2, '${sealedTo("sealing")}')`;

it("takes a consulate envelope whose grant, key or programme has ended", async () => {
  const reviewedBy = (since: string) =>
    `update consulate_contact set review_by = ${since} where id = $3`;
  const closed = await plant([CONTACT("9999-01-01", "CLOSED"), sealed]);
  const long = "now() - interval '180 days'";
  const forgotten = await plant([CONTACT("2020-01-01"), reviewedBy(long), sealed]);
  const signing = await plant([
    CONTACT("9999-01-01"),
    "insert into organisation_key (organisation_id, kid, use, jwk) values ($2, 'signing', 'SIGN', '{}')",
    `insert into consulate_envelope values ($3, $2, '${sealedTo("signing")}')`,
  ]);
  await plant([CONTACT("2020-01-01"), reviewedBy(`${long} + interval '1 hour'`), sealed]);
  const grant = await plant(REVEALED);
  expect(await purge(2)).toBe(2);
  expect(await purge(2)).toBe(1);
  const { organisationId } = retained.lantern;
  const told = `action = 'purge:consulate_envelope:2' and organisation_id = '${organisationId}'`;
  expect(await count(`audit_entry where ${told}`)).toBe(1);
  const gone = [closed, forgotten, signing].map((contact) => `'${contact}'`).join();
  expect(await count(`consulate_envelope where contact_id in (${gone})`)).toBe(0);
  await owner.query("update organisation_key set retired_at = now() where kid = 'sealing'");
  expect(await purge(1000)).toBe(1);
  await owner.query("update organisation_key set retired_at = null where kid = 'sealing'");
  await plant([CONTACT("9999-01-01"), sealed]);
  await owner.query("delete from sharing_reach where grant_id = $1", [grant]);
  expect(await purge(1000)).toBe(1);
  expect(await purge(1000)).toBe(0);
});

it("leaves a consulate envelope to whom its owner lets reveal it there and now, and to nobody else", async () => {
  const contact = await plant([CONTACT("9999-01-01"), ...REVEALED.slice(0, 1)]);
  const left: number[] = [];
  const ways = [
    "country = 'AM'",
    "valid_until = now() + interval '1 hour'",
    "country = 'GE'",
    "valid_until = now()",
    "scope = 'consulates:read'",
    "owner_id = organisation_id",
    "organisation_id = owner_id",
  ];
  for (const way of ways) {
    const now = [sealed, REVEALED[1]!, `update sharing_reach set ${way} where grant_id = $3`];
    await plant(now.map((statement) => statement.replaceAll("$3", `'${contact}'`)));
    await purge(1000);
    left.push(await count(`consulate_envelope where contact_id = '${contact}'`));
    await owner.query("delete from sharing_reach; delete from consulate_envelope");
  }
  expect(left).toEqual([1, 1, 0, 0, 0, 0, 0]);
});

it("leaves a consulate contact whose programme is opened again while it looks", async () => {
  const [, make] = PLANTS["consulate_contact"]!;
  const contact = await plant(make("now() - interval '40 days'"));
  await owner.query("begin");
  await owner.query("update consulate_contact set programme = 'ACTIVE' where id = $1", [contact]);
  const purged = purge(1000);
  await waiting(owner, 1);
  await owner.query("commit");
  expect(await purged).toBe(0);
  await owner.query("delete from consulate_contact where id = $1", [contact]);
});

it("leaves a consulate envelope that was sealed anew while it looked at the old one", async () => {
  const sealed = `insert into consulate_envelope values ($3, $2, '${sealedTo("old")}')`;
  const contact = await plant([CONTACT("9999-01-01"), sealed, ...REVEALED]);
  // Whoever asks what something is sealed to waits: so it is held up once it has begun to look.
  const asked = "select pg_get_functiondef('envelope_kid'::regproc) as text";
  const text = (await owner.query(asked)).rows[0].text as string;
  const held = text.replace("begin\n", "begin perform pg_advisory_xact_lock_shared(1);");
  await owner.query(`${held.replace("IMMUTABLE", "VOLATILE")}; select pg_advisory_lock(1)`);
  const purged = purge(1000);
  await waiting(owner, 1);
  await plant([
    "insert into organisation_key (organisation_id, kid, use, jwk) values ($2, 'new', 'SEAL', '{}')",
    `update consulate_envelope set envelope = '${sealedTo("new")}' where contact_id = '${contact}'`,
  ]);
  await owner.query("select pg_advisory_unlock(1)");
  expect(await purged).toBe(0);
  expect(await count(`consulate_envelope where contact_id = '${contact}'`)).toBe(1);
  await owner.query(`${text}; delete from sharing_reach; delete from consulate_envelope`);
});
