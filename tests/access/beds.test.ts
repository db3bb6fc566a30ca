import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type App, createApp } from "../../src/app.ts";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { encodeId } from "../../src/kernel/ids.ts";
import { signAccessToken } from "../../src/platform/auth/sign.ts";
import { demoIssuer, demoKey, seedDemo } from "../../src/platform/db/demo-network.ts";
import { UnsafeRole } from "../../src/platform/db/role.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

const AUDIENCE = "https://node.example";
let database: TestDatabase;
let dataDir: string;
let app: App;
let url: string;
const faults: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = mkdtempSync(join(tmpdir(), "wayhouse-demo-"));
  await seedDemo({ ...database, dataDir });
  app = await createApp({
    apiUrl: database.apiUrl,
    audience: AUDIENCE,
    log: (line) => faults.push(line),
  });
  app.server.listen(0, "127.0.0.1");
  await once(app.server, "listening");
  url = `http://127.0.0.1:${(app.server.address() as { port: number }).port}/graphql`;
});
afterAll(async () => {
  await app.stop();
  await database.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Whatever was asked for; each expectation says what it is. */
type Fields = ReturnType<typeof JSON.parse>;
interface Answer {
  data?: Fields;
  errors?: { message: string; extensions: { code: string } }[];
}

async function post(
  organisation: string,
  body: unknown,
  scopes: readonly (typeof SCOPES)[number][] = SCOPES,
) {
  const { privateJwk } = await demoKey(dataDir, organisation);
  const token = await signAccessToken({
    privateJwk,
    issuer: demoIssuer(organisation),
    audience: AUDIENCE,
    clientId: "bot",
    scopes,
    ttlSeconds: 60,
  });
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}
const ask = async (organisation: string, query: string, variables: object = {}): Promise<Answer> =>
  JSON.parse((await post(organisation, { query, variables })).text) as Answer;
const codeOf = (answer: Answer) => answer.errors?.[0]?.extensions.code;

const night = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const SEARCH = `query ($search: BedSearch!, $first: Int! = 20, $after: String) {
  bedAvailability(search: $search, first: $first, after: $after) {
    edges { cursor node { band beds shelter { id label organisation { handle } } } } pageInfo { hasNextPage endCursor } } }`;
const search = { country: "AM", checkIn: night(1), checkOut: night(3) };
const HOLD = `mutation ($input: HoldBedsInput!) { holdBeds(input: $input) { __typename
  ... on BedHold { id status host { handle } holder { handle } stays { beds shelter { label } } }
  ... on CapacityExhausted { message shelterId } } }`;
const move = (field: string) => `mutation ($id: ID!, $key: String!) {
  ${field}(input: { id: $id, idempotencyKey: $key }) { __typename
    ... on BedHold { id status expiresAt } ... on IllegalTransition { from allowed } } }`;

async function shelter(label: string): Promise<string> {
  const { data } = await ask("harbour", SEARCH, { search });
  const edges = data!["bedAvailability"].edges as {
    node: { shelter: { id: string; label: string } };
  }[];
  return edges.find(({ node }) => node.shelter.label === label)!.node.shelter.id;
}
const stay = (shelterId: string, beds: number, from = 1) => ({
  shelterId,
  beds,
  checkIn: night(from),
  checkOut: night(from + 2),
});
const hold = (organisation: string, stays: object[], key: string = randomUUID()) =>
  ask(organisation, HOLD, { input: { idempotencyKey: key, stays } });
const moveHold = (organisation: string, field: string, id: string) =>
  ask(organisation, move(field), { id, key: randomUUID() });

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
    const id = await shelter("Pomegranate");
    const body = (shelterId: string) => ({
      query: HOLD,
      variables: { input: { idempotencyKey: "wrong-organisation", stays: [stay(shelterId, 1)] } },
    });
    const missing = await post("outsider", body(encodeId("Shelter", randomUUID())));
    for (const organisation of ["outsider", "bridge", "coordinator"]) {
      expect(await post(organisation, body(id))).toEqual(missing);
    }
    expect(codeOf(JSON.parse(missing.text) as Answer)).toBe("NOT_FOUND");
  });

  it("answers the same key with the same hold, and refuses it another body", async () => {
    const id = await shelter("Pomegranate");
    const first = await hold("lantern", [stay(id, 1, 10)], "same-key-twice");
    expect(first.data!["holdBeds"]).toMatchObject({ status: "HELD", host: { handle: "harbour" } });
    expect(await hold("lantern", [stay(id, 1, 10)], "same-key-twice")).toEqual(first);
    expect(codeOf(await hold("lantern", [stay(id, 2, 10)], "same-key-twice"))).toBe(
      "IDEMPOTENCY_MISMATCH",
    );
  });

  it("takes every stay or none", async () => {
    const [one, other] = [await shelter("Pomegranate"), await shelter("Apricot")];
    const answer = await hold("lantern", [stay(one, 8, 20), stay(other, 5, 20)]);
    expect(answer.data!["holdBeds"]).toMatchObject({
      __typename: "CapacityExhausted",
      shelterId: other,
    });
    expect((await hold("lantern", [stay(one, 8, 20)])).data!["holdBeds"]).toMatchObject({
      status: "HELD",
    });
  });
});

