import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeId } from "../../src/kernel/ids.ts";
import { type Scope, SCOPES } from "../../src/kernel/scopes.ts";
import { type Answer, codeOf, type Demo, idOf, night, startDemo } from "../support/demo.ts";
import { shelter } from "../support/holds.ts";

let demo: Demo;
const ask: Demo["ask"] = (...call) => demo.ask(...call);
let organisation: string;
let apricot: string;
const missing = encodeId("Shelter", randomUUID());
beforeAll(async () => {
  demo = await startDemo();
  organisation = await idOf(ask, "lantern");
  apricot = await shelter(ask, "Apricot");
});
afterAll(async () => {
  await demo.stop();
});

interface Call {
  readonly by?: string;
  readonly scopes?: readonly Scope[];
  readonly variables?: object;
  readonly operationName?: string;
}
const answerTo = async (query: string, { by = "lantern", scopes = SCOPES, ...rest }: Call) =>
  JSON.parse((await demo.post(by, { query, ...rest }, scopes)).text) as Answer;
const given = (...variables: object[]): Call[] => variables.map((one) => ({ variables: one }));

const NIGHTS = `country: "AM", checkIn: "${night(1)}", checkOut: "${night(3)}"`;
const FOUND = "{ edges { node { band beds shelter { label features } } } }";
const search = (more: object) => ({
  search: { country: "AM", checkIn: night(1), checkOut: night(3), ...more },
});

