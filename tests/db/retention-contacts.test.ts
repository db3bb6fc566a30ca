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

/** Everything at one moment: how many it takes of what was planted for it, and to whom what it leaves is sealed. */
async function purgedAtOnce(limit: number, statements: readonly string[]) {
  await owner.query("begin");
  try {
    await plant(statements);
    const { rows } = await owner.query(
      `select purge_table('consulate_envelope', ${limit}) as done`,
    );
    const left = await owner.query(
      "select o.handle from consulate_envelope e join organisation o on o.id = e.recipient_id order by 1",
    );
    return [rows[0].done, left.rows.map(({ handle }) => handle).join(" ")];
  } finally {
    await owner.query("rollback");
  }
}
const overdue = "now() - interval '180 days'";
const key = (of: string, kid: string, retired = "null") =>
  `insert into organisation_key (organisation_id, kid, use, jwk, retired_at) values (${of}, '${kid}', 'SEAL', '{}', ${retired})`;
const reseal = (kid: string) => `update consulate_envelope set envelope = '${sealedTo(kid)}'`;
/** Comes before all others, and nothing is shared with it. */
const THIRD = "'00000000-0000-4000-8000-000000000003'";
const third = [
  `insert into organisation (id, handle, identity_thumbprint, identity_jwk) values (${THIRD}, 'third', 'third', '{}')`,
  key(THIRD, "sealing"),
  sealed.replace("$2", THIRD),
];

it.each<[string, string[], unknown[]]>([
  ["all that stands", [], [0, "harbour"]],
  [
    "one whose grant lasts to this moment",
    ["update sharing_reach set valid_until = now()"],
    [1, ""],
  ],
  [
    "one whose review is overdue for 180 days to the moment",
    [`update consulate_contact set review_by = ${overdue}`],
    [0, "harbour"],
  ],
  [
    "one whose review is overdue for longer",
    [`update consulate_contact set review_by = ${overdue} - interval '1 microsecond'`],
    [1, ""],
  ],
  [
    "one of a paused programme",
    ["update consulate_contact set programme = 'PAUSED'"],
    [0, "harbour"],
  ],
  ["one that names no key", ["update consulate_envelope set envelope = 'sealed'"], [1, ""]],
  ["one to a key of somebody else", [key("$1", "another"), reseal("another")], [1, ""]],
  [
    "one to a key that was retired, of whom has another",
    [key("$2", "another", "now()"), reseal("another")],
    [1, ""],
  ],
  ["of two of a contact the one to whom nothing is shared", third, [1, "harbour"]],
  [
    "one that names no key, behind another's that does",
    [
      ...third,
      REVEALED[1]!.replace("$2", THIRD),
      "update consulate_envelope set envelope = 'sealed' where recipient_id = $2",
    ],
    [1, "third"],
  ],
  [
    "of two keys of one name what is sealed to the retired one",
    [
      ...third,
      REVEALED[1]!.replace("$2", THIRD),
      `update organisation_key set retired_at = now() where organisation_id = ${THIRD}`,
    ],
    [1, "harbour"],
  ],
])("takes of what is sealed, and leaves the rest: %s", async (_, changed, expected) => {
  const made = [CONTACT("9999-01-01"), sealed, ...REVEALED, ...changed];
  expect(await purgedAtOnce(10, made)).toEqual(expected);
});

it.each([
  [1, 1],
  [2, 2],
  [9, 2],
])(
  "takes as many as it may, and counts none twice that is due in more than one way: %i",
  async (most, taken) => {
    const made = [CONTACT("9999-01-01", "CLOSED"), ...third, sealed, ...REVEALED];
    expect((await purgedAtOnce(most, made))[0]).toBe(taken);
  },
);

it("opens one of what is sealed to a key, and not the rest", async () => {
  const many = `insert into consulate_contact
    select (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid()))).*
      from consulate_contact c, generate_series(1, 500) where c.id = $3`;
  const all = `insert into consulate_envelope select id, $2, '${sealedTo("sealing")}' from consulate_contact where review_by > now() and programme = 'ACTIVE'`;
  await owner.query("begin; set local track_functions = 'pl'");
  await plant([CONTACT("9999-01-01"), ...REVEALED, many, all, "analyze"]);
  const asked = async (what: string) => (await owner.query(`select ${what} as told`)).rows[0].told;
  const opened = "pg_stat_get_xact_function_calls('envelope_kid'::regproc)::integer";
  const before = await asked(opened);
  const done = await asked("purge_table('consulate_envelope', 10)");
  const now = (await asked(opened)) - before;
  await owner.query("rollback");
  expect([before >= 501, done, now > 0, now < 5]).toEqual([true, 0, true, true]);
});

it("looks at no contact that is open in the place of one that is closed", async () => {
  await owner.query("begin");
  const [, make] = PLANTS["consulate_contact"]!;
  const closed = make("now() - interval '40 days'");
  for (let i = 0; i < 2; i++)
    await plant([...closed, "update consulate_contact set programme = 'PAUSED' where id = $3"]);
  await plant(closed);
  const { rows } = await owner.query("select purge_table('consulate_contact', 1) as done");
  await owner.query("rollback");
  expect(rows).toEqual([{ done: 1 }]);
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
