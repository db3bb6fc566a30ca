import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { encodeId } from "../../src/kernel/ids.ts";
import { type Answer, codeOf, type Demo, night, startDemo } from "../support/demo.ts";
import { HOLD, hold, moveHold, SEARCH, search, shelter, stay } from "../support/holds.ts";
import { mutate } from "../support/mutate.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const post: Demo["post"] = (...call) => demo.post(...call);

describe("a search for beds", () => {
  it("counts them for whom they may be held, and bands them for whom they may be read", async () => {
    const beds = async (organisation: string) =>
      (await ask(organisation, SEARCH, { search })).data!["bedAvailability"].edges.map(
        ({ node }: { node: { band: string; beds: number | null } }) => [node.band, node.beds],
      );
    expect((await beds("lantern")).toSorted()).toEqual([
      ["MANY", 8],
      ["SOME", 4],
    ]);
    expect((await beds("bridge")).toSorted()).toEqual([
      ["MANY", null],
      ["SOME", null],
    ]);
    expect(await beds("outsider")).toEqual([]);
  });

  it("goes on where its cursor says", async () => {
    const first = (await ask("lantern", SEARCH, { search, first: 1 })).data!["bedAvailability"];
    const after = first.pageInfo.endCursor as string;
    const second = (await ask("lantern", SEARCH, { search, first: 1, after })).data![
      "bedAvailability"
    ];
    expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([true, false]);
    expect(second.edges[0].node.shelter.id).not.toBe(first.edges[0].node.shelter.id);
  });
});

describe("holdBeds", () => {
  it("refuses the wrong organisation with what it says of a shelter that is not there", async () => {
    const id = await shelter(ask, "Pomegranate");
    const body = (shelterId: string) => ({
      query: HOLD,
      variables: {
        input: {
          idempotencyKey: "wrong-organisation",
          riskProfile: "OTHER",
          stays: [stay(shelterId, 1)],
        },
      },
    });
    const missing = await post("outsider", body(encodeId("Shelter", randomUUID())));
    for (const organisation of ["outsider", "bridge", "coordinator"]) {
      expect(await post(organisation, body(id))).toEqual(missing);
    }
    expect(codeOf(JSON.parse(missing.text) as Answer)).toBe("NOT_FOUND");
  });

  it("answers the same key with the same hold, and refuses it another body", async () => {
    const id = await shelter(ask, "Pomegranate");
    const first = await hold(ask, "lantern", [stay(id, 1, 10)], "same-key-twice");
    expect(first.data!["holdBeds"]).toMatchObject({ status: "HELD", host: { handle: "harbour" } });
    expect(await hold(ask, "lantern", [stay(id, 1, 10)], "same-key-twice")).toEqual(first);
    expect(codeOf(await hold(ask, "lantern", [stay(id, 2, 10)], "same-key-twice"))).toBe(
      "IDEMPOTENCY_MISMATCH",
    );
  });

  it("is answered under the same key as the first time, also when its nights are long past", async () => {
    const stays = [stay(await shelter(ask, "Pomegranate"), 1, 12)];
    const first = await hold(ask, "lantern", stays, "nights-long-past");
    expect(first.data!["holdBeds"].status).toBe("HELD");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 30 * 86_400_000 });
    const again = await hold(ask, "lantern", stays, "nights-long-past");
    const late = await hold(ask, "lantern", stays);
    vi.useRealTimers();
    expect(again).toEqual(first);
    expect(codeOf(late)).toBe("BAD_USER_INPUT");
  });

  it("takes every stay or none", async () => {
    const [one, other] = [await shelter(ask, "Pomegranate"), await shelter(ask, "Apricot")];
    const answer = await hold(ask, "lantern", [stay(one, 8, 20), stay(other, 5, 20)]);
    expect(answer.data!["holdBeds"]).toMatchObject({
      __typename: "CapacityExhausted",
      shelterId: other,
    });
    expect((await hold(ask, "lantern", [stay(one, 8, 20)])).data!["holdBeds"]).toMatchObject({
      status: "HELD",
    });
  });
});

