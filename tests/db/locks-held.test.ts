import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { id, openWalls, type Walls } from "../support/walls.ts";

let walls: Walls;
beforeAll(async () => {
  walls = await openWalls();
});
afterAll(() => walls.close());

describe("whoever looks at what it is about to change has it locked until its end", () => {
  const as = (organisation: string, scopes: string) =>
    `select set_config('wayhouse.organisation', '${organisation}', true), set_config('wayhouse.scopes', '${scopes}', true)`;
  // Standings, countries and budgets by an advisory lock.
  const advisory = (mode: string) =>
    `(select count(*)::integer from pg_locks where pid = pg_backend_pid() and locktype = 'advisory' and mode = '${mode}')`;

  it.each<[string, string, string, string, number, number]>([
    [
      "a handoff, and that both of its sides stand",
      as(id.partner, "handoffs:receive"),
      `lock_handoff('${id.requested}')`,
      `handoff where id = '${id.requested}'`,
      2,
      0,
    ],
    [
      "a hold that it has something to tell of",
      as(id.owner, "beds:manage"),
      `lock_hosted_hold('${id.hold}')`,
      `bed_hold where id = '${id.hold}'`,
      0,
      0,
    ],
    [
      "a grant that reaches whoever leaves its circle",
      as(id.stranger, "network:admin"),
      `grants_reaching('${id.circle}', '{${id.partner}}')`,
      `sharing_grant where id = '${id.circleGrant}'`,
      0,
      0,
    ],
    [
      "the advisories of each country, and no row",
      as(id.partner, "handoffs:offer"),
      "advisory_against_viewer('{GE,AM}', 'OTHER')",
      `advisory where false`,
      2,
      0,
    ],
    [
      "what its organisation has revealed, and no row",
      as(id.partner, "consulates:reveal"),
      `reveal_contact('${id.contact}', 'SHELTER', 1, 1, '1 hour')`,
      `consulate_contact where false`,
      0,
      1,
    ],
  ])("%s", async (_, viewer, call, row, shared, exclusive) => {
    const told = await walls.after(
      viewer,
      `select from ${call}`,
      `select ${advisory("ShareLock")} as shared, ${advisory("ExclusiveLock")} as exclusive,
        coalesce((select xmax = pg_current_xact_id()::xid from ${row}), true) as locked`,
    );
    expect(told).toEqual([{ locked: true, shared, exclusive }]);
  });
});
