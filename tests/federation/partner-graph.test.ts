import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, AUDIENCE, codeOf, type Demo, night, startDemo } from "../support/demo.ts";
import {
  bearer,
  CASES_AUDIENCE,
  type Federation,
  postTo,
  startFederation,
} from "../support/federation.ts";
import { accept, offer, openTo } from "../support/handoffs.ts";
import { shelter } from "../support/holds.ts";

const [ours, theirs] = [randomUUID(), randomUUID()];
const NOTE = "Prefers to travel by night.";
const filler = Array.from({ length: 149 }, (_, i) => ({
  reference: randomUUID(),
  code: `Filler-${i}`,
  stage: "INTAKE" as const,
  notes: [],
}));
const DASHBOARD = `query ($handoff: ID!) { node(id: $handoff) { ... on Handoff {
  status sender { handle } caseReference { id case { code stage notes } bedHolds { status stays { beds shelter { label } } } } } } }`;

let demo: Demo;
let federation: Federation;
let handoff: string;
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const through = async (by: string, query: string, variables: object = {}) =>
  JSON.parse(await federation.post(by, { query, variables })) as Answer;

beforeAll(async () => {
  demo = await startDemo();
  const record = { reference: ours, code: "Heron-7", stage: "PLANNING", notes: [NOTE] } as const;
  federation = await startFederation(demo, [record, ...filler]);
  await openTo(ask, "bridge", ["lantern"]);
  const offered = await offer(ask, "bridge", ["lantern"], { caseReference: theirs });
  handoff = offered.data["offerHandoff"].id as string;
  const stays = [
    { shelterId: await shelter(ask, "Apricot"), beds: 1, checkIn: night(1), checkOut: night(3) },
  ];
  const holdBeds = { idempotencyKey: randomUUID(), riskProfile: "JOURNALIST", stays };
  await accept(ask, "lantern", handoff, {
    caseReference: ours,
    holdBeds: { ...holdBeds, caseReference: ours },
  });
});
afterAll(async () => {
  await federation.stop();
  await demo.stop();
});

describe("a partner's own graph", () => {
  it("shows the partner handoff, beds and case in one query", async () => {
    expect(await through("lantern", DASHBOARD, { handoff })).toEqual({
      data: {
        node: {
          status: "ACCEPTED",
          sender: { handle: "bridge" },
          caseReference: {
            id: ours,
            case: { code: "Heron-7", stage: "PLANNING", notes: [NOTE] },
            bedHolds: [{ status: "HELD", stays: [{ beds: 1, shelter: { label: "Apricot" } }] }],
          },
        },
      },
    });
  });

  it("leads from a case to what the network knows of its reference, 100 at a time", async () => {
    const { data, errors } = await through(
      "lantern",
      "{ cases { code reference { handoffs { id } bedHolds { status } } } }",
    );
    expect(errors).toBeUndefined();
    expect(data["cases"]).toHaveLength(150);
    expect(data["cases"][0].reference).toEqual({
      handoffs: [{ id: handoff }],
      bedHolds: [{ status: "HELD" }],
    });
    expect(data["cases"][149].reference).toEqual({ handoffs: [], bedHolds: [] });
  });

  it("shows the sender of the handoff its own side and no case, through the partner's own gateway", async () => {
    const { data, errors } = await through("bridge", DASHBOARD, { handoff });
    expect(data["node"]).toEqual({
      status: "ACCEPTED",
      sender: { handle: "bridge" },
      caseReference: { id: theirs, case: null, bedHolds: [] },
    });
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(["UNAUTHENTICATED"]);
  });

  it.each(["bridge", "harbour", "coordinator", "outsider"])(
    "shows %s nothing of the case by any query, nor its colleague with the network's token alone",
    async (by) => {
      const authorization = await bearer(demo, "lantern", {
        aud: AUDIENCE,
        scope: "handoffs:read",
      });
      for (const body of [
        { query: DASHBOARD, variables: { handoff } },
        { query: "{ cases { code notes reference { id } } }" },
        {
          query:
            "{ a: cases { ... on CaseRecord { notes } } ...F } fragment F on Query { cases { code } }",
        },
      ]) {
        for (const text of [
          await federation.post(by, body),
          await postTo(federation.gatewayUrl, body, { authorization }),
          await postTo(federation.gatewayUrl, body, {
            authorization,
            "x-cases-authorization": authorization,
          }),
        ]) {
          expect(text).toMatch(/"UNAUTHENTICATED"|^\{"data":\{"node":null\}\}$/);
          expect(text).not.toMatch(/Heron|night\.|Filler/);
        }
      }
    },
  );

  it("is unknown to the network's graph, to the partner itself and in introspection too", async () => {
    const answer = await ask("lantern", DASHBOARD, { handoff });
    expect([codeOf(answer), answer.data]).toEqual(["BAD_USER_INPUT", undefined]);
    const { data } = await ask("lantern", "{ __schema { types { name fields { name } } } }");
    expect(JSON.stringify(data)).toContain('"CaseReference"');
    expect(JSON.stringify(data)).not.toMatch(/CaseRecord|"case"|"cases"/);
    const entity = await ask(
      "lantern",
      `{ _entities(representations: [{ __typename: "CaseRecord", id: "${ours}" }]) { __typename } }`,
    );
    expect(codeOf(entity)).toBe("BAD_USER_INPUT");
  });
});

describe("the case subgraph, whoever reaches it,", () => {
  const QUERIES = [
    "{ cases { code } }",
    "{ _service { sdl } }",
    "{ __schema { types { name } } }",
    "{ nothing }",
    "{",
  ];
  const claims = { aud: CASES_AUDIENCE };

  it.each<[string, () => Promise<string>]>([
    ["no token", async () => ""],
    ["no bearer token", async () => "Basic YTpi"],
    ["a token for the network", () => bearer(demo, "lantern", { aud: AUDIENCE })],
    [
      "one for both, which the network's server could use, too",
      () => bearer(demo, "lantern", { aud: [AUDIENCE, CASES_AUDIENCE] }),
    ],
    ["one that has expired", () => bearer(demo, "lantern", { ...claims, exp: 1_700_000_000 })],
    ["another organisation's", () => bearer(demo, "bridge", claims)],
    [
      "another's in the partner's name",
      () => bearer(demo, "bridge", { ...claims, iss: "https://lantern.wayhouse.example" }),
    ],
    ["one that is cut short", async () => (await bearer(demo, "lantern", claims)).slice(0, -2)],
  ])("says nothing to %s, not even which fields there are", async (_, header) => {
    const authorization = await header();
    const answers = await Promise.all(
      QUERIES.map((query) => postTo(federation.casesUrl, { query }, { authorization })),
    );
    expect(new Set(answers)).toEqual(
      new Set([
        '{"errors":[{"message":"A valid access token is required.","extensions":{"code":"UNAUTHENTICATED"}}]}',
      ]),
    );
  });

  it("answers the partner's own", async () => {
    const authorization = await bearer(demo, "lantern", claims);
    const text = await postTo(federation.casesUrl, { query: QUERIES[0]! }, { authorization });
    expect(text).toContain("Heron-7");
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
