import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Demo, startDemo } from "../support/demo.ts";
import { accept, offer, openTo } from "../support/handoffs.ts";
import { hold, shelter, stay } from "../support/holds.ts";
import { asSuperuser } from "../support/postgres.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);

/** Pairs remembered and not tied, or tied and not remembered; and how many are remembered. */
const differences = (change = "select") =>
  asSuperuser(demo.database.superuserUrl, async (client) => {
    await client.query(change);
    const { rows } = await client.query<{ wrong: number; remembered: number }>(`
      with tied as (
        select o.id, k from organisation o cross join lateral lasting_ties_of(o.id) k where k <> o.id)
      select (select count(*)::integer from acquaintance) as remembered, count(*)::integer as wrong from (
        (table acquaintance except table tied) union all (table tied except table acquaintance)) d`);
    return rows[0]!;
  });

describe("whom an organisation is acquainted with", () => {
  it("is what introductions, grants, holds and handoffs tie it to, and is forgotten with the last of them", async () => {
    await hold(ask, "lantern", [stay(await shelter(ask, "Pomegranate"), 1)]);
    await openTo(ask, "lantern", ["harbour"]);
    const { data } = await offer(ask, "lantern", ["harbour"]);
    await accept(ask, "harbour", data!["offerHandoff"].id as string);
    const full = await differences();
    expect(full).toEqual({ wrong: 0, remembered: expect.any(Number) as number });
    expect(full.remembered).toBeGreaterThan(0);
    const emptied = [];
    for (const table of ["handoff", "bed_hold", "sharing_grant", "introduction"])
      emptied.push(await differences(`delete from ${table}`));
    expect(emptied.map(({ wrong }) => wrong)).toEqual([0, 0, 0, 0]);
    expect(emptied.at(-1)!.remembered).toBe(0);
  });
});
