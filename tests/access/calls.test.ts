import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { getNamedType, isObjectType } from "graphql";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { createApp } from "../../src/app.ts";
import { ENVELOPE_COST } from "../../src/platform/graphql/costs.ts";
import { buildSchema } from "../../src/schema.ts";
import { loadNodeKey } from "../../src/platform/auth/node-key.ts";
import { letGoUnlessTaken } from "../../src/platform/http/answers.ts";
import { assertRoleIsHarmless, UnsafeRole } from "../../src/platform/db/role.ts";
import { type Answer, AUDIENCE, codeOf, type Demo, night, startDemo } from "../support/demo.ts";
import { SEARCH, search } from "../support/holds.ts";
import { listen, serveGraph } from "../support/ports.ts";
import { asSuperuser } from "../support/postgres.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});
const post: Demo["post"] = (...call) => demo.post(...call);

const deep = `{ bedHolds(side: HOLDER) { edges { node { ${"caseReference { bedHolds { ".repeat(6)} id
  ${"} }".repeat(6)} } } } }`;
const page = `bedAvailability(search: { country: "AM", checkIn: "${night(1)}", checkOut: "${night(3)}" }, first: 100) {
  edges { node { shelter { label organisation { handle clients { clientId scopes } } } } } }`;
const OUTBOX = "handoffs(box: OUTBOX, first: 100) { edges { node";
const pages = Array.from({ length: 36 }, (_, i) => `page${i}: ${page}`).join(" ");

