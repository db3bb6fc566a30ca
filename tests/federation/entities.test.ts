import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeId } from "../../src/kernel/ids.ts";
import type { Scope } from "../../src/kernel/scopes.ts";
import { type Answer, codeOf, type Demo, idOf, startDemo } from "../support/demo.ts";
import { inDays, offer, openTo } from "../support/handoffs.ts";
import { hold, shelter, stay } from "../support/holds.ts";
import { mutate } from "../support/mutate.ts";

const ENTITIES = `query ($r: [_Any!]!) { _entities(representations: $r) { __typename
  ... on Organisation { id handle } ... on Shelter { id label } ... on ConsulateContact { id locality }
  ... on Handoff { id status } ... on CaseReference { id bedHolds { status } handoffs { status } } } }`;
const reference = randomUUID();
const ids: Record<string, string> = {};
let demo: Demo;
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const resolve = async (by: string, r: unknown, scopes?: readonly Scope[]) =>
  (await demo.post(by, { query: ENTITIES, variables: { r } }, scopes)).text;

beforeAll(async () => {
  demo = await startDemo();
  ids["Organisation"] = await idOf(ask, "harbour");
  ids["Shelter"] = await shelter(ask, "Apricot");
  const contact = await mutate(ask, "harbour", "publishConsulateContact", {
    representing: "DE",
    country: "AM",
    locality: "Yerevan",
    documents: ["HUMANITARIAN_VISA"],
    riskProfiles: ["JOURNALIST"],
    languages: ["en"],
    reviewBy: inDays(30),
    envelopes: [],
  });
  ids["ConsulateContact"] = contact.data["publishConsulateContact"].id;
  await openTo(ask, "bridge", ["harbour"]);
  const offered = await offer(ask, "bridge", ["harbour"]);
  ids["Handoff"] = offered.data["offerHandoff"].id;
  await hold(ask, "harbour", [stay(ids["Shelter"], 1)], randomUUID(), { caseReference: reference });
  ids["CaseReference"] = reference;
});
afterAll(async () => {
  await demo.stop();
});
const representation = (type: string, id = ids[type]) => ({ __typename: type, id });

describe("_entities", () => {
  it("answers in the order it was asked, twice what was asked twice, null for what is not there", async () => {
    const r = [
      representation("Shelter"),
      representation("Handoff"),
      representation("Shelter", encodeId("Shelter", randomUUID())),
      representation("Organisation"),
      representation("ConsulateContact"),
      representation("CaseReference"),
      representation("Shelter"),
    ];
    const { data } = JSON.parse(await resolve("harbour", r)) as Answer;
    const apricot = { __typename: "Shelter", id: ids["Shelter"], label: "Apricot" };
    expect(data["_entities"]).toEqual([
      apricot,
      { __typename: "Handoff", id: ids["Handoff"], status: "REQUESTED" },
      null,
      { __typename: "Organisation", id: ids["Organisation"], handle: "harbour" },
      { __typename: "ConsulateContact", id: ids["ConsulateContact"], locality: "Yerevan" },
      { __typename: "CaseReference", id: reference, bedHolds: [{ status: "HELD" }], handoffs: [] },
      apricot,
    ]);
  });

  it.each(["Organisation", "Shelter", "ConsulateContact", "Handoff"])(
    "answers a stranger for a %s as for one that is not there, to the byte",
    async (type) => {
      const foreign = await resolve("outsider", [representation(type)]);
      const missing = await resolve("outsider", [
        representation(type, encodeId(type, randomUUID())),
      ]);
      expect(foreign).toBe(missing);
      expect(foreign).toBe('{"data":{"_entities":[null]}}');
    },
  );

  it("answers a stranger for a CaseReference as for one that nobody wrote: with nothing of its own", async () => {
    const empty = (id: string) =>
      `{"data":{"_entities":[{"__typename":"CaseReference","id":"${id}","bedHolds":[],"handoffs":[]}]}}`;
    const missing = randomUUID();
    for (const by of ["outsider", "lantern", "bridge"]) {
      expect(await resolve(by, [representation("CaseReference")])).toBe(empty(reference));
      expect(await resolve(by, [representation("CaseReference", missing)])).toBe(empty(missing));
    }
  });

  it.each<[string, readonly Scope[], string]>([
    ["Shelter", ["handoffs:read"], "beds:read"],
    ["ConsulateContact", ["beds:read"], "consulates:read"],
    ["Handoff", ["beds:read"], "handoffs:read"],
  ])("answers null for a %s without a scope for it", async (type, scopes, scope) => {
    expect(await resolve("harbour", [representation(type)], scopes)).toBe(
      '{"data":{"_entities":[null]}}',
    );
    expect(await resolve("harbour", [representation(type)], [scope as Scope])).toContain(ids[type]);
  });

  it.each([
    ["of another type", () => ({ __typename: "Handoff", id: ids["Shelter"] })],
    ["in another spelling", () => ({ __typename: "Shelter", id: `${ids["Shelter"]}=` })],
    [
      "not encoded",
      () => ({ __typename: "Shelter", id: "Shelter:00000000-0000-4000-8000-000000000000" }),
    ],
    ["of 900,000 characters", () => ({ __typename: "Shelter", id: "U".repeat(900_000) })],
    ["with a zero byte", () => ({ __typename: "Shelter", id: "\u0000" })],
    ["of no characters", () => ({ __typename: "CaseReference", id: "" })],
    [
      "no UUID of version 4",
      () => ({ __typename: "CaseReference", id: "00000000-0000-1000-8000-000000000000" }),
    ],
    ["a UUID in capitals", () => ({ __typename: "CaseReference", id: reference.toUpperCase() })],
  ])("answers null for an id %s", async (_, one) => {
    expect(await resolve("harbour", [one()])).toBe('{"data":{"_entities":[null]}}');
  });
});