/** A document, and calls of it that are to be answered each in its own way. */
const DOCUMENTS: Readonly<Record<string, [query: string, calls: () => Call[]]>> = {
  "aliases of what every object has": [
    `{ __proto__: viewer { __proto__: scopes constructor: __typename
        hasOwnProperty: organisation { valueOf: handle } } toString: viewer { then: __typename } }`,
    () => [{}, { by: "harbour" }, { scopes: ["beds:read"] }],
  ],
  "fragments of such names": [
    `{ ...__proto__ ...constructor } fragment __proto__ on Query { viewer { scopes } }
     fragment constructor on Query { viewer { organisation { handle } } }`,
    () => [{}, { by: "harbour" }],
  ],
  "operations of such names": [
    "query constructor { viewer { __typename } } query __proto__ { viewer { scopes } }",
    () => ["constructor", "__proto__", "toString", ""].map((operationName) => ({ operationName })),
  ],
  "variables of such names": [
    `query ($constructor: String, $toString: [ShelterFeature!], $hasOwnProperty: Int! = 1) {
       bedAvailability(search: { ${NIGHTS}, locality: $constructor, features: $toString, beds: $hasOwnProperty }) ${FOUND} }`,
    () =>
      given(
        {},
        { constructor: "Yerevan" },
        { toString: ["PETS"] },
        { hasOwnProperty: 6 },
        {
          constructor: null,
        },
      ),
  ],
  "a variable named __proto__": [
    "query ($__proto__: Int! = 3) { organisations(first: $__proto__) { edges { node { handle } } } }",
    () => given({}, JSON.parse('{"__proto__":1}'), JSON.parse('{"__proto__":{"first":1}}')),
  ],
  switches: [
    `query ($a: Boolean!, $b: Boolean = false) { viewer { scopes @include(if: $a) __typename @skip(if: $a)
       organisation @include(if: $a) @skip(if: $b) { handle } ... @skip(if: $b) { organisation { id } } } }`,
    () =>
      given(
        { a: true },
        { a: false },
        { a: true, b: true },
        { a: false, b: true },
        {
          a: true,
          b: null,
        },
        {},
        { a: "true" },
      ),
  ],
  "a default, null, and what is no page": [
    `query ($first: Int = 2, $after: String) { organisations(first: $first, after: $after) {
       edges { node { handle } } pageInfo { hasNextPage } } }`,
    () =>
      given(
        {},
        { first: 1 },
        { first: null },
        { first: 2, after: null },
        ...["1", 1.5, 0, -1, 101, 2 ** 31, true, [1], {}].map((first) => ({ first })),
      ),
  ],
  "a search, whole and not": [
    `query ($search: BedSearch!) { bedAvailability(search: $search) ${FOUND} }`,
    () =>
      given(
        search({}),
        ...["PETS", ["PETS"], [], null, [["PETS"]], ["NONE"], [null]].map((features) =>
          search({ features }),
        ),
        search({ beds: 6 }),
        search({ beds: null }),
        search({ includeUnsafe: null }),
        search({ locality: "a\u0000" }),
        search({ locality: "\ud800" }),
        search(JSON.parse('{"__proto__":{"beds":6}}') as object),
        search({ country: undefined }),
        {},
      ),
  ],
  "a field that is written in four places": [
    `{ viewer { organisation { id } } ... on Query { viewer { organisation { handle id } ...V } } ...Q }
     fragment Q on Query { viewer { ...V } }
     fragment V on Viewer { organisation { clients { clientId } scopes } }`,
    () => [{}, { scopes: ["beds:read"] }, { by: "harbour" }],
  ],
  "an interface": [
    `query ($id: ID!) { node(id: $id) { __typename id ... on Shelter { label } ... on Node { id }
       ... on Organisation { handle scopes } ...C } } fragment C on Client { clientId }`,
    () => [
      ...given(...[organisation, apricot, missing, "", 1, null].map((id) => ({ id }))),
      { scopes: ["organisations:read"], variables: { id: apricot } },
      { by: "outsider", variables: { id: apricot } },
    ],
  ],
  "a field that not everybody may see": [
    "{ viewer { scopes } handoffs(box: INBOX) { edges { cursor } } }",
    () => [{ scopes: ["beds:read"] }, {}, { scopes: [] }, { by: "harbour" }],
  ],
  "a list of unions": [
    `{ sharingGrants(direction: GIVEN) { edges { node { scopes grantee { __typename
       ... on Organisation { handle } ... on Circle { name } } } } } }`,
    () => [{ by: "harbour" }, {}, { by: "harbour", scopes: [] }],
  ],
  entities: [
    `query ($r: [_Any!]!) { _entities(representations: $r) { __typename
       ... on Organisation { handle clients { clientId } } ... on Shelter { label } } }`,
    () => {
      const known = { __typename: "Organisation", id: organisation };
      const foreign = { __typename: "Shelter", id: missing };
      return [
        ...given(
          ...[[known], [known, foreign], known, [], [[known]], "x", [null], null].map((r) => ({
            r,
          })),
          { r: [{ ...known, handle: "x" }] },
          { r: [{ ...known, __typename: "__proto__" }] },
          { r: Array(101).fill(known) },
        ),
        { by: "outsider", variables: { r: [known] } },
        { by: "harbour", variables: { r: [known] } },
      ];
    },
  ],
  "the schema itself": [
    `query ($name: String! = "Query") { __type(name: $name) { name fields { name args { name } } }
       __schema { queryType { name } } }`,
    () => given({}, { name: "Viewer" }, { name: "toString" }, { name: 1 }),
  ],
};

describe("a document that is asked again and again is answered as at first:", () => {
  it.each(Object.entries(DOCUMENTS))("%s", async (_, [query, calls]) => {
    const first: Answer[] = [];
    for (const call of calls()) first.push(await answerTo(query, call));
    for (let round = 0; round < 2; round++) {
      const again: Answer[] = [];
      for (const call of calls()) again.push(await answerTo(query, call));
      expect(again).toEqual(first);
    }
    // Each shows something to somebody, and there are different calls, to be taken for one another.
    expect(first.some(({ data, errors }) => data && !errors)).toBe(true);
    expect(new Set(first.map((answer) => JSON.stringify(answer))).size).toBeGreaterThan(1);
  });

  it("and nothing that stands in it as text is run", async () => {
    // What the compiler marks the dates in its code with.
    const mark = "__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74d";
    const globals = globalThis as { run?: boolean };
    for (const text of [mark, mark.replace("__", "\\u005f_")]) {
      const query = `{ node(id: "${text}0, globalThis.run = true") { __typename } }`;
      for (let round = 0; round < 3; round++)
        expect((await answerTo(query, {})).data).toEqual({ node: null });
      expect(globals.run).toBeUndefined();
    }
  });

  it("and no two callers' at once are taken for one another", async () => {
    const query =
      "query ($a: Boolean!) { viewer { organisation { handle } scopes @include(if: $a) } }";
    const callers = ["lantern", "harbour", "bridge", "outsider"];
    await Promise.all(
      Array.from({ length: 100 }, async (_, nth) => {
        const by = callers[nth % 4]!;
        const a = nth % 3 === 0;
        const { data } = await answerTo(query, { by, scopes: ["beds:read"], variables: { a } });
        const scopes = a && { scopes: ["BEDS_READ"] };
        expect(data).toEqual({ viewer: { organisation: { handle: by }, ...scopes } });
      }),
    );
  });
});

