import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateSigningKey } from "../../src/platform/auth/sign.ts";
import { type Answer, AUDIENCE, codeOf, type Demo, night, startDemo } from "../support/demo.ts";
import {
  bearer,
  CASES_AUDIENCE,
  type Federation,
  postTo,
  startFederation,
  startGateway,
} from "../support/federation.ts";
import { accept, offer, openTo } from "../support/handoffs.ts";
import { present, proofOf } from "../support/proofs.ts";
import { shelter } from "../support/holds.ts";
import { mutate } from "../support/mutate.ts";

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

describe("a client that must prove its key (docs/dpop.md)", async () => {
  const holder = await generateSigningKey();
  /** Of the network it takes two calls: where the case is, and what else goes by its reference. */
  const TWICE = `query ($handoff: ID!) { node(id: $handoff) { ... on Handoff { status
    caseReference { case { code reference { handoffs { status } } } } } } }`;
  const VIEWER = "{ viewer { client { clientId requireDpop } } }";
  const proven = '{"data":{"viewer":{"client":{"clientId":"dashboard","requireDpop":true}}}}';
  let token: string;
  const bound = () =>
    demo.tokenOf({ organisation: "lantern", clientId: "dashboard", jkt: holder.kid });
  const toCases = async () => ({
    "x-cases-authorization": await bearer(demo, "lantern", { aud: CASES_AUDIENCE }),
  });
  const codesOf = (text: string) =>
    (JSON.parse(text) as Answer).errors?.map(({ extensions }) => extensions.code);
  beforeAll(async () => {
    const clients = "{ viewer { organisation { clients { id clientId } } } }";
    const all = (await ask("lantern", clients)).data["viewer"].organisation.clients;
    const { id } = all.find(({ clientId }: { clientId: string }) => clientId === "dashboard");
    await mutate(ask, "lantern", "setClientDpop", { id, requireDpop: true });
    token = await bound();
  });

  it("is not let in through the example's gateway, and its proof stays good for a call of its own", async () => {
    const dpop = proofOf(holder, token);
    const borne = await demo.tokenOf({ organisation: "lantern", clientId: "dashboard" });
    for (const authorization of [`DPoP ${token}`, `Bearer ${token}`, `Bearer ${borne}`]) {
      const headers = { authorization, dpop, ...(await toCases()) };
      const text = await postTo(federation.gatewayUrl, { query: VIEWER }, headers);
      expect(codesOf(text)).toEqual(["UNAUTHENTICATED"]);
      expect(text).not.toContain("dashboard");
    }
    expect((await present(demo.url, `DPoP ${token}`, dpop, VIEWER)).text).toBe(proven);
  });

  it("has its own subgraph answered there all the same", async () => {
    const headers = { authorization: `DPoP ${token}`, ...(await toCases()) };
    const text = await postTo(federation.gatewayUrl, { query: "{ cases { code } }" }, headers);
    expect(text).toContain('"code":"Heron-7"');
  });

  it("makes one call through a gateway that hands on both headers, with a proof for the network; a plan's second is refused", async () => {
    const both = (headers: Headers) => ({
      authorization: headers.get("authorization"),
      dpop: headers.get("dpop"),
    });
    const gateway = await startGateway(demo.url, federation.casesUrl, both);
    try {
      const through = async (dpop: string, body: object) =>
        postTo(gateway.url, body, { authorization: `DPoP ${token}`, dpop, ...(await toCases()) });
      const proof = proofOf(holder, token);
      expect(await through(proof, { query: VIEWER })).toBe(proven);
      expect(codesOf(await through(proof, { query: VIEWER }))).toEqual(["UNAUTHENTICATED"]);
      const text = await through(proofOf(holder, token), { query: TWICE, variables: { handoff } });
      const { node } = (JSON.parse(text) as Answer).data;
      expect(node).toEqual({ status: "ACCEPTED", caseReference: { case: null } });
      expect(codesOf(text)).toEqual(["UNAUTHENTICATED"]);
    } finally {
      await gateway.stop();
    }
  });

  it("can be the gateway itself, with a proof of its own for each of its calls, for whom it lets in", async () => {
    const own = (headers: Headers) =>
      headers.get("x-desk") === "known"
        ? { authorization: `DPoP ${token}`, dpop: proofOf(holder, token) }
        : { authorization: null };
    const gateway = await startGateway(demo.url, federation.casesUrl, own);
    try {
      const body = { query: TWICE, variables: { handoff } };
      const desk = { "x-desk": "known", ...(await toCases()) };
      expect(JSON.parse(await postTo(gateway.url, body, desk))).toEqual({
        data: {
          node: {
            status: "ACCEPTED",
            caseReference: {
              case: { code: "Heron-7", reference: { handoffs: [{ status: "ACCEPTED" }] } },
            },
          },
        },
      });
      const stranger = await postTo(gateway.url, body, await toCases());
      expect(codesOf(stranger)).toContain("UNAUTHENTICATED");
      expect(stranger).not.toMatch(/ACCEPTED|Heron/);
    } finally {
      await gateway.stop();
    }
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
