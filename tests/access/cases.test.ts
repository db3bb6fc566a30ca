import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeId } from "../../src/kernel/ids.ts";
import { codeOf, type Demo, startDemo } from "../support/demo.ts";
import { accept, meddle, offer, openTo } from "../support/handoffs.ts";
import { hold, moveHold, shelter, stay } from "../support/holds.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const ENTITY = `query ($id: ID!) { _entities(representations: [{ __typename: "CaseReference", id: $id }]) {
  ... on CaseReference { id bedHolds { id status } } } }`;
const NODE = `query ($id: ID!) { node(id: $id) { __typename id
  ... on BedHold { caseReference { id bedHolds { id } } } ... on Shelter { label } } }`;

describe("a case reference", () => {
  it("leads its writer to its holds, and nobody else, the host neither", async () => {
    const caseReference = randomUUID();
    const stays = [stay(await shelter(ask, "Apricot"), 1, 5)];
    const placed = await hold(ask, "lantern", stays, randomUUID(), { caseReference });
    const { id } = placed.data["holdBeds"];
    expect(placed.data["holdBeds"].caseReference).toEqual({ id: caseReference });
    expect((await ask("lantern", ENTITY, { id: caseReference })).data["_entities"]).toEqual([
      { id: caseReference, bedHolds: [{ id, status: "HELD" }] },
    ]);
    for (const by of ["harbour", "bridge", "outsider", "coordinator"]) {
      const { data } = await ask(by, ENTITY, { id: caseReference });
      expect(data["_entities"]).toEqual([{ id: caseReference, bedHolds: [] }]);
    }
    expect((await ask("harbour", NODE, { id })).data["node"].caseReference).toBeNull();
  });

  it("tells thirty holds at most, those under way first, and is not multiplied with itself", async () => {
    const caseReference = randomUUID();
    const stays = [stay(await shelter(ask, "Apricot"), 1, 5)];
    const placed: string[] = [];
    for (let count = 0; count < 32; count++) {
      const answer = await hold(ask, "lantern", stays, randomUUID(), { caseReference });
      const id = answer.data["holdBeds"].id as string;
      placed.push(id);
      if (count > 0) await moveHold(ask, "lantern", "releaseBedHold", id);
    }
    const told = (await ask("lantern", ENTITY, { id: caseReference })).data["_entities"][0]
      .bedHolds;
    expect(told).toHaveLength(30);
    expect(told[0]).toEqual({ id: placed[0], status: "HELD" });
    const holds = (inner: string) => `bedHolds { ${inner} }`;
    const nested = holds("caseReference { B }".replace("B", holds("caseReference { B }")));
    const query = ENTITY.replace(
      "id bedHolds { id status }",
      nested.replace("B", holds("caseReference { bedHolds { id } }")),
    );
    expect(codeOf(await ask("lantern", query, { id: caseReference }))).toBe("LIMIT_EXCEEDED");
  });

  it("is a random UUID, and nothing else is one", async () => {
    const stays = [stay(await shelter(ask, "Apricot"), 1, 5)];
    for (const caseReference of ["case-1", "", "00000000-0000-0000-0000-000000000000"]) {
      const answer = await hold(ask, "lantern", stays, randomUUID(), { caseReference });
      expect(codeOf(answer)).toBe("BAD_USER_INPUT");
      const { data } = await ask("lantern", ENTITY, { id: caseReference });
      expect(data["_entities"]).toEqual([null]);
    }
  });
});

describe("beds held in an acceptance", () => {
  const offered = async () => {
    await openTo(ask, "lantern", ["harbour"]);
    return (await offer(ask, "lantern", ["harbour"])).data["offerHandoff"].id as string;
  };
  const holdBeds = (stays: object[], more: object = {}) => ({
    idempotencyKey: randomUUID(),
    riskProfile: "JOURNALIST",
    stays,
    ...more,
  });

  it("are refused by their place in the acceptance's input", async () => {
    const id = await offered();
    const apricot = await shelter(ask, "Apricot");
    const placesOf = async (beds: number, more: object = {}) => {
      const input = { holdBeds: holdBeds([stay(apricot, beds, 5)], more) };
      const answer = await accept(ask, "harbour", id, input);
      const { issues } = answer.errors![0]!.extensions as { issues?: { path: unknown[] }[] };
      return issues?.map(({ path }) => path);
    };
    expect(await placesOf(0)).toEqual([["holdBeds", "stays", 0, "beds"]]);
    expect(await placesOf(1, { caseReference: "x" })).toEqual([["holdBeds", "caseReference"]]);
    const bound = (nights: string) =>
      meddle(demo, `update shelter set max_stay_nights = ${nights} where label = 'Apricot'`);
    await bound("1");
    expect(await placesOf(1)).toEqual([["holdBeds", "stays", 0, "checkOut"]]);
    await bound("null");
  });

  it("keep the reference that they are given, and the handoff its own", async () => {
    const [caseReference, other] = [randomUUID(), randomUUID()];
    const id = await offered();
    const stays = [stay(await shelter(ask, "Apricot"), 1, 5)];
    const input = { caseReference, holdBeds: holdBeds(stays, { caseReference: other }) };
    const accepted = await accept(ask, "harbour", id, input);
    expect(accepted.data["acceptHandoff"].caseReference).toEqual({ id: caseReference });
    for (const [one, holds] of [
      [caseReference, []],
      [other, [{ id: expect.any(String), status: "HELD" }]],
    ] as const) {
      const { data } = await ask("harbour", ENTITY, { id: one });
      expect(data["_entities"]).toEqual([{ id: one, bedHolds: holds }]);
    }
  });
});

describe("keepApartFrom", () => {
  it("keeps two cases from one shelter in one night, until the first has left", async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    const [apricot, pomegranate] = [
      await shelter(ask, "Apricot"),
      await shelter(ask, "Pomegranate"),
    ];
    const first = await hold(ask, "lantern", [stay(apricot, 1, 10)], randomUUID(), {
      caseReference: one,
    });
    const apart = (shelterId: string, from: number, keepApartFrom: string[] = [one]) =>
      hold(ask, "lantern", [stay(shelterId, 1, from)], randomUUID(), {
        caseReference: other,
        keepApartFrom,
      });
    const id = first.data["holdBeds"].id as string;
    const refused = { __typename: "KeptApart", shelterId: apricot };
    expect((await apart(apricot, 11)).data["holdBeds"]).toMatchObject(refused);
    await moveHold(ask, "lantern", "confirmBedHold", id);
    expect((await apart(apricot, 11)).data["holdBeds"]).toMatchObject(refused);
    expect((await apart(apricot, 9, [id])).data["holdBeds"]).toMatchObject(refused);
    expect((await apart(apricot, 12)).data["holdBeds"].status).toBe("HELD");
    expect((await apart(apricot, 8)).data["holdBeds"].status).toBe("HELD");
    expect((await apart(pomegranate, 10)).data["holdBeds"].status).toBe("HELD");
    await moveHold(ask, "lantern", "releaseBedHold", id);
    expect((await apart(apricot, 10)).data["holdBeds"].status).toBe("HELD");
  });

  it("holds for two that are placed at once", async () => {
    const apricot = await shelter(ask, "Apricot");
    for (let night = 20; night < 32; night += 2) {
      const cases = [randomUUID(), randomUUID()] as const;
      const answers = await Promise.all(
        cases.map((caseReference, i) =>
          hold(ask, "lantern", [stay(apricot, 1, night)], randomUUID(), {
            caseReference,
            keepApartFrom: [cases[1 - i]],
          }),
        ),
      );
      const names = answers.map(({ data }) => data["holdBeds"].__typename as string);
      expect(names.toSorted()).toEqual(["BedHold", "KeptApart"]);
    }
  });

  it("takes no hold of the wrong organisation, nor says that there is one", async () => {
    const placed = await hold(ask, "lantern", [stay(await shelter(ask, "Apricot"), 1, 40)]);
    const id = placed.data["holdBeds"].id as string;
    const stays = [stay(await shelter(ask, "Apricot"), 1, 40)];
    const by = (keepApartFrom: string[]) =>
      hold(ask, "harbour", stays, randomUUID(), { keepApartFrom });
    const missing = await by([encodeId("BedHold", randomUUID())]);
    expect(codeOf(missing)).toBe("NOT_FOUND");
    expect(await by([id])).toEqual(missing);
    expect(await by(["nothing"])).toEqual(missing);
    expect((await by([randomUUID()])).data["holdBeds"].status).toBe("HELD");
  });
});

describe("node", () => {
  it("answers for a shelter or a hold what a list would, and is null to anyone else", async () => {
    const id = await shelter(ask, "Apricot");
    expect((await ask("bridge", NODE, { id })).data["node"]).toMatchObject({ label: "Apricot" });
    const placed = await hold(ask, "lantern", [stay(id, 1, 50)]);
    const held = placed.data["holdBeds"].id as string;
    for (const [by, seen, missing] of [
      ["outsider", id, encodeId("Shelter", randomUUID())],
      ["outsider", held, encodeId("BedHold", randomUUID())],
      ["bridge", held, encodeId("BedHold", randomUUID())],
      ["coordinator", held, "x"],
      ["lantern", encodeId("Case", randomUUID()), "=="],
    ] as const) {
      const body = (one: string) => ({ query: NODE, variables: { id: one } });
      const foreign = await demo.post(by, body(seen));
      expect(foreign).toEqual(await demo.post(by, body(missing)));
      expect(foreign.text).toBe('{"data":{"node":null}}');
    }
    const narrow = await demo.post("lantern", { query: NODE, variables: { id: held } }, [
      "organisations:read",
    ]);
    expect(narrow.text).toBe('{"data":{"node":null}}');
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