describe("_entities refuses with BAD_USER_INPUT", () => {
  const types = [
    "Viewer",
    "Client",
    "BedHold",
    "Circle",
    "Advisory",
    "Query",
    "Mutation",
    "PageInfo",
  ];
  const others = [
    "Node",
    "Grantee",
    "Scope",
    "HoldBedsInput",
    "ID",
    "_Service",
    "_Entity",
    "__Schema",
    "CaseRecord",
  ];
  const members = [
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "prototype",
    "",
    "shelter",
  ];

  it.each([...types, ...others, ...members])(
    "a representation of `%s`, which is no entity",
    async (type) => {
      const text = await resolve("harbour", [{ __typename: type, id: ids["Shelter"] }]);
      expect([codeOf(JSON.parse(text) as Answer), text.includes('"data":null')]).toEqual([
        "BAD_USER_INPUT",
        true,
      ]);
    },
  );

  it.each<[string, string]>([
    ["no __typename", '{ "id": "x" }'],
    ["no id", '{ "__typename": "Shelter" }'],
    ["a number for an id", '{ "__typename": "Shelter", "id": 7 }'],
    ["null for an id", '{ "__typename": "Shelter", "id": null }'],
    ["an object for an id", '{ "__typename": "Shelter", "id": { "toString": "x" } }'],
    ["a list for an id", '{ "__typename": "Shelter", "id": ["x"] }'],
    ["a list for a type", '{ "__typename": ["Shelter"], "id": "x" }'],
    ["a field more, for @requires", '{ "__typename": "Shelter", "id": "x", "label": "mine" }'],
    ["an owner", '{ "__typename": "Shelter", "id": "x", "owner_id": "x" }'],
    ["a prototype", '{ "__typename": "Shelter", "id": "x", "__proto__": { "id": "y" } }'],
    ["a constructor", '{ "__typename": "Shelter", "id": "x", "constructor": { "prototype": {} } }'],
    ["another key", '{ "__typename": "Organisation", "handle": "harbour" }'],
    ["a list", '["Shelter", "x"]'],
    ["a text", '"Shelter:x"'],
    ["nothing", "null"],
  ])("one with %s, the good ones beside it too", async (_, json) => {
    const text = await resolve("harbour", [representation("Shelter"), JSON.parse(json)]);
    expect(codeOf(JSON.parse(text) as Answer)).toBe("BAD_USER_INPUT");
    expect(text).not.toContain("Apricot");
  });

  it.each([
    `{ __typename: "Shelter", id: "x", __proto__: { id: "y" } }`,
    `{ __typename: "Shelter", id: 1 }`,
    `{ __typename: Shelter, id: ["x"] }`,
  ])("one written into the document: %s", async (one) => {
    const answer = await ask("harbour", `{ _entities(representations: [${one}]) { __typename } }`);
    expect(codeOf(answer)).toBe("BAD_USER_INPUT");
  });
});

describe("_entities is bounded", () => {
  const of = (count: number) => Array.from({ length: count }, () => representation("Shelter"));

  it("to 100 representations", async () => {
    const whole = JSON.parse(await resolve("harbour", of(100))) as Answer;
    expect(whole.data["_entities"]).toHaveLength(100);
    const more = JSON.parse(await resolve("harbour", of(101))) as Answer;
    expect([codeOf(more), more.data]).toEqual(["LIMIT_EXCEEDED", null]);
  });

  it("in what they lead to: each counts, however often it is aliased", async () => {
    const leaf =
      "... on Shelter { organisation { sealingKeys { kid jwk statement use publishedAt } } }";
    const query = (times: number) =>
      `query ($r: [_Any!]!) { ${Array.from({ length: times }, (_, i) => `e${i}: _entities(representations: $r) { ${leaf} }`).join(" ")} }`;
    const asked = async (times: number) =>
      JSON.parse(
        (await demo.post("harbour", { query: query(times), variables: { r: of(100) } })).text,
      ) as Answer;
    expect(codeOf(await asked(1))).toBeUndefined();
    expect(codeOf(await asked(20))).toBe("LIMIT_EXCEEDED");
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
