import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { id, openWalls, type Walls } from "../support/walls.ts";

let walls: Walls;
beforeAll(async () => {
  walls = await openWalls();
});
afterAll(() => walls.close());
const after: Walls["after"] = (...statements) => walls.after(...statements);

describe("beds that are taken", () => {
  const { here, heldThere } = id;
  const take = (shelters: readonly string[], until: readonly number[]) => `
    select set_config('wayhouse.organisation', '${id.owner}', true), set_config('wayhouse.scopes', 'beds:hold', true);
    select expires_at = now() + interval '60 minutes' as in_time from take_beds('${id.newcomer}', 60, 'OTHER', null,
      '{${shelters.join()}}', '{${shelters.map(() => 1).join()}}', array[${shelters.map(() => "current_date").join()}],
      array[${until.map((day) => `current_date + ${day}`).join()}], '{}', '{}')`;
  const refused = { code: "WH002" };

  it("are held until the last of several stays ends, and against each country's next advisory", async () => {
    const told = await after(
      take([here, heldThere], [3, 2]),
      `select ends_on = current_date + 3 as to_the_last, (
          select count(*)::integer from pg_locks
            where pid = pg_backend_pid() and locktype = 'advisory' and mode = 'ShareLock') as countries
        from bed_hold where id = '${id.newcomer}'`,
    );
    expect(told).toEqual([{ to_the_last: true, countries: 2 }]);
    expect(await after(take([here], [2]))).toEqual([{ in_time: true }]);
  });

  it("are of no more nights than the house lets, and of so many", async () => {
    const most = `update shelter set max_stay_nights = 2`;
    expect(await after(most, take([here], [2]))).toHaveLength(1);
    await expect(after(most, take([here], [3]))).rejects.toMatchObject(refused);
  });

  it("are said to be lacking at the first house that lacks them, of those that are named", async () => {
    const full = "update bed_night set out_of_service = maximum - held";
    const lacking = (house: string) => ({
      detail: JSON.stringify({ exhausted: house }).replace(":", ": "),
    });
    for (const houses of [
      [here, heldThere],
      [heldThere, here],
    ] as const) {
      const taking = take(houses, [2, 2]);
      await expect(after(full, taking)).rejects.toMatchObject(lacking(houses[0]));
      const one = `${full} where shelter_id = '${houses[1]}'`;
      await expect(after(one, taking)).rejects.toMatchObject(lacking(houses[1]));
    }
  });

  it("are not where the holder itself warns of, once another has confirmed it", async () => {
    const warned = `delete from circle_member;
      insert into advisory (id, issuer_id, country, risk_profiles, level, hazards, expires_at)
        values ('${id.newcomer}', '${id.owner}', 'AM', '{OTHER}', 'AVOID', '{DEPORTATION}', now() + interval '1 day')`;
    const confirmed = `insert into advisory_confirmation values ('${id.newcomer}', '${id.owner}', '${id.former}')`;
    expect(await after(warned, take([here], [2]))).toHaveLength(1);
    await expect(after(warned, confirmed, take([here], [2]))).rejects.toMatchObject(refused);
  });
});