describe("a call", () => {
  it("without the scope of a field is FORBIDDEN", async () => {
    const { text } = await post("lantern", { query: SEARCH, variables: { search } }, ["beds:hold"]);
    expect(codeOf(JSON.parse(text) as Answer)).toBe("FORBIDDEN");
  });

  it("without a valid token is UNAUTHENTICATED, introspection too", async () => {
    const response = await fetch(demo.url, {
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
    ["deeper than 12 fields", { query: deep }, "LIMIT_EXCEEDED"],
    ["of pages upon pages", { query: `{ ${pages} }` }, "LIMIT_EXCEEDED"],
    [
      "of thousands of values",
      {
        query: "query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }",
        variables: { r: [{ __typename: "Shelter", id: Array(2_000).fill("x") }] },
      },
      "LIMIT_EXCEEDED",
    ],
    ...[
      "viewer { scopes } ".repeat(62),
      "... { viewer { scopes } } ".repeat(62),
      `... { ${"...V ".repeat(61)} }`,
    ].map((fields): [string, unknown, string] => [
      `of the same over and over, as ${fields.slice(0, 26)}`,
      { query: `{ ${fields} } fragment V on Query { viewer { scopes } }` },
      "LIMIT_EXCEEDED",
    ]),
    ...[
      ["document", `# ${"x".repeat(2_048)}\n`, {}],
      ["variable", "", { after: "x".repeat(2_048) }],
    ].map(([what, before, variables]): [string, unknown, string] => [
      `of a subscription that is kept, with a long ${what as string}`,
      {
        query: `${before as string}subscription ($after: String) { events(after: $after) { at } }`,
        variables,
      },
      "LIMIT_EXCEEDED",
    ]),
    ...[
      "a: __schema { types { name } }",
      "__schema { types { ... { b: description } } }",
      "_service { sdl c: sdl }",
    ].map((fields): [string, unknown, string] => [
      `that would be told the schema over and over: ${fields}`,
      { query: `{ ${fields} }` },
      "LIMIT_EXCEEDED",
    ]),
    [
      "of envelopes upon envelopes",
      {
        query: `{ handoffs(box: INBOX, first: 100) { edges { node { a: envelope b: envelope c: envelope } } } }`,
      },
      "LIMIT_EXCEEDED",
    ],
    [
      "of pages behind a small operation",
      {
        query: `query small { viewer { scopes } } query large { ${pages} }`,
        operationName: "large",
      },
      "LIMIT_EXCEEDED",
    ],
    [
      "that does not say which operation",
      { query: "query a { viewer { scopes } } query b { viewer { scopes } }" },
      "BAD_USER_INPUT",
    ],
    [
      "of 101 representations",
      {
        query: "query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }",
        variables: { r: Array.from({ length: 101 }, () => ({ __typename: "Shelter", id: "x" })) },
      },
      "LIMIT_EXCEEDED",
    ],
    ...[
      { __typename: "Viewer", id: "x" },
      { __typename: "Query", id: "x" },
      { __typename: "__proto__", id: "x" },
      { __typename: "Shelter", id: 1 },
      { __typename: "Shelter" },
      { __typename: "Shelter", id: "x", status: "mine" },
      JSON.parse('{ "__typename": "Shelter", "id": "x", "__proto__": {} }') as object,
      "Shelter",
      null,
      [],
    ].map((representation): [string, unknown, string] => [
      `of the representation ${JSON.stringify(representation)}`,
      {
        query: "query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }",
        variables: { r: [representation] },
      },
      "BAD_USER_INPUT",
    ]),
    [
      "for every client of a hundred senders",
      { query: `{ ${OUTBOX} { sender { clients { id clientId kind scopes requireDpop } } } } } }` },
      "LIMIT_EXCEEDED",
    ],
    [
      "for four times the history of a hundred handoffs",
      { query: `{ ${OUTBOX} { ${"abcd".replace(/./g, "$&: history { to by at } ")} } } } }` },
      "LIMIT_EXCEEDED",
    ],
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

it.each([
  "{ events @skip(if: true) { cursor } }",
  "{ ... @include(if: false) { events { cursor } } }",
  "{ ...E } fragment E on Subscription { events @include(if: false) { cursor } }",
])("a subscription that may follow nothing is refused: %s", async (selection) => {
  const authorization = `Bearer ${await demo.token("lantern", ["beds:read"])}`;
  const { status } = await fetch(demo.url, {
    method: "POST",
    headers: { authorization, accept: "text/event-stream", "content-type": "application/json" },
    body: JSON.stringify({ query: `subscription ${selection}` }),
  });
  expect(status).toBe(400);
});

it("counts an envelope as the many fields that it is as long as, wherever one is told", () => {
  const held = Object.values(buildSchema().getTypeMap())
    .filter(isObjectType)
    .flatMap((type) => Object.values(type.getFields()))
    .filter(({ type }) => getNamedType(type).name === "SealedEnvelope");
  expect(held.length).toBeGreaterThan(2);
  for (const { extensions } of held) expect(extensions["complexity"]).toBe(ENVELOPE_COST);
});

it("an answer that nobody takes is let go with its connection, one that waits behind it too", async () => {
  const server = createServer((_, response) => {
    response.end("x".repeat(24_000_000));
    letGoUnlessTaken(response, 50);
  });
  const port = await listen(server);
  const [kept] = await Promise.all([
    once(server, "connection"),
    new Promise<void>((resolve) => {
      const reader = connect(port, "127.0.0.1").pause();
      reader.once("connect", resolve).on("error", () => {});
      reader.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n".repeat(2));
    }),
  ]);
  const socket = kept[0] as Socket;
  await once(socket, "close");
  expect(socket.destroyed).toBe(true);
  server.close();
});

it("opens GraphiQL to a browser where it was started for development, and only there", async () => {
  const browse = (url: string) => fetch(url, { headers: { accept: "text/html" } });
  expect((await browse(demo.url)).status).toBe(405);
  const { apiUrl } = demo.database;
  const nodeKey = await loadNodeKey(inject("nodeKeyFile"));
  const options = { apiUrl, audience: AUDIENCE, nodeKey, log: () => {} };
  const app = await createApp({ ...options, graphiql: true });
  const url = await serveGraph(app.server);
  // Node's own are a minute for a head, and five for a body that nobody reads.
  expect([app.server.headersTimeout, app.server.requestTimeout]).toEqual([10_000, 30_000]);
  const page = await browse(url);
  expect([page.status, page.headers.get("content-type")]).toEqual([
    200,
    "text/html; charset=utf-8",
  ]);
  const text = await page.text();
  expect(text).toContain("GraphiQL");
  expect(text).toContain("Bearer <token>");
  await app.stop();
});

it("asks the database once whether it is there, for all who ask that meanwhile", async () => {
  const { apiUrl } = demo.database;
  const nodeKey = await loadNodeKey(inject("nodeKeyFile"));
  const app = await createApp({ apiUrl, audience: AUDIENCE, nodeKey, log: () => {} });
  const url = await serveGraph(app.server);
  const query = vi.spyOn(pg.Client.prototype, "query");
  const asked = () =>
    query.mock.calls.filter((call) => JSON.stringify(call[0]).includes("transaction_read_only"))
      .length;
  const ready = await Promise.all(Array.from({ length: 50 }, () => app.isReady()));
  expect([new Set(ready), asked()]).toEqual([new Set([true]), 1]);
  expect((await fetch(new URL("/health/ready", url))).status).toBe(200);
  expect(asked()).toBe(2);
  query.mockRestore();
  await app.stop();
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});

it("does not start as a role that could go round the walls", async () => {
  const nodeKey = await loadNodeKey(inject("nodeKeyFile"));
  const apiUrl = demo.database.ownerUrl;
  const start = createApp({ apiUrl, audience: AUDIENCE, nodeKey, log: () => {} });
  await expect(start).rejects.toThrow(UnsafeRole);
});

it.each([
  ["", "create table pg_temp.own (id uuid)"],
  ["may replicate the database", "alter role sly replication"],
  ["may become pg_read_server_files", "grant pg_read_server_files to sly"],
  ["may empty or arm shelter", "grant truncate on shelter to sly"],
  ["may empty or arm handoff", "grant trigger on handoff to sly"],
])("nor as one that %s", async (fault, change) => {
  await asSuperuser(demo.database.superuserUrl, async (client) => {
    await client.query("begin; create role sly login in role wayhouse_api");
    await client.query(change);
    await client.query("set local session authorization sly");
    const told = await assertRoleIsHarmless(client).then(
      () => "",
      (error: Error) => error.message,
    );
    await client.query("rollback");
    expect(told).toMatch(fault ? `The role of DATABASE_URL ${fault}.` : /^$/);
  });
});
