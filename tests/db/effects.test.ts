import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TAKEN_BACK, TIES } from "../support/wall-effects.ts";
import { LISTED, LISTS } from "../support/wall-lists.ts";
import { id, openWalls, type Walls } from "../support/walls.ts";

/* What the database does by itself when something else is done, and by its own clock. */
let walls: Walls;
beforeAll(async () => {
  walls = await openWalls();
});
afterAll(() => walls.close());
const after: Walls["after"] = (...statements) => walls.after(...statements);

it.each(TAKEN_BACK)("%s is a revocation of %j and of nobody else", async (statement, of) => {
  const revoked = await after(
    statement,
    `select distinct o.handle from revocation r join organisation o on o.id = r.organisation_id
      where r.transaction_id = pg_current_xact_id() order by 1`,
  );
  expect(revoked.map(({ handle }) => handle)).toEqual(of);
});

describe.each(Object.entries(TIES))("%s", (name, { ties, unties, known }) => {
  const others = Object.entries(TIES).filter(([other]) => other !== name);
  const pairs = `select o.handle || ' ' || k.handle as pair from acquaintance a
    join organisation o on o.id = a.organisation_id join organisation k on k.id = a.other_id
    where '${id.newcomer}' in (o.id, k.id) order by 1`;
  const knownAfter = async (...statements: string[]) =>
    (await after(...statements, pairs)).map(({ pair }) => pair);

  it("is remembered, and forgotten with it", async () => {
    expect(await knownAfter(ties)).toEqual(known);
    expect(await knownAfter(ties, unties)).toEqual([]);
  });

  it.each(others)("is remembered after %s of the same two has ended", async (_, other) => {
    expect(await knownAfter(other.ties, ties, other.unties)).toEqual(known);
    expect(await knownAfter(ties, other.ties, other.unties, unties)).toEqual([]);
  });
});

describe("a hold that is", () => {
  const left = `select h.ended_at = date_trunc('hour', now()) as ended,
      exists (select from bed_hold_instruction i where i.hold_id = h.id) as instructions
    from bed_hold h where h.id = '${id.hold}'`;
  const become = (status: string) =>
    `update bed_hold set status = '${status}' where id = '${id.hold}'`;

  it("confirmed goes on", async () => {
    expect(await after(become("CONFIRMED"), left)).toEqual([{ ended: null, instructions: true }]);
  });

  it.each(["RELEASED", "DECLINED", "EXPIRED", "ENDED"])(
    "%s has no instructions any more, and its days are counted from that hour",
    async (status) => {
      for (const from of ["HELD", "CONFIRMED"])
        expect(await after(become(from), become(status), left)).toEqual([
          { ended: true, instructions: false },
        ]);
    },
  );
});

it.each([
  ["bed_hold", id.hold, "bed_stay bed_hold_reference bed_hold_instruction", "hold_id"],
  [
    "handoff",
    id.accepted,
    "handoff_candidate handoff_envelope handoff_reference handoff_transition",
    "handoff_id",
  ],
  ["consulate_contact", id.contact, "consulate_envelope consulate_reveal", "contact_id"],
  ["advisory", id.advisory, "advisory_confirmation", "advisory_id"],
  ["sharing_grant", id.grant, "sharing_reach", "grant_id"],
  ["circle_member", id.partner, "sharing_reach", "circle_id is not null and organisation_id"],
])("with a row of %s goes what hangs on it", async (table, one, tables, column) => {
  const key = table === "circle_member" ? "organisation_id" : "id";
  for (const child of tables.split(" ")) {
    const hangs = `select from ${child} where ${column} = '${one}'`;
    expect((await after(hangs)).length, child).toBeGreaterThan(0);
    expect(await after(`delete from ${table} where ${key} = '${one}'`, hangs)).toEqual([]);
  }
});

