import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Scope, SCOPES } from "../../src/kernel/scopes.ts";
import { type Demo, night, startDemo } from "../support/demo.ts";
import { type Federation, startFederation } from "../support/federation.ts";
import { accept, offer, openTo } from "../support/handoffs.ts";
import { shelter } from "../support/holds.ts";

const reference = randomUUID();
let demo: Demo;
let federation: Federation;
let handoff: string;
let apricot: string;
const ask: Demo["ask"] = (...call) => demo.ask(...call);

beforeAll(async () => {
  demo = await startDemo();
  const record = { reference, code: "Heron-7", stage: "PLANNING", notes: [] } as const;
  federation = await startFederation(demo, [record]);
  await openTo(ask, "bridge", ["lantern"]);
  handoff = (await offer(ask, "bridge", ["lantern"])).data["offerHandoff"].id as string;
  apricot = await shelter(ask, "Apricot");
  await accept(ask, "lantern", handoff, { caseReference: reference });
});
afterAll(async () => {
  await federation.stop();
  await demo.stop();
});

const INBOX = "handoffs(box: INBOX) { edges { node { status } } }";
const SEARCH = `bedAvailability(search: { country: "AM", checkIn: "${night(1)}", checkOut: "${night(3)}" }) { edges { node { shelter { label } } } }`;
const HOLD = `mutation ($input: HoldBedsInput!) { holdBeds(input: $input) {
  ... on BedHold { caseReference { handoffs { status } } } } }`;
