import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeOf, type Demo, night, type Organisation } from "../support/demo.ts";
import { accept, offer, openTo } from "../support/handoffs.ts";
import { hold, moveHold, stay } from "../support/holds.ts";
import {
  beingOpened,
  free,
  isChainFree,
  layOutOfOrder,
  lockedNights,
  lockNight,
  startWatched,
  uuid,
  type Watched,
  writersOf,
} from "../support/lock-watch.ts";
import { mutate } from "../support/mutate.ts";

let network: Watched;
let pomegranate: string;
let apricot: string;
let ids: Watched["ids"];
let globalIds: Watched["globalIds"];
let pastWalls: Watched["pastWalls"];
let whileItWaits: Watched["whileItWaits"];
let watching: Watched["watching"];
beforeAll(async () => {
  network = await startWatched();
  ({ pomegranate, apricot, ids, globalIds, pastWalls, whileItWaits, watching } = network);
});
afterAll(async () => {
  await network?.stop();
});
const ask: Demo["ask"] = (...call) => network.ask(...call);

describe("nights are locked in the order of their key, and not in that in which they lie,", () => {
  const week = (shelterId: string) => ({ ...stay(shelterId, 1), checkOut: night(8) });
  const held = async (...stays: object[]) =>
    (await hold(ask, "lantern", stays)).data["holdBeds"].id as string;
  beforeAll(async () => {
    await watching(layOutOfOrder);
  });
  afterAll(async () => {
    await pastWalls("delete from bed_hold");
    await pastWalls("update bed_night set held = 0, occupied = 0");
  });

  it("by a hold", async () => {
    const { seen, told } = await whileItWaits(
      lockNight(pomegranate, 4),
      () => held(week(pomegranate)),
      (client) => lockedNights(client, pomegranate, 10),
    );
    expect(seen).toEqual([1, 2, 3, 4].map(night));
    expect(told).toEqual(expect.any(String));
  });

  it("by a hold at two shelters, whichever it names first", async () => {
    const [low, high] = [pomegranate, apricot].toSorted((a, b) => (uuid(a) < uuid(b) ? -1 : 1));
    const { seen } = await whileItWaits(
      lockNight(low!, 4),
      () => held(week(high!), week(low!)),
      async (client) => [
        await lockedNights(client, low!, 10),
        await lockedNights(client, high!, 10),
      ],
    );
    expect(seen).toEqual([[1, 2, 3, 4].map(night), []]);
  });

  it("by a hold that is confirmed, and by the clock that ends it", async () => {
    const id = await held(week(pomegranate));
    const look = (client: pg.Client) => lockedNights(client, pomegranate, 10);
    const confirmed = await whileItWaits(
      lockNight(pomegranate, 4),
      () => moveHold(ask, "lantern", "confirmBedHold", id),
      look,
    );
    expect(confirmed.seen).toEqual([1, 2, 3, 4].map(night));
    const overdue = uuid(await held(week(pomegranate)));
    const settled = await whileItWaits(
      lockNight(pomegranate, 4),
      async () => {
        await pastWalls("update bed_hold set expires_at = now() where id = $1", [overdue]);
        await pastWalls("select settle_overdue_holds(null, 10)");
      },
      look,
    );
    expect(settled.seen).toEqual([1, 2, 3, 4].map(night));
  });

  it("by beds that are set", async () => {
    const { seen, told } = await whileItWaits(
      lockNight(pomegranate, 4),
      () =>
        mutate(ask, "harbour", "setBeds", {
          shelterId: pomegranate,
          from: night(1),
          until: night(8),
          outOfService: 1,
        }),
      (client) => lockedNights(client, pomegranate, 10),
    );
    expect(seen).toEqual([1, 2, 3, 4].map(night));
    expect(told.errors).toBeUndefined();
  });

  it("where two processes open them, by each", async () => {
    const last = await pastWalls("select max(night)::text as night from bed_night");
    const day = last.rows[0].night as string;
    await pastWalls("delete from bed_night where night > $1::date - 2", [day]);
    const shelters = [...(await pastWalls("select id from shelter order by id")).rows];
    const { seen } = await whileItWaits(
      (client) =>
        client.query(
          `insert into bed_night (shelter_id, night, owner_id, country, maximum)
            select s.id, $2::date - 1, s.owner_id, s.country, s.beds from shelter s where s.id = $1`,
          [shelters[1].id, day],
        ),
      () => pastWalls("select open_nights(null)"),
      (client) => beingOpened(client, day),
    );
    expect(seen).toEqual([shelters[0].id]);
  });
});