describe("a handoff that somebody is about to move", () => {
  const as = (organisation: string, scopes: string) =>
    `select set_config('wayhouse.organisation', '${organisation}', true), set_config('wayhouse.scopes', '${scopes}', true)`;
  const locked = (handoff: string) => `select status, has_consent from lock_handoff('${handoff}')`;
  const past = (column: string, handoff: string) =>
    `update handoff set ${column} = clock_timestamp() where id = '${handoff}'`;
  const partner = as(id.partner, "handoffs:receive");

  it.each([
    ["decide_by", id.requested, { status: "EXPIRED", has_consent: true }],
    ["seal_by", id.unsealed, { status: "EXPIRED", has_consent: true }],
    ["consent_expires_at", id.requested, { status: "REQUESTED", has_consent: false }],
    ["consent_withdrawn_at", id.requested, { status: "REQUESTED", has_consent: false }],
    ["acknowledge_by", id.requested, { status: "REQUESTED", has_consent: true }],
  ])(
    "is past its %s by the wall clock, whenever the transaction began",
    async (column, handoff, told) => {
      expect(await after(partner, past(column, handoff), locked(handoff))).toEqual([told]);
    },
  );

  it("is nobody's to move who has been suspended meanwhile", async () => {
    const suspended = `update organisation set status = 'SUSPENDED' where id = '${id.partner}'`;
    expect(await after(partner, suspended, locked(id.requested))).toEqual([]);
  });
});

describe("a handoff that moves by itself", () => {
  const of = (handoff: string) => `
    select h.status, h.reason, h.held_from, h.seal_by is not null as has_deadline,
        exists (select from handoff_envelope e where e.handoff_id = h.id) as has_file,
        (select t.party from handoff_transition t where t.handoff_id = h.id and t.at = date_trunc('hour', now())
          order by t.position desc limit 1) as moved_by,
        array(select o.handle || ' ' || e.action from audit_entry e join organisation o on o.id = e.organisation_id
          where e.subject_id = h.id and e.at >= now() order by 1) as audited,
        array(select o.handle from event e join organisation o on o.id = e.party_id
          where e.subject_id = h.id and e.at = now() order by 1) as told
      from handoff h where h.id = '${handoff}'`;
  const set = (what: string, handoff = id.accepted) =>
    `update handoff set ${what} where id = '${handoff}'`;
  const settled = "select settle_handoffs(100)";
  const suspended = (organisation: string) => `
    select set_config('wayhouse.organisation', '${id.stranger}', true), set_config('wayhouse.scopes', 'network:admin', true);
    select suspend_handoffs_of('${organisation}', '{}')`;
  const closed = `
    insert into advisory (id, issuer_id, country, risk_profiles, level, hazards, expires_at)
      values ('${id.newcomer}', '${id.owner}', 'AM', '{OTHER}', 'AVOID', '{DEPORTATION}', now() + interval '1 day');
    insert into advisory_confirmation values ('${id.newcomer}', '${id.owner}', '${id.partner}')`;
  const later = "seal_by = now() + interval '1 day'";
  const both = (action: string) => ["owner", "partner"].map((one) => `${one} ${action}`);
  const over = {
    status: "EXPIRED",
    reason: "NO_ANSWER",
    held_from: null,
    has_deadline: false,
    has_file: false,
    moved_by: "CLOCK",
  };
  const stopped = {
    status: "ON_HOLD",
    reason: "ORGANISATION_SUSPENDED",
    held_from: "ACCEPTED",
    has_deadline: true,
    has_file: false,
    moved_by: "NETWORK",
    audited: both("suspendHandoff"),
    told: ["partner"],
  };

  it.each<[string, string[], object, string?]>([
    [
      "because nobody decided",
      [set("decide_by = now()", id.requested), settled],
      { ...over, audited: ["owner expireHandoff"], told: ["former", "partner"] },
      id.requested,
    ],
    [
      "because nothing was sealed in time",
      [set("seal_by = now()"), settled],
      { ...over, audited: both("expireHandoff"), told: ["partner"] },
    ],
    [
      "because its country is closed",
      [set(later), closed, settled],
      {
        ...stopped,
        reason: "UNSAFE_COUNTRY",
        has_file: true,
        audited: both("holdHandoff"),
      },
    ],
    ["because its sender is suspended", [set(later), suspended(id.owner)], stopped],
    ["because its recipient is suspended", [set(later), suspended(id.partner)], stopped],
    [
      "when it was received",
      [set("status = 'IN_PROGRESS'"), suspended(id.partner)],
      { ...stopped, held_from: "IN_PROGRESS", has_deadline: false },
    ],
    [
      "when it was on hold already",
      [set("status = 'ON_HOLD', held_from = 'IN_PROGRESS'"), suspended(id.partner)],
      { ...stopped, held_from: "IN_PROGRESS", has_deadline: false, moved_by: null },
    ],
    [
      "not from where it has expired meanwhile",
      [set("seal_by = clock_timestamp()"), suspended(id.partner)],
      {
        status: "ACCEPTED",
        reason: null,
        held_from: null,
        has_deadline: true,
        has_file: true,
        moved_by: null,
        audited: [],
        told: [],
      },
    ],
  ])("%s", async (_, statements, expected, handoff = id.accepted) => {
    const without = `delete from handoff_transition where handoff_id = '${handoff}'`;
    expect(await after(without, ...statements, of(handoff))).toEqual([expected]);
  });
});

