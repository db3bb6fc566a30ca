import { sql } from "kysely";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BadUserInput, NotFound } from "../../src/kernel/errors.ts";
import { createPool, type Pool } from "../../src/platform/db/pool.ts";
import { openSession, type Session } from "../../src/platform/db/session.ts";
import {
  counters,
  createShelter,
  move,
  placeHold,
  placeStays,
  share,
} from "../support/capacity.ts";
import { night } from "../support/demo.ts";
import { waiting } from "../support/held-up.ts";
import { plantOrganisation } from "../support/network.ts";
import { asSuperuser, createTestDatabase, type TestDatabase } from "../support/postgres.ts";

const BEDS = ["beds:read", "beds:hold", "beds:manage", "sharing:manage", "audit:read"] as const;
let database: TestDatabase;
let pool: Pool;
let harbour: Session;
let lantern: Session;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ url: database.apiUrl, max: 8, log: () => {} });
  harbour = await openSession(pool, await plantOrganisation(database.ownerUrl, "harbour", BEDS));
  lantern = await openSession(pool, await plantOrganisation(database.ownerUrl, "lantern", BEDS));
});
afterAll(async () => {
  await pool.end();
  await database.leave();
});

describe("beds", () => {
  it("are neither seen nor held by an organisation that nothing is shared with", async () => {
    const { id } = await createShelter(harbour, "unshared", 4);
    expect(
      await lantern.read.selectFrom("shelter").select("id").where("id", "=", id).execute(),
    ).toEqual([]);
    await expect(placeHold(lantern, id, 1)).rejects.toThrow(NotFound);
  });

  it("are seen as a band and not counted where only reading is shared", async () => {
    const { id } = await createShelter(harbour, "band", 4);
    const grant = await share(harbour, lantern, ["beds:read"]);
    const found = await sql<{ shelter_id: string; band: string; beds: number | null }>`
      select * from search_beds('AM', 'yerevan', '{}', ${night(1)}, ${night(3)}, 4, null, 100)
    `.execute(lantern.read);
    expect(found.rows.find((row) => row.shelter_id === id)).toEqual({
      shelter_id: id,
      band: "SOME",
      beds: null,
    });
    expect(await lantern.read.selectFrom("bed_night").selectAll().execute()).not.toContainEqual(
      expect.objectContaining({ shelter_id: id }),
    );
    await expect(placeHold(lantern, id, 1)).rejects.toThrow(NotFound);
    await asSuperuser(database.superuserUrl, (client) =>
      client.query("delete from sharing_reach where grant_id = $1", [grant]),
    );
  });

  it("are held, confirmed and released, and every counter follows", async () => {
    const { id } = await createShelter(harbour, "moved", 4);
    const grant = await share(harbour, lantern, ["beds:read", "beds:hold"]);
    const hold = await placeHold(lantern, id, 3);
    expect(await counters(harbour, id)).toEqual({
      maximum: 4,
      held: 3,
      occupied: 0,
      out_of_service: 0,
    });
    await expect(placeHold(lantern, id, 2)).rejects.toThrow("the beds are not free");
    expect(await move(lantern, hold.id, ["HELD"], "DECLINED")).toBeUndefined();
    expect(await move(harbour, hold.id, ["HELD"], "CONFIRMED")).toBeUndefined();
    expect(await move(lantern, hold.id, ["HELD"], "CONFIRMED")).toBe("HELD");
    expect(await counters(harbour, id)).toEqual({
      maximum: 4,
      held: 0,
      occupied: 3,
      out_of_service: 0,
    });
    expect(await move(harbour, hold.id, ["HELD"], "DECLINED")).toBe("CONFIRMED");
    expect(await move(lantern, hold.id, ["HELD", "CONFIRMED"], "RELEASED")).toBe("CONFIRMED");
    expect(await counters(harbour, id)).toEqual({
      maximum: 4,
      held: 0,
      occupied: 0,
      out_of_service: 0,
    });
    await asSuperuser(database.superuserUrl, (client) =>
      client.query("delete from sharing_reach where grant_id = $1", [grant]),
    );
  });

  it("are free again when a hold is past its time, before and after the clock has tidied it", async () => {
    const { id } = await createShelter(harbour, "overdue", 2);
    const hold = await placeHold(harbour, id, 2, -1);
    const free = async () =>
      (
        await sql<{ beds: number }>`
          select beds from search_beds('AM', null, '{}', ${night(1)}, ${night(3)}, 1, null, 100)
          where shelter_id = ${id}`.execute(harbour.read)
      ).rows;
    expect(await free()).toEqual([{ beds: 2 }]);
    expect(await move(harbour, hold.id, ["HELD"], "CONFIRMED")).toBe("EXPIRED");
    await sql`select settle_overdue_holds(array[${id}]::uuid[], 10)`.execute(harbour.read);
    expect(await free()).toEqual([{ beds: 2 }]);
    expect(await counters(harbour, id)).toMatchObject({ held: 0 });
  });

  it("are not confirmed past the hold's time by a transaction that began before it", async () => {
    const { id } = await createShelter(harbour, "awaited", 2);
    const hold = await placeHold(harbour, id, 2);
    const operation = { name: "confirmBedHold", scope: "beds:hold" } as const;
    const { was } = await harbour.write(
      operation,
      { idempotencyKey: "began-before" },
      async (tx) => {
        await asSuperuser(database.superuserUrl, (client) =>
          client.query("update bed_hold set expires_at = clock_timestamp() where id = $1", [
            hold.id,
          ]),
        );
        const { rows } = await sql<{ was: string }>`
        select was from move_hold(${hold.id}, array['HELD'], 'CONFIRMED')`.execute(tx);
        return { result: rows[0]!, changes: [] };
      },
    );
    expect(was).toBe("EXPIRED");
  });

  it("are never promised twice by forty holds at once", async () => {
    const { id } = await createShelter(harbour, "raced", 7);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, () => placeHold(harbour, id, 1)),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(7);
    expect(await counters(harbour, id)).toEqual({
      maximum: 7,
      held: 7,
      occupied: 0,
      out_of_service: 0,
    });
  });

  const pastWalls = <R>(use: (client: pg.Client) => Promise<R>) =>
    asSuperuser(database.superuserUrl, use);
  /** What calls told, each begun when the one before had ended or waited for a night of the shelter. */
  const atOnce = (id: string, calls: readonly (() => Promise<unknown>)[]) =>
    pastWalls(async (client) => {
      await client.query("begin");
      await client.query("select from bed_night where shelter_id = $1 and night = $2 for update", [
        id,
        night(1),
      ]);
      const told: Promise<unknown>[] = [];
      const waited: boolean[] = [];
      for (const call of calls) {
        const one = call();
        told.push(one);
        const waits = waiting(client, waited.filter(Boolean).length + 1);
        waited.push(await Promise.race([one.then(() => false), waits.then(() => true)]));
      }
      await client.query("commit");
      return { told: await Promise.all(told), waited };
    });
  const settle = (shelters: string | null) => async () =>
    (
      await sql<{ done: number }>`
        select settle_overdue_holds(${shelters}::uuid[], 10) as done`.execute(harbour.read)
    ).rows[0]!.done;

  it("come back once, whoever moves one hold at once", async () => {
    const { id } = await createShelter(harbour, "moved-at-once", 5);
    await placeHold(harbour, id, 2);
    const hold = await placeHold(harbour, id, 2);
    const { told } = await atOnce(id, [
      () => move(harbour, hold.id, ["HELD"], "CONFIRMED"),
      () => move(harbour, hold.id, ["HELD", "CONFIRMED"], "RELEASED"),
    ]);
    expect(told).toEqual(["HELD", "CONFIRMED"]);
    expect(await counters(harbour, id)).toMatchObject({ held: 2, occupied: 0 });
  });

  it("that a stay lacked are not gone back for: its hold has later nights, and would wait for an earlier one", async () => {
    const { id } = await createShelter(harbour, "gone-back-for", 2);
    await placeHold(harbour, id, 1);
    const stay = (beds: number, from: number, until: number) => ({
      shelterId: id,
      beds,
      checkIn: night(from),
      checkOut: night(until),
    });
    const stays = [stay(2, 0, 4), stay(1, 1, 2)];
    const { told, waited } = await atOnce(id, [
      () => placeStays(harbour, stays).catch((error: Error) => error.message),
    ]);
    expect({ told, waited }).toEqual({ told: ["the beds are not free"], waited: [false] });
  });

  it("come back once when their time is over, whoever looks at once", async () => {
    await settle(null)();
    const { id } = await createShelter(harbour, "settled-at-once", 5);
    await placeHold(harbour, id, 2);
    await placeHold(harbour, id, 2, -1);
    const outcome = await atOnce(id, [settle(null), settle(null), settle(`{${id}}`)]);
    // The clock passes by what another has in hand; whoever needs the beds now waits for it.
    expect(outcome).toEqual({ told: [1, 0, 0], waited: [true, false, true] });
    expect(await counters(harbour, id)).toMatchObject({ held: 2, occupied: 0 });
  });

  it("are left on the day after the last night, and both sides' chains say so once", async () => {
    const { id } = await createShelter(harbour, "left", 2);
    const grant = await share(harbour, lantern, ["beds:hold"]);
    const hold = await placeHold(lantern, id, 1);
    const overdue = await placeHold(lantern, id, 1, -1);
    await move(lantern, hold.id, ["HELD"], "CONFIRMED");
    const endsOn = (day: number) =>
      pastWalls((client) =>
        client.query("update bed_hold set ends_on = $2 where id = $1", [hold.id, night(day)]),
      );
    await endsOn(0);
    expect([await settle(null)(), await settle(null)()]).toEqual([1, 0]);
    await endsOn(-1);
    expect([await settle(null)(), await settle(null)()]).toEqual([1, 0]);
    for (const { read } of [harbour, lantern]) {
      const entries = await read
        .selectFrom("audit_entry")
        .select(["action", "subject_id"])
        .where("subject_id", "in", [hold.id, overdue.id])
        .where("action", "<>", "holdBeds")
        .orderBy("sequence")
        .execute();
      expect(entries).toEqual([
        { action: "expireBedHold", subject_id: overdue.id },
        { action: "endBedHold", subject_id: hold.id },
      ]);
    }
    expect(await counters(harbour, id)).toMatchObject({ held: 0, occupied: 1 });
    await pastWalls((client) =>
      client.query("delete from sharing_reach where grant_id = $1", [grant]),
    );
  });

  it("cannot be taken below what is promised", async () => {
    const { id } = await createShelter(harbour, "shrunk", 3);
    await placeHold(harbour, id, 2);
    await expect(
      harbour.read
        .updateTable("bed_night")
        .set({ maximum: 1 })
        .where("shelter_id", "=", id)
        .execute(),
    ).rejects.toThrow(BadUserInput);
  });

  it("are not the API's to count: held and occupied change through holds alone", async () => {
    for (const column of ["held", "occupied"] as const) {
      await expect(
        harbour.read
          .updateTable("bed_night")
          .set({ [column]: 0 })
          .execute(),
      ).rejects.toThrow(NotFound);
    }
  });
});