describe("before any audit chain", () => {
  it("a hold has its nights, and then those whom it makes acquainted", async () => {
    await pastWalls("delete from acquaintance");
    const { seen } = await whileItWaits(
      lockNight(pomegranate, 1),
      () => hold(ask, "lantern", [stay(pomegranate, 1)]),
      async (client) => {
        const writers = await writersOf(client, "acquaintance");
        return [writers, await isChainFree(client, ids.harbour)];
      },
    );
    expect(seen).toEqual([0, true]);
  });

  it("of two that make somebody acquainted one waits, with the table and no row of it", async () => {
    await pastWalls("delete from acquaintance");
    const pair = "insert into acquaintance values ($1, $2), ($2, $1)";
    const { seen } = await whileItWaits(
      (client) => client.query("select pg_advisory_xact_lock(hashtextextended('acquaintance', 0))"),
      () => hold(ask, "lantern", [stay(pomegranate, 1)]),
      async (client) => {
        const writers = await writersOf(client, "acquaintance");
        await client.query("set lock_timeout = 100");
        await client.query(pair, [ids.lantern, ids.harbour]);
        return writers;
      },
    );
    expect(seen).toBe(1);
    // Acquainted by now, they wait for nobody.
    await watching(async (client) => {
      await client.query("begin");
      await client.query("select pg_advisory_xact_lock(hashtextextended('acquaintance', 0))");
      expect(codeOf(await hold(ask, "lantern", [stay(pomegranate, 1)]))).toBeUndefined();
    });
  });

  it("an introduction waits for another of the same organisation", async () => {
    await pastWalls("delete from introduction");
    const one = "select identity_thumbprint as thumbprint from organisation where id = $1";
    const { thumbprint } = (await pastWalls(one, [ids.outsider])).rows[0];
    const meet = () =>
      ask(
        "lantern",
        "query ($thumbprint: Thumbprint!) { organisation(thumbprint: $thumbprint) { id } }",
        { thumbprint },
      );
    const { seen, told } = await whileItWaits(
      (client) =>
        client.query("select pg_advisory_xact_lock(hashtextextended('introductions:' || $1, 0))", [
          ids.lantern,
        ]),
      meet,
      async (client) => (await client.query("table introduction")).rowCount,
    );
    expect([seen, told.data]).toEqual([0, { organisation: { id: globalIds.outsider } }]);
  });
});

describe("whoever has nothing to do with it", () => {
  beforeAll(() => network.introduceAll());

  it("neither waits for a hold nor has it locked", async () => {
    const { data } = await hold(ask, "lantern", [stay(pomegranate, 1)]);
    const id = uuid(data["holdBeds"].id);
    for (const [handle, to] of [
      ["outsider", "RELEASED"],
      ["outsider", "DECLINED"],
      ["lantern", "DECLINED"],
      ["harbour", "CONFIRMED"],
    ] as const) {
      const call = "select * from move_hold($1, '{HELD}', $2)";
      expect(await network.touches(handle, "bed_hold", id, call, [id, to]), to).toEqual([]);
    }
  });

  it("neither waits for a handoff nor has it locked, also once it was a candidate", async () => {
    await openTo(ask, "lantern", ["harbour", "bridge", "outsider"]);
    const { data } = await offer(ask, "lantern", ["harbour", "bridge", "outsider"]);
    const { id } = data["offerHandoff"];
    await mutate(ask, "bridge", "rejectHandoff", { id, reason: "NO_CAPACITY" }, "{ __typename }");
    await accept(ask, "harbour", id);
    const call = "select viewed_as from lock_handoff($1)";
    const seen = (handle: Organisation) =>
      network.touches(handle, "handoff", uuid(id), call, [uuid(id)]);
    expect(await seen("coordinator")).toEqual([]);
    expect(await seen("bridge")).toEqual([]);
    expect(await seen("outsider")).toEqual([{ viewed_as: "PASSED_OVER" }]);
  });
});