describe("an advisory into a handoff's country", () => {
  const published = (issuer: string) => `
    insert into advisory (id, issuer_id, country, risk_profiles, level, hazards, effective_from, expires_at)
      values ('${id.newcomer}', '${issuer}', 'AM', '{OTHER}', 'AVOID', '{DEPORTATION}',
        now() - interval '1 day', now() + interval '1 day');
    insert into advisory_confirmation values ('${id.newcomer}', '${issuer}', '${id.former}')`;
  const change = (what: string) => `update advisory set ${what} where id = '${id.newcomer}'`;

  it.each<[string, string, boolean]>([
    ["in force", change("effective_from = now()"), true],
    ["that has not begun", change("effective_from = now() + interval '1 minute'"), false],
    ["that has ended", change("expires_at = now()"), false],
    ["that was withdrawn", change("withdrawn_at = now()"), false],
    ["that nobody has confirmed", "delete from advisory_confirmation", false],
  ])("%s is told alike whoever asks", async (_, changed, blocks) => {
    const told = await after(
      published(id.owner),
      changed,
      `select set_config('wayhouse.organisation', '${id.partner}', true),
        set_config('wayhouse.scopes', 'handoffs:read', true)`,
      `select 'AM' = any (closed_countries()) as country, 'AM OTHER' = any (closed_to_profiles()) as profile,
          advisory_against_viewer('{AM}', 'OTHER') is not null as viewer,
          handoff_status(h) = 'ON_HOLD' as handoff,
          (select i.status = 'ON_HOLD' from list_inbox(null, null, 10) i where i.id = h.id) as inbox
        from handoff h where h.id = '${id.requested}'`,
    );
    expect(new Set(Object.values(told[0]!))).toEqual(new Set([blocks]));
  });

  it.each<[string, string, string, string]>([
    ["its sender's", id.owner, id.requested, "ON_HOLD"],
    ["of whom its sender knows", id.newcomer, id.requested, "ON_HOLD"],
    ["of whom its recipient knows", id.suspended, id.accepted, "ON_HOLD"],
    ["of whom neither of the two knows", id.stranger, id.accepted, "ACCEPTED"],
  ])("%s stops it, or does not", async (_, issuer, handoff, status) => {
    const told = await after(
      // Whoever is in one with others knows itself by it as well.
      "delete from circle_member",
      `insert into introduction values ('${id.owner}', '${id.newcomer}')`,
      published(issuer),
      `select handoff_status(h) as status from handoff h where h.id = '${handoff}'`,
    );
    expect(told).toEqual([{ status }]);
  });
});

it.each(LISTS)(
  "a list tells by every set of states what all of it tells in one of them, page by page: %s",
  async (_, text, statuses) => {
    const [told] = await after(LISTED, text);
    expect(told!["wrong"]).toEqual([]);
    // All sets and null, whole and from the midst: and what they ask for is there.
    const asked = 2 * (2 ** statuses.length + 1);
    expect(told).toMatchObject({ asked, of_all: 2, statuses: statuses.toSorted().join() });
    expect(told!["different"]).toBeGreaterThan(2 ** statuses.length);
  },
);

it("a candidacy is over, as what its handoff is, as long as that has ended with no recipient", async () => {
  const become = (what: string) => `update handoff set ${what} where id = '${id.requested}'`;
  const over = `select bool_and(c.is_over and c.over_as = status_letter(h.status)) as every,
      bool_or(c.is_over or c.over_as <> 'R') as any
    from handoff_candidate c join handoff h on h.id = c.handoff_id
    where c.handoff_id in ('${id.requested}', '${id.accepted}') and c.is_open`;
  const none = [{ every: false, any: false }];
  expect(await after(over)).toEqual(none);
  for (const end of ["REJECTED", "CANCELLED", "EXPIRED"].map((one) => become(`status = '${one}'`)))
    expect(await after(end, over)).toEqual([{ every: true, any: true }]);
  const back = become("status = 'REQUESTED'");
  expect(await after(become("status = 'EXPIRED'"), back, over)).toEqual(none);
  const taken = become(`status = 'ACCEPTED', recipient_id = '${id.partner}'`);
  const left = `select from handoff_candidate where is_over`;
  expect(await after(taken, become("status = 'CANCELLED'"), left)).toEqual([]);
});