let held = 20;
/** Other nights each time. */
const holding = () => ({
  idempotencyKey: randomUUID(),
  riskProfile: "JOURNALIST",
  caseReference: reference,
  stays: [{ shelterId: apricot, beds: 1, checkIn: night(held), checkOut: night(++held) }],
});
const ENTITY = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on CaseReference { handoffs { status } } } }`;

interface Shape {
  /** Of the token that must see nothing. */
  readonly scopes: readonly Scope[];
  readonly body: () => object;
  /** Where a client of the gateway must take another way to the same. */
  readonly throughGateway?: () => object;
  /** What every scope shows, and these do not. */
  readonly secret: RegExp;
  /** What these are told instead. */
  readonly told: RegExp;
}
const FORBIDDEN = /"code":"FORBIDDEN"/;
const HANDOFF = /"status":"ACCEPTED"/;
const POOR: readonly Scope[] = ["organisations:read"];
const handoffs = (query: string, rest: object = {}, secret = HANDOFF): Shape => ({
  scopes: POOR,
  body: () => ({ query, ...rest }),
  secret,
  told: FORBIDDEN,
});

const SHAPES: Readonly<Record<string, Shape>> = {
  "an alias": handoffs(`{ viewer: ${INBOX} }`),
  "a named fragment": handoffs(
    `{ ...F } fragment F on Query { ...G } fragment G on Query { ${INBOX} }`,
  ),
  "an inline fragment": handoffs(`{ ... { ... on Query { ${INBOX} } } }`),
  "@include with a variable": handoffs(
    `query ($on: Boolean!) { ${INBOX.replace(" {", " @include(if: $on) {")} }`,
    { variables: { on: true } },
  ),
  "@skip with a variable's default": handoffs(
    `query ($off: Boolean = false) { ... @skip(if: $off) { ${INBOX} } }`,
  ),
  "one field twice, to be merged": handoffs(
    `{ handoffs(box: INBOX) { __typename } ${INBOX} handoffs(box: INBOX) { edges { cursor } } }`,
  ),
  "nothing but __typename and pages": handoffs(
    `{ handoffs(box: INBOX) { __typename pageInfo { hasNextPage } edges { __typename } } }`,
    {},
    /HandoffEdge/,
  ),
  "an operation chosen by name": handoffs(`query A { viewer { scopes } } query B { ${INBOX} }`, {
    operationName: "B",
  }),
  "introspection beside it": handoffs(`{ __schema { queryType { name } } ${INBOX} }`),
  "an interface": {
    scopes: POOR,
    body: () => ({
      query: `query ($id: ID!) { node(id: $id) { id ... on Handoff { status } } }`,
      variables: { id: handoff },
    }),
    secret: HANDOFF,
    told: /^\{"data":\{"node":null\}\}$/,
  },
  "a fragment on the interface, the id a variable's default": {
    scopes: POOR,
    body: () => ({
      query: `query ($id: ID! = "${apricot}") { node(id: $id) { ...N } } fragment N on Node { id ... on Shelter { label } }`,
    }),
    secret: /Apricot/,
    told: /^\{"data":\{"node":null\}\}$/,
  },
  "a union": {
    scopes: POOR,
    body: () => ({
      query:
        "{ sharingGrants(direction: RECEIVED) { edges { node { grantee { ... on Organisation { handle } } scopes } } } }",
    }),
    secret: /BEDS_HOLD/,
    told: FORBIDDEN,
  },
  "a type that needs a token alone, with a field that needs more": {
    scopes: POOR,
    body: () => ({ query: "{ viewer { organisation { clients { clientId } scopes } } }" }),
    secret: /"clientId":"admin"/,
    told: /"clients":null,"scopes":null/,
  },
  "a field below one that it may have": {
    scopes: ["handoffs:read", "consulates:read"],
    body: () => ({
      query:
        "{ handoffs(box: INBOX) { edges { node { matches { beds { shelter { label } } } } } } }",
    }),
    secret: /Apricot/,
    told: FORBIDDEN,
  },
  "the payload of a mutation that it may call": {
    scopes: ["beds:hold"],
    body: () => ({ query: HOLD, variables: { input: holding() } }),
    secret: HANDOFF,
    told: /"handoffs":\[\]/,
  },
  _entities: {
    scopes: ["beds:hold"],
    body: () => ({
      query: ENTITY,
      variables: { r: [{ __typename: "CaseReference", id: reference }] },
    }),
    throughGateway: () => ({ query: "{ cases { reference { handoffs { status } } } }" }),
    secret: HANDOFF,
    told: /"handoffs":\[\]/,
  },
  "a search in lists of lists": {
    scopes: ["beds:hold", "beds:manage"],
    body: () => ({ query: `{ ${SEARCH} }` }),
    secret: /Apricot/,
    told: FORBIDDEN,
  },
};

describe("without the scope nothing shows through", () => {
  const ways = {
    directly: async (shape: Shape, scopes: readonly Scope[]) =>
      (await demo.post("lantern", shape.body(), scopes)).text,
    "through the gateway": (shape: Shape, scopes: readonly Scope[]) =>
      federation.post("lantern", (shape.throughGateway ?? shape.body)(), scopes),
  };
  const cases = Object.entries(SHAPES).flatMap(([title, shape]) =>
    Object.entries(ways).map(([way, send]) => [title, way, shape, send] as const),
  );

  it.each(cases)("%s, %s", async (_, way, shape, send) => {
    // What a document was made into for the one is not for the other.
    for (let round = 0; round < (way === "directly" ? 3 : 1); round++) {
      expect(await send(shape, SCOPES)).toMatch(shape.secret);
      const poor = await send(shape, shape.scopes);
      expect(poor).toMatch(shape.told);
      expect(poor).not.toMatch(shape.secret);
    }
  });

  it("a list of requests is refused whole, whatever the scopes", async () => {
    const list = [{ query: "{ viewer { scopes } }" }, { query: `{ ${INBOX} }` }];
    for (const text of [
      (await demo.post("lantern", list)).text,
      await federation.post("lantern", list),
    ]) {
      expect(text).toMatch(/"errors"/);
      expect(text).not.toMatch(/"data"/);
    }
  });

  it("the gateway's callers cannot hand in representations at all", async () => {
    const r = [{ __typename: "CaseReference", id: reference }];
    const text = await federation.post("lantern", { query: ENTITY, variables: { r } });
    expect(text).toMatch(/Cannot query field \\"_entities\\"|Unknown type/);
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
