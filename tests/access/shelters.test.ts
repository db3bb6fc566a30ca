import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { decodeId, encodeId } from "../../src/kernel/ids.ts";
import { codeOf, type Demo, idOf, night, startDemo } from "../support/demo.ts";
import { meddle } from "../support/handoffs.ts";
import { heldUp } from "../support/held-up.ts";
import { hold, SEARCH, search, shelter, stay } from "../support/holds.ts";
import { mutate } from "../support/mutate.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);

describe("an owner", () => {
  const CREATE = `mutation ($input: CreateShelterInput!) { createShelter(input: $input) { id
    nights(from: "${night(1)}", until: "${night(2)}") { date maximum available held occupied outOfService } } }`;
  const SET = `mutation ($input: SetBedsInput!) { setBeds(input: $input) { id
    nights(from: "${night(1)}", until: "${night(3)}") { maximum available held outOfService } } }`;
  const create = (label: string, beds = 3, more: object = {}) => {
    const place = { country: "AM", locality: "Dilijan", kind: "HOSTEL", features: [], ...more };
    return ask("harbour", CREATE, {
      input: { ...place, label, beds, idempotencyKey: randomUUID() },
    });
  };
  const set = (organisation: string, input: object) =>
    ask(organisation, SET, {
      input: { from: night(1), until: night(2), idempotencyKey: randomUUID(), ...input },
    });

  it("creates a shelter once under a label (createShelter), its nights open", async () => {
    const made = await create("Quince");
    expect(made.data["createShelter"].nights).toEqual([
      { date: night(1), maximum: 3, available: 3, held: 0, occupied: 0, outOfService: 0 },
    ]);
    expect(codeOf(await create("Quince"))).toBe("BAD_USER_INPUT");
    const { data } = await ask("harbour", "{ shelters { edges { node { label } } } }");
    expect(data["shelters"].edges).toContainEqual({ node: { label: "Quince" } });
    expect(
      (await ask("lantern", "{ shelters { edges { node { label } } } }")).data["shelters"].edges,
    ).toEqual([]);
  });

  it.each([
    ["Łódź", "ŁÓDŹ"],
    ["Łódź", "łódź"],
    ["Łódź", "Łódź".normalize("NFD")],
    ["Πάτρας", "ΠΆΤΡΑΣ"],
    ["Diyarbakır", "DİYARBAKIR"],
  ])(
    "has its shelter in %s found in %s, in capitals or not, however its letters are spelled",
    async (name, locality) => {
      const place = { country: "PL", locality: name };
      const label = `Mélèze ${locality}`.normalize("NFC");
      const { id } = (await create(label, 1, place)).data["createShelter"];
      expect(codeOf(await create(label.normalize("NFD"), 1, place))).toBe("BAD_USER_INPUT");
      const found = await ask("harbour", SEARCH, {
        search: { ...search, country: "PL", locality },
      });
      expect(JSON.stringify(found.data)).toContain(id);
    },
  );

  it("gives a name of eighty characters, however many units each is written in", async () => {
    expect((await create("𞤀".repeat(80))).errors).toBeUndefined();
    expect(codeOf(await create("𞤁".repeat(81)))).toBe("BAD_USER_INPUT");
  });

  it.each(["", " Elm", "Elm\nYerevan", "\u202emlE", "\ud800", "\u200b", "x".repeat(81)])(
    "gives no name that is none: %j",
    async (name) => {
      expect(codeOf(await create(name))).toBe("BAD_USER_INPUT");
      expect(codeOf(await create("Elm", 1, { locality: name }))).toBe("BAD_USER_INPUT");
      const made = { name, stewardId: await idOf(ask, "coordinator"), memberIds: [] };
      expect(codeOf(await mutate(ask, "coordinator", "createCircle", made))).toBe("BAD_USER_INPUT");
    },
  );

  it("gives it another name (renameShelter), which all its readers read and its holds keep to; the wrong organisation gives none", async () => {
    const { id } = (await create("Sorrel Street 5", 3)).data["createShelter"] as { id: string };
    const NAMED = "{ id label locality }";
    const rename = (by: string, input: object) =>
      mutate(ask, by, "renameShelter", { shelterId: id, ...input }, NAMED);
    const placed = await hold(ask, "lantern", [stay(id, 1)]);
    const missing = encodeId("Shelter", randomUUID());
    const unknown = await rename("lantern", { shelterId: missing, label: "Mine" });
    expect(codeOf(unknown)).toBe("NOT_FOUND");
    for (const organisation of ["lantern", "outsider", "coordinator"])
      expect(await rename(organisation, { label: "Mine" })).toEqual(unknown);
    for (const wrong of [{}, { label: "" }, { locality: "Elm\nYerevan" }, { label: "Quince" }])
      expect(codeOf(await rename("harbour", wrong)), JSON.stringify(wrong)).toBe("BAD_USER_INPUT");

    const input = { idempotencyKey: "a-better-name", label: "Se\u0301same" };
    const renamed = await rename("harbour", input);
    expect(renamed.data["renameShelter"]).toEqual({
      id,
      label: "S\u00e9same",
      locality: "Dilijan",
    });
    expect(await rename("harbour", input)).toEqual(renamed);
    await rename("harbour", { locality: "Tavush" });
    const query =
      "query ($id: ID!) { node(id: $id) { ... on BedHold { stays { beds shelter { label locality } } } } }";
    const { data } = await ask("lantern", query, { id: placed.data["holdBeds"].id });
    const named = { label: "S\u00e9same", locality: "Tavush" };
    expect(data["node"].stays).toEqual([{ beds: 1, shelter: named }]);
    const inTavush = { search: { ...search, locality: "tavush" } };
    expect(JSON.stringify((await ask("lantern", SEARCH, inTavush)).data)).toContain(id);
    // Its earlier label is free again, and no column that holds text says it.
    const kept = await meddle(
      demo,
      `select from event e where e::text like '%Sorrel%' union all
        select from audit_entry a where a::text like '%Sorrel%' union all
        select from idempotency_record i where i::text like '%Sorrel%' union all
        select from shelter s where s::text like '%Sorrel%'`,
    );
    expect(kept.rowCount).toBe(0);
    const told = await meddle(
      demo,
      "select kind from event where subject_id = $1 order by position",
      [decodeId(id)!.uuid],
    );
    expect(told.rows).toEqual(Array(3).fill({ kind: "BEDS_CHANGED" }));
  });

  it("says once what a shelter has", async () => {
    expect(codeOf(await create("Elm", 1, { features: ["PETS", "PETS"] }))).toBe("BAD_USER_INPUT");
  });

  it("has no more shelters than the clock can open nights of, though two are made at once", async () => {
    const { id } = (await create("Hazel")).data["createShelter"];
    await meddle(
      demo,
      `insert into shelter (owner_id, label, country, locality, kind, features, beds)
        select owner_id, 'planted ' || n, country, locality, kind, features, beds
          from shelter s, generate_series(1, 1999 - (
            select count(*)::integer from shelter o where o.owner_id = s.owner_id)) n where id = $1`,
      [decodeId(id)!.uuid],
    );
    const made = await heldUp(
      demo,
      "harbour",
      () => create("Aspen"),
      () => create("Rowan"),
    );
    expect(made.map(codeOf)).toEqual([undefined, "LIMIT_EXCEEDED"]);
    await meddle(demo, "delete from shelter where label like 'planted %'");
    expect((await create("Rowan")).errors).toBeUndefined();
  });

  it("sets the last night as well, which the clock opens within the hour", async () => {
    const shelterId = (await create("Hawthorn")).data["createShelter"].id as string;
    const last = { from: night(365), until: night(366) };
    await meddle(demo, "delete from bed_night where night = $1", [last.from]);
    await set("harbour", { shelterId, ...last, maximum: 0 });
    const { data } = await ask(
      "harbour",
      `query ($id: ID!) { node(id: $id) { ... on Shelter { nights(from: "${last.from}", until: "${last.until}") { maximum } } } }`,
      { id: shelterId },
    );
    expect(data["node"].nights).toEqual([{ maximum: 0 }]);
  });

  it("stays as it was set on the nights that open later", async () => {
    const shelterId = (await create("Blackthorn")).data["createShelter"].id as string;
    const last = night(365);
    await set("harbour", { shelterId, from: night(9), until: last, maximum: 5, outOfService: 4 });
    await meddle(demo, "delete from bed_night where night = $1", [last]);
    await meddle(demo, "select open_nights(null)");
    const { data } = await ask(
      "harbour",
      `query ($id: ID!) { node(id: $id) { ... on Shelter { nights(from: "${last}", until: "${night(366)}") { maximum outOfService held } } } }`,
      { id: shelterId },
    );
    expect(data["node"].nights).toEqual([{ maximum: 5, outOfService: 4, held: 0 }]);
  });

  it("sets beds (setBeds), never below what is promised", async () => {
    const shelterId = (await create("Mulberry")).data["createShelter"].id as string;
    await hold(ask, "lantern", [stay(shelterId, 2)]);
    expect(
      (await set("harbour", { shelterId, maximum: 4, outOfService: 1 })).data["setBeds"].nights,
    ).toEqual([
      { maximum: 4, available: 1, held: 2, outOfService: 1 },
      { maximum: 3, available: 1, held: 2, outOfService: 0 },
    ]);
    const promised = "decline what is held, and ask its holders to release";
    for (const [place, change, why] of [
      ["maximum", { maximum: 1 }, promised],
      ["outOfService", { outOfService: 3 }, promised],
      ["", {}, "must set"],
      ["maximum", { maximum: -1 }, "must be from 0"],
      ["until", { until: night(1), maximum: 2 }, "must be after"],
    ] as const) {
      const answer = await set("harbour", { shelterId, ...change });
      const { code, issues } = answer.errors![0]!.extensions as {
        code: string;
        issues?: { path: string[]; message: string }[];
      };
      expect([code, issues?.map(({ path }) => path.join())]).toEqual(["BAD_USER_INPUT", [place]]);
      expect(issues![0]!.message).toContain(why);
    }
  });

  it("is set under the same key as the first time, also when its nights are long past", async () => {
    const shelterId = (await create("Medlar")).data["createShelter"].id as string;
    const input = {
      shelterId,
      maximum: 2,
      idempotencyKey: randomUUID(),
      from: night(1),
      until: night(3),
    };
    const first = await set("harbour", input);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 30 * 86_400_000 });
    const again = await set("harbour", input);
    const late = await set("harbour", { ...input, idempotencyKey: randomUUID() });
    vi.useRealTimers();
    expect(again.data["setBeds"].nights).toHaveLength(2);
    expect(again).toEqual(first);
    expect(codeOf(late)).toBe("BAD_USER_INPUT");
  });

  it("is not played by the wrong organisation, which may hold beds there or not", async () => {
    const shelterId = await shelter(ask, "Apricot");
    const missing = await set("lantern", {
      shelterId: encodeId("Shelter", randomUUID()),
      maximum: 9,
    });
    expect(codeOf(missing)).toBe("NOT_FOUND");
    for (const organisation of ["lantern", "outsider", "coordinator"]) {
      expect(await set(organisation, { shelterId, maximum: 9 })).toEqual(missing);
    }
  });

  it("shows its counts to whom it shares beds:hold, and to nobody else", async () => {
    const nights = `{ bedAvailability(search: { country: "AM", checkIn: "${night(1)}", checkOut: "${night(2)}" }) {
      edges { node { shelter { nights(from: "${night(1)}", until: "${night(2)}") { maximum } } } } } }`;
    expect((await ask("lantern", nights)).errors).toBeUndefined();
    expect(codeOf(await ask("bridge", nights))).toBe("FORBIDDEN");
    const ofNoYear = nights.replace(
      /from: "[^"]+", until: "[^"]+"/,
      'from: "0000-01-01", until: "0000-01-02"',
    );
    expect(codeOf(await ask("lantern", ofNoYear))).toBe("BAD_USER_INPUT");
  });
});
