import { afterAll, beforeAll, expect, it } from "vitest";
import { id, openWalls, type Walls } from "../support/walls.ts";

/* What a pass of the clock over handoffs picks: what is no longer to be settled never stands before what is. */
let walls: Walls;
beforeAll(async () => {
  walls = await openWalls();
});
afterAll(() => walls.close());

/** To a country and for people, by one of whom the sender knows, or of whom neither side does. */
const closed = (nth: number, issuer: string, country: string, profile: string) => {
  const advisory = `00000000-0000-4000-8000-00000000020${nth}`;
  return `
    insert into advisory (id, issuer_id, country, risk_profiles, level, hazards, expires_at)
      values ('${advisory}', '${issuer}', '${country}', '{${profile}}', 'AVOID', '{DEPORTATION}', now() + interval '1 day');
    insert into advisory_confirmation values ('${advisory}', '${issuer}', '${id.former}')`;
};
const CLOSED = [
  // Whoever is in one with others knows itself by it as well.
  "delete from circle_member",
  closed(1, id.owner, "AM", "JOURNALIST"),
  closed(2, id.owner, "GE", "OTHER"),
  closed(3, id.stranger, "TR", "JOURNALIST"),
];
/** As one that is accepted until tomorrow, by its id before all others. */
const before = (changed: object) => `
  insert into handoff select (jsonb_populate_record(h, '${JSON.stringify({
    id: "00000000-0000-4000-8000-000000000001",
    ...changed,
  })}')).* from handoff h where h.id = '${id.accepted}'`;
/** Nothing else is left to the clock. */
const alone = (due: string) => `
  update handoff set seal_by = now() + interval '1 day', decide_by = now() + interval '1 day', risk_profile = 'JOURNALIST',
    destinations = '{PL}';
  update handoff set ${due} where id = '${id.accepted}'`;
const isDue = "destinations = '{AM,AM,AM}'";
const past = "2000-01-01";

it.each<[string, object]>([
  ["on its way already", { status: "IN_PROGRESS", destinations: ["AM"] }],
  ["on hold already", { status: "ON_HOLD", held_from: "ACCEPTED", destinations: ["AM"] }],
  ["failed", { status: "FAILED", destinations: ["AM"], seal_by: past, decide_by: past }],
  ["offered, to be decided tomorrow", { status: "REQUESTED", recipient_id: null }],
  ["offered, to a closed country", { status: "REQUESTED", destinations: ["AM"] }],
  ["whose first country is open", { destinations: ["PL", "AM"] }],
  ["whose last country is open", { destinations: ["AM", "PL"] }],
  ["of whose countries one between is open", { destinations: ["AM", "PL", "AM"] }],
  ["of whose countries one is closed to others", { destinations: ["AM", "GE", "AM"] }],
  ["whose country is closed by one whom neither side knows", { destinations: ["TR"] }],
])("settles one that is due past one that is %s", async (_, changed) => {
  const told = await walls.after(
    ...CLOSED,
    alone(isDue),
    before(changed),
    "select settle_handoffs(1)",
    `select status from handoff where id = '${id.accepted}'`,
  );
  expect(told).toEqual([{ status: "ON_HOLD" }]);
});

it.each<[string, string, number]>([
  ["closed to their end", isDue, 1],
  ["open", "destinations = '{PL}'", 0],
])("settles as many of two as it may, whose countries are %s", async (_, due, each) => {
  const told = await walls.after(
    ...CLOSED,
    alone(due),
    before({}),
    "create temporary table done on commit drop as select settle_handoffs(1) as first",
    "select d.first, settle_handoffs(1) as second, settle_handoffs(2) as third from done d",
  );
  expect(told).toEqual([{ first: each, second: each, third: 0 }]);
});

it("asks whom the sides know of none that is free to go to one of its countries", async () => {
  const calls = "coalesce(pg_stat_get_xact_function_calls('is_blocked'::regproc), 0)::integer";
  const asked = async (...more: string[]) => {
    const told = await walls.after(
      ...CLOSED,
      alone(isDue),
      ...more,
      "set local track_functions = 'all'",
      `create temporary table counted on commit drop as select ${calls} as before`,
      "select settle_handoffs(10)",
      `select ${calls} - before as calls from counted`,
    );
    return told[0]!["calls"];
  };
  expect(await asked()).toBeGreaterThan(0);
  expect(await asked(before({ destinations: ["AM", "GE", "AM"] }))).toBe(await asked());
});