describe("a hold (changeBedHold)", () => {
  it("is not moved by the wrong organisation, whichever edge it tries", async () => {
    const placed = await hold("lantern", [stay(await shelter("Apricot"), 1, 30)]);
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
      const foreign = await moveHold(organisation, field, id);
      expect(codeOf(foreign)).toBe("NOT_FOUND");
      expect(foreign).toEqual(await moveHold(organisation, field, nobody));
    }
  });

  it("goes from held to confirmed to released, and from there nowhere", async () => {
    const placed = await hold("lantern", [stay(await shelter("Apricot"), 1, 40)]);
    const id = placed.data!["holdBeds"].id as string;
    expect((await moveHold("lantern", "confirmBedHold", id)).data!["confirmBedHold"]).toMatchObject(
      {
        status: "CONFIRMED",
        expiresAt: null,
      },
    );
    expect((await moveHold("harbour", "declineBedHold", id)).data!["declineBedHold"]).toEqual({
      __typename: "IllegalTransition",
      from: "CONFIRMED",
      allowed: ["RELEASED"],
    });
    await moveHold("lantern", "releaseBedHold", id);
    expect((await moveHold("lantern", "confirmBedHold", id)).data!["confirmBedHold"]).toMatchObject(
      {
        from: "RELEASED",
        allowed: [],
      },
    );
  });
});

describe("a call", () => {
  it("without the scope of a field is FORBIDDEN", async () => {
    const { text } = await post("lantern", { query: SEARCH, variables: { search } }, ["beds:hold"]);
    expect(codeOf(JSON.parse(text) as Answer)).toBe("FORBIDDEN");
  });

  it("without a valid token is UNAUTHENTICATED, introspection too", async () => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "{ __schema { types { name } } }" }),
    });
    expect(response.status).toBe(401);
    expect(codeOf((await response.json()) as Answer)).toBe("UNAUTHENTICATED");
  });

  it.each<[string, unknown, string]>([
    ["that is not JSON", "{", "BAD_USER_INPUT"],
    ["that is a list", [], "BAD_USER_INPUT"],
    ["larger than 1 MiB", { query: `# ${"x".repeat(1_100_000)}` }, "LIMIT_EXCEEDED"],
    ["of more than 2000 tokens", { query: `{ ${"viewer ".repeat(2100)} }` }, "LIMIT_EXCEEDED"],
    ["that does not parse", { query: "{ viewer" }, "BAD_USER_INPUT"],
    ["for a field that is not there", { query: "{ cases { name } }" }, "BAD_USER_INPUT"],
    [
      "for an unknown country",
      { query: SEARCH, variables: { search: { ...search, country: "XX" } } },
      "BAD_USER_INPUT",
    ],
    [
      "for a day that is none",
      { query: SEARCH, variables: { search: { ...search, checkIn: "2027-02-30" } } },
      "BAD_USER_INPUT",
    ],
    [
      "for dates past each other",
      { query: SEARCH, variables: { search: { ...search, checkOut: night(0) } } },
      "BAD_USER_INPUT",
    ],
    [
      "for 10^9 beds",
      { query: SEARCH, variables: { search: { ...search, beds: 1e9 } } },
      "BAD_USER_INPUT",
    ],
    ["for a page of none", { query: SEARCH, variables: { search, first: 0 } }, "BAD_USER_INPUT"],
    [
      "with a cursor of nothing",
      { query: SEARCH, variables: { search, after: "x" } },
      "BAD_USER_INPUT",
    ],
    [
      "with a naughty locality",
      { query: SEARCH, variables: { search: { ...search, locality: "\u0000'; drop" } } },
      "BAD_USER_INPUT",
    ],
  ])("%s is refused with its code", async (_, body, code) => {
    const { text } = await post("lantern", body);
    expect(codeOf(JSON.parse(text) as Answer)).toBe(code);
  });
});

it("never was a fault of ours", () => {
  expect(faults).toEqual([]);
});

it("does not start as a role that could go round the walls", async () => {
  const start = createApp({ apiUrl: database.ownerUrl, audience: AUDIENCE, log: () => {} });
  await expect(start).rejects.toThrow(UnsafeRole);
});