describe("what a call comes to is counted by its own variables, whatever came before:", () => {
  const YEAR = `nights(from: "${night(1)}", until: "${night(366)}") { date held occupied }`;
  const shelters = (count: number) =>
    Array.from({ length: count }, () => ({ __typename: "Shelter", id: apricot }));

  it.each<[string, string, object[], object[]]>([
    [
      "representations",
      `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Shelter { ${YEAR} } } }`,
      [{ r: 100 }, { r: "100" }, { r: [100] }, { r: shelters(1) }, { r: {} }],
      [{ r: shelters(100) }],
    ],
    [
      "pages",
      `query ($first: Int!, $after: String) { shelters(first: $first, after: $after) { edges { node { ${YEAR} } } } }`,
      [{ first: 1 }, { first: 0 }, { first: 1, after: "100" }],
      [{ first: 100 }, { first: 100, after: null }],
    ],
    [
      "nights",
      `query ($id: ID!, $until: Date!) { node(id: $id) { ... on Shelter {
         ${Array.from({ length: 60 }, (_, nth) => `n${nth}: nights(from: "${night(1)}", until: $until) { date held occupied }`).join(" ")} } } }`,
      [{ id: missing, until: night(2) }],
      [{ id: missing, until: night(366) }],
    ],
  ])("%s", async (_, query, cheap, dear) => {
    for (let round = 0; round < 3; round++) {
      for (const variables of cheap)
        expect(codeOf(await answerTo(query, { variables }))).not.toBe("LIMIT_EXCEEDED");
      for (const variables of dear)
        expect(codeOf(await answerTo(query, { variables }))).toBe("LIMIT_EXCEEDED");
    }
  });
});

it.each<[string, string, string]>([
  [
    "of 1,000 aliases",
    `{ ${Array.from({ length: 1_000 }, (_, nth) => `a${nth}: __typename`).join(" ")} }`,
    "LIMIT_EXCEEDED",
  ],
  [
    "of 10,000 directives",
    `{ viewer { scopes ${"@include(if: true) ".repeat(10_000)} } }`,
    "LIMIT_EXCEEDED",
  ],
  [
    "50 levels deep",
    `{ bedHolds(side: HOLDER) { edges { node { ${"caseReference { bedHolds { ".repeat(25)} id ${"} }".repeat(25)} } } } }`,
    "LIMIT_EXCEEDED",
  ],
  [
    "of fragments in a circle",
    "{ viewer { ...a } } fragment a on Viewer { ...b } fragment b on Viewer { ...a }",
    "BAD_USER_INPUT",
  ],
  [
    "of a subscription with too many tokens",
    `subscription { events { ${"kind ".repeat(2_100)} } }`,
    "LIMIT_EXCEEDED",
  ],
])("a document %s is refused with its code", async (_, query, code) => {
  expect(codeOf(await answerTo(query, {}))).toBe(code);
});

it("a document of two operations is not run for who names none, whichever of them ran before", async () => {
  const query = "query A { viewer { scopes } } query B { __typename }";
  expect((await answerTo(query, { operationName: "B" })).data).toEqual({ __typename: "Query" });
  expect(codeOf(await answerTo(query, {}))).toBe("BAD_USER_INPUT");
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