describe("an organisation that locks itself down", () => {
  /** Of whom it has a handoff, and of whom a grant: the one's chain is the last, and the other's the first. */
  let last: Organisation;
  let first: Organisation;
  let own: Organisation;
  const reopen = () =>
    pastWalls("update organisation set status = 'ACTIVE' where id = $1", [ids[own]]);
  const lockDown = () =>
    mutate(ask, own, "lockDownOrganisation", { organisationId: globalIds[own] }, "{ status }");
  beforeAll(async () => {
    const partners = (["lantern", "harbour", "bridge", "outsider"] as const).toSorted((a, b) =>
      ids[a] < ids[b] ? -1 : 1,
    );
    [first, own] = partners as [Organisation, Organisation];
    last = partners.at(-1)!;
    await network.introduceAll();
  });

  it("has all chains at once that it tells, those of whom it had grants from among them", async () => {
    await openTo(ask, first, [own]);
    await mutate(ask, first, "grantScopes", {
      organisationId: globalIds[own],
      scopes: ["BEDS_READ"],
    });
    await openTo(ask, last, [own]);
    const { id } = (await offer(ask, last, [own])).data["offerHandoff"];
    await accept(ask, own, id);
    const { seen, told } = await whileItWaits(
      (client) => client.query("select lock_chains(array[$1::uuid])", [ids[last]]),
      lockDown,
      (client) => isChainFree(client, ids[first]),
    );
    expect([seen, told.errors]).toEqual([false, undefined]);
    await reopen();
  });

  it("has the grants before what they reach, as who takes a member out of a circle has", async () => {
    const memberIds = [globalIds[own], globalIds[first]];
    const { data } = await mutate(ask, "coordinator", "createCircle", {
      name: "Circle",
      stewardId: globalIds.coordinator,
      memberIds,
    });
    const circleId = data["createCircle"].id as string;
    const given = await mutate(ask, first, "grantScopes", { circleId, scopes: ["BEDS_READ"] });
    const grant = uuid(given.data["grantScopes"].id);
    const reached = `select organisation_id::text as name from sharing_reach where grant_id = $1`;
    const everybody = await watching((client) => free(client, reached, [grant]));
    expect(everybody).toContain(ids[own]);
    for (const call of [
      () =>
        mutate(ask, "coordinator", "setCircleMembers", { circleId, memberIds: memberIds.slice(1) }),
      lockDown,
    ]) {
      const { seen, told } = await whileItWaits(
        (client) =>
          client.query("select from sharing_grant where id = $1 for no key update", [grant]),
        call,
        (client) => free(client, reached, [grant]),
      );
      expect([seen, told.errors]).toEqual([everybody, undefined]);
      await pastWalls("insert into circle_member values ($1, $2) on conflict do nothing", [
        uuid(circleId),
        ids[own],
      ]);
      await pastWalls(
        `insert into sharing_reach
          select g.id, $2, g.owner_id, g.circle_id, 'beds:read', null, g.valid_from from sharing_grant g
          where g.id = $1 on conflict do nothing`,
        [grant, ids[own]],
      );
    }
    await reopen();
  });
});
