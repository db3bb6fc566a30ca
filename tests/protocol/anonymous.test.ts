import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { generateSigningKey } from "../../src/platform/auth/sign.ts";
import { type Answer, codeOf, type Demo, idOf, startDemo } from "../support/demo.ts";
import { mutate, mutationOf } from "../support/mutate.ts";
import { asSuperuser } from "../support/postgres.ts";

let demo: Demo;
let silent: Demo;
beforeAll(async () => {
  demo = await startDemo();
  silent = await startDemo({}, { introspection: false });
});
afterAll(async () => {
  await demo.stop();
  await silent.stop();
});

const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
afterAll(() => agent.destroy());

/** Status, headers and body to the byte, but for the date. */
function answerTo(body: unknown, authorization?: string, accept = "*/*"): Promise<string> {
  const type = { "content-type": "application/json", accept };
  const headers = { ...type, ...(authorization && { authorization }) };
  return new Promise((resolve, reject) => {
    const request = http.request(demo.url, { agent, method: "POST", headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("end", () => {
        const { date: _, ...told } = response.headers;
        resolve(JSON.stringify([response.statusCode, told, Buffer.concat(chunks).toString()]));
      });
    });
    request.once("error", reject).end(JSON.stringify(body));
  });
}

/** Every word of the schema, and made-up ones in its ways of writing until there are 10,000. */
function wordlist(): string[] {
  const words = new Set(readFileSync("schema/network.graphql", "utf8").match(/\b_*[A-Za-z]\w*/g));
  for (const name of ["__schema", "__type", "_service", "_entities"]) words.add(name);
  const syllables =
    "ca se bed per son na me hold ad dress pass port vi sa ho tel con su late key".split(" ");
  for (let count = 0; words.size < 10_000; count++) {
    const [a, b, c] = [count % 19, Math.floor(count / 19) % 19, Math.floor(count / 361)];
    const third = syllables[c % 19]! + (c < 19 ? "" : (syllables[Math.floor(c / 19) % 19] ?? ""));
    const word = syllables[a]! + syllables[b]! + third;
    words.add(count % 2 ? word : word[0]!.toUpperCase() + word.slice(1));
  }
  return [...words];
}

const ask: Demo["ask"] = (...call) => demo.ask(...call);
const write = async (by: string, field: string, input: object) => {
  const { data, errors } = await mutate(ask, by, field, input);
  expect(errors).toBeUndefined();
  return data[field].id as string;
};
const registered = (clientId: string, more: object = {}) =>
  write("lantern", "registerClient", { clientId, kind: "BOT", scopes: ["BEDS_READ"], ...more });
/** Was let in before, so that this process knows it. */
const used = async (organisation: string, clientId = "bot") => {
  const token = await demo.tokenOf({ organisation, clientId });
  expect(await answerTo({ query: "{ viewer { scopes } }" }, `Bearer ${token}`)).toContain("[200,");
  return token;
};