describe("a hold (changeBedHold)", () => {
  it("is not moved by the wrong organisation, whichever edge it tries", async () => {
    const placed = await hold(ask, "lantern", [stay(await shelter(ask, "Apricot"), 1, 30)]);
    const id = placed.data!["holdBeds"].id as string;
    const nobody = encodeId("BedHold", randomUUID());
    for (const [organisation, field] of [
      ["outsider", "confirmBedHold"],
      ["outsider", "releaseBedHold"],
      ["outsider", "declineBedHold"],
      ["bridge", "confirmBedHold"],
      ["harbour", "confirmBedHold"],
      ["harbour", "releaseBedHold"],
      ["lantern", "declineBedHold"],
    ] as const) {
      const foreign = await moveHold(ask, organisation, field, id);
      expect(codeOf(foreign)).toBe("NOT_FOUND");
      expect(foreign).toEqual(await moveHold(ask, organisation, field, nobody));
    }
  });

  it("is of no more nights than the clock can free in time", async () => {
    const one = stay(await shelter(ask, "Apricot"), 1);
    const stays = [366, 366, 269].map((nights) => ({ ...one, checkOut: night(1 + nights) }));
    const answer = await hold(ask, "lantern", stays);
    expect(answer.errors?.[0]?.extensions).toEqual({
      code: "BAD_USER_INPUT",
      issues: [{ path: ["stays"], message: "must be at most 1000 nights in all" }],
    });
    const fits = [...stays.slice(1), { ...one, checkOut: night(1 + 268) }];
    expect((await hold(ask, "lantern", fits)).data["holdBeds"].__typename).toBe(
      "CapacityExhausted",
    );
  });

  it("goes from held to confirmed to released, and from there nowhere", async () => {
    const placed = await hold(ask, "lantern", [stay(await shelter(ask, "Apricot"), 1, 40)]);
    const id = placed.data!["holdBeds"].id as string;
    expect(
      (await moveHold(ask, "lantern", "confirmBedHold", id)).data!["confirmBedHold"],
    ).toMatchObject({
      status: "CONFIRMED",
      expiresAt: null,
    });
    const told = "{ __typename ... on IllegalTransition { message from allowed } }";
    const declined = await mutate(ask, "harbour", "declineBedHold", { id }, told);
    expect(declined.data!["declineBedHold"]).toEqual({
      __typename: "IllegalTransition",
      message:
        "It is CONFIRMED: its holder alone can release it. Tell the holder with sendInstructions why it must, and by telephone.",
      from: "CONFIRMED",
      allowed: [],
    });
    expect(
      (await moveHold(ask, "lantern", "confirmBedHold", id)).data!["confirmBedHold"],
    ).toMatchObject({ from: "CONFIRMED", allowed: ["RELEASED"] });
    await moveHold(ask, "lantern", "releaseBedHold", id);
    expect(
      (await moveHold(ask, "lantern", "confirmBedHold", id)).data!["confirmBedHold"],
    ).toMatchObject({
      from: "RELEASED",
      allowed: [],
    });
  });
});

describe("a list of holds", () => {
  const LIST = `query ($side: HoldSide!, $statuses: [BedHoldStatus!]) {
    bedHolds(side: $side, statuses: $statuses, first: 100) { edges { node { id status stays { shelter { label } } } } } }`;
  const ids = async (organisation: string, side: string, statuses?: string[]) =>
    (await ask(organisation, LIST, { side, statuses })).data["bedHolds"].edges.map(
      ({ node }: { node: { id: string } }) => node.id,
    ) as string[];

  it("shows a hold to its holder and its host, each on its side, and to nobody else", async () => {
    const placed = await hold(ask, "lantern", [stay(await shelter(ask, "Apricot"), 1, 50)]);
    const id = placed.data["holdBeds"].id as string;
    expect(await ids("lantern", "HOLDER")).toContain(id);
    expect(await ids("harbour", "HOST")).toContain(id);
    expect(await ids("lantern", "HOST")).toEqual([]);
    expect(await ids("harbour", "HOLDER")).toEqual([]);
    for (const organisation of ["outsider", "bridge", "coordinator"]) {
      expect(await ids(organisation, "HOLDER")).toEqual([]);
      expect(await ids(organisation, "HOST")).toEqual([]);
    }
  });

  it("can be narrowed to states", async () => {
    const placed = await hold(ask, "lantern", [stay(await shelter(ask, "Apricot"), 1, 60)]);
    const id = placed.data["holdBeds"].id as string;
    expect(await ids("lantern", "HOLDER", ["HELD"])).toContain(id);
    await moveHold(ask, "lantern", "releaseBedHold", id);
    expect(await ids("lantern", "HOLDER", ["HELD"])).not.toContain(id);
    expect(await ids("lantern", "HOLDER", ["RELEASED", "EXPIRED"])).toContain(id);
  });
});