describe("without a valid token", () => {
  it("none of 10,000 names is confirmed: the answers are the same to the byte", async () => {
    const words = wordlist();
    expect(words).toHaveLength(10_000);
    expect(words).toContain("bedAvailability");
    const answers = new Set<string>();
    const left = words.values();
    const ask = async () => {
      for (const word of left) answers.add(await answerTo({ query: `{ ${word} }` }));
    };
    await Promise.all(Array.from({ length: 16 }, ask));
    expect([...answers]).toEqual([await answerTo({ query: "{ __typename }" })]);
    expect([...answers][0]).toContain("UNAUTHENTICATED");
  });

  it.each<[string, () => Promise<string | undefined>]>([
    ["none", async () => undefined],
    ["one that is none", async () => "Bearer x"],
    [
      "one by a key that nobody registered",
      async () => {
        const { privateJwk } = await generateSigningKey();
        return `Bearer ${await demo.tokenOf({ organisation: "lantern", key: privateJwk })}`;
      },
    ],
    [
      "one of an issuer that nobody registered",
      async () =>
        `Bearer ${await demo.tokenOf({ organisation: "lantern", issuer: "https://nobody.example" })}`,
    ],
    [
      "one of a client that nobody registered",
      async () => `Bearer ${await demo.tokenOf({ organisation: "lantern", clientId: "nobody" })}`,
    ],
    [
      "one that was good until it was revoked",
      async () => {
        const token = await used("lantern");
        await write("lantern", "revokeToken", { jti: decodeJwt(token).jti });
        return `Bearer ${token}`;
      },
    ],
    [
      "one that was good until its client was revoked",
      async () => {
        const id = await registered("gone");
        const token = await used("lantern", "gone");
        await write("lantern", "revokeClient", { id });
        return `Bearer ${token}`;
      },
    ],
    [
      "one that was good until its client had to prove its key",
      async () => {
        const id = await registered("prover");
        const token = await used("lantern", "prover");
        await write("lantern", "setClientDpop", { id, requireDpop: true });
        return `Bearer ${token}`;
      },
    ],
    [
      "one that was good until its organisation was suspended",
      async () => {
        const organisationId = await idOf(ask, "bridge");
        const token = await used("bridge");
        const suspended = { organisationId, status: "SUSPENDED" };
        await write("coordinator", "setOrganisationStatus", suspended);
        return `Bearer ${token}`;
      },
    ],
  ])("of which there is %s, no document is parsed", async (_, authorization) => {
    const token = await authorization();
    const answers = await Promise.all(
      [
        { query: "{ viewer { scopes } }" },
        { query: "{ __schema { types { name } } }" },
        { query: "{ _service { sdl } }" },
        { query: "{ viewr }" },
        { query: "{ not a document" },
        { query: `{ ${"viewer ".repeat(2_100)} }` },
        { query: "query a { viewer { scopes } }", operationName: "b" },
        { query: "query ($a: Nothing) { viewer }", variables: { a: 1 } },
        { documentId: `sha256:${"0".repeat(64)}` },
        { query: "{ __typename }" },
        { query: "mutation { __typename }" },
        { query: "subscription { events { kind } }" },
      ].flatMap((body) =>
        ["*/*", "application/graphql-response+json", "text/event-stream"].map((accept) =>
          answerTo(body, token, accept),
        ),
      ),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain("UNAUTHENTICATED");
  });
});

it.each([
  "{ __typename }",
  "{ __schema { queryType { name } } }",
  "mutation { __typename }",
  "subscription { events { kind } }",
  "{ viewr }",
  "{",
])("%s is nothing to begin with, once a token is revoked that was believed", async (query) => {
  const stranger = await answerTo({ query });
  for (const accept of ["*/*", "text/event-stream"]) {
    const token = await used("lantern");
    await write("lantern", "revokeToken", { jti: decodeJwt(token).jti });
    const answer = await answerTo({ query }, `Bearer ${token}`, accept);
    expect(answer).toContain("[401,");
    expect(JSON.parse(answer)[2]).toBe(JSON.parse(stranger)[2]);
  }
});

/** The first three make graphql-js suggest names. */
const NEARLY = [
  "{ viewr { scopes } }",
  "{ viewer { scope } }",
  "query ($s: Scop) { viewer { scopes } }",
  'mutation { setClientScopes(input: { idempotencyKey: "12345678", id: "x", scopes: [BEDS_RAED] }) { id } }',
  'mutation { setClientScopes(input: { idempotencyKy: "12345678" }) { id } }',
];

describe("with a valid token", () => {
  it("the schema is told, and what was perhaps meant", async () => {
    const { data } = await demo.ask(
      "lantern",
      "{ __schema { queryType { name } } _service { sdl } }",
    );
    expect(data.__schema.queryType.name).toBe("Query");
    expect(data._service.sdl).toContain("bedAvailability");
    for (const query of NEARLY.slice(0, 3)) {
      expect((await demo.post("lantern", { query })).text).toMatch(/Did you mean/);
    }
  });

  it.each([
    "{ __schema { queryType { name } } }",
    '{ __type(name: "Query") { name } }',
    "{ _service { sdl } }",
  ])("%s is refused where INTROSPECTION is off", async (query) => {
    const answer = await silent.ask("lantern", query);
    expect({ data: answer.data as unknown, code: codeOf(answer) }).toEqual({
      data: undefined,
      code: "BAD_USER_INPUT",
    });
  });

  it("no name is suggested where INTROSPECTION is off", async () => {
    for (const query of NEARLY) {
      const { text } = await silent.post("lantern", { query });
      expect(codeOf(JSON.parse(text) as Answer)).toBe("BAD_USER_INPUT");
      expect(text).not.toMatch(/Did you mean/);
    }
    const variables = { input: { idempotencyKey: "12345678", id: "x", scopes: ["BEDS_RAED"] } };
    const query = mutationOf("setClientScopes");
    const { text } = await silent.post("lantern", { query, variables });
    expect(codeOf(JSON.parse(text) as Answer)).toBe("BAD_USER_INPUT");
    expect(text).not.toMatch(/Did you mean|BEDS_READ/);
    expect((await silent.ask("lantern", "{ viewer { __typename scopes } }")).data).toBeTruthy();
  });
});

it("who was known when its call began is nobody where its token ended before the body came", async () => {
  const token = await demo.token("lantern", ["beds:read"]);
  const call = async (now?: number) => {
    const authorization = `Bearer ${token}`;
    const headers = { authorization, "content-type": "application/json", expect: "100-continue" };
    const request = http.request(demo.url, { method: "POST", headers });
    const answered = once(request, "response");
    request.flushHeaders();
    await once(request, "continue");
    if (now !== undefined) vi.spyOn(Date, "now").mockReturnValue(now);
    request.end('{"query":"{ viewer { scopes } }"}');
    const [response] = (await answered) as [http.IncomingMessage];
    vi.restoreAllMocks();
    response.resume();
    return response.statusCode;
  };
  expect(await call()).toBe(200);
  const end = decodeJwt(token).exp! * 1_000;
  expect([await call(end - 1), await call(end)]).toEqual([200, 401]);
});

it("a fault in looking at who calls tells nothing of itself", async () => {
  const token = await demo.token("lantern", ["beds:read"]);
  const rename = (from: string, to: string) =>
    asSuperuser(demo.database.superuserUrl, (client) =>
      client.query(`alter function ${from} rename to ${to}`),
    );
  await rename("issuer_of_tokens", "lost");
  const told = await answerTo({ query: "{ __typename }" }, `Bearer ${token}`);
  await rename("lost", "issuer_of_tokens");
  const [status, , text] = JSON.parse(told) as [number, object, string];
  expect([status, JSON.parse(text)]).toEqual([
    500,
    { errors: [{ message: "Internal error.", extensions: { code: "INTERNAL" } }] },
  ]);
});
