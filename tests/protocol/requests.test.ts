import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeId } from "../../src/kernel/ids.ts";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { type Answer, codeOf, type Demo, night, startDemo } from "../support/demo.ts";
import { waiting } from "../support/held-up.ts";
import { asSuperuser } from "../support/postgres.ts";
import { statementsOf, unconfirmed } from "../support/statements.ts";

let demo: Demo;
let token: string;
beforeAll(async () => {
  demo = await startDemo();
  token = await demo.token("lantern", SCOPES);
});
afterAll(async () => {
  await demo.stop();
});

interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}
const QUERY = '{"query":"{ __typename }"}';

/** Raw, so that a header can be what no client library would send. */
function send(
  headers: readonly (readonly [string, string])[],
  { method = "POST", body = QUERY, path = "/graphql" } = {},
): Promise<Reply> {
  const { host, port } = new URL(demo.url);
  return new Promise((resolve, reject) => {
    const all = [["host", host], ["content-length", String(Buffer.byteLength(body))], ...headers];
    const options = { port, method, path, headers: all.flat() };
    const request = http.request(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.once("end", () =>
        resolve({ status: response.statusCode!, headers: response.headers, text }),
      );
    });
    request.once("error", reject).end(body);
  });
}
const JSON_BODY = ["content-type", "application/json"] as const;
const authorized = () => ["authorization", `Bearer ${token}`] as const;

describe("/graphql", () => {
  it.each(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"])(
    "is not served by %s",
    async (method) => {
      const path = `/graphql?query=${encodeURIComponent("{ __typename }")}`;
      const { status, headers } = await send([authorized(), JSON_BODY], { method, path });
      expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: "POST" });
    },
  );

  it.each([
    [
      "multipart/form-data; boundary=x",
      '--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{}\r\n--x--',
    ],
    ["application/x-www-form-urlencoded", "query=%7B__typename%7D"],
    ["application/graphql", "{ __typename }"],
    ["text/plain", QUERY],
    ["application/jsonp", QUERY],
    ["application/json; charset=utf-16", QUERY],
    ["application/json; charset=utf-8; charset=utf-16", QUERY],
    ["application/json; charset = utf-16", QUERY],
    ["application/json; charset*=utf-16", QUERY],
    ["application/json, text/plain", QUERY],
    ["text/plain; a=application/json", QUERY],
    ["", QUERY],
  ])("takes no body of the type %s", async (type, body) => {
    const { status, text } = await send([authorized(), ["content-type", type]], { body });
    expect({ status, code: codeOf(JSON.parse(text) as Answer) }).toEqual({
      status: 415,
      code: "BAD_USER_INPUT",
    });
    expect(text).toContain('"issues":[{"path":[],"message":"The body must be ');
  });

  it.each(["gzip", "br", "deflate", "identity, gzip"])(
    "takes no body in the encoding %s",
    async (encoding) => {
      const { status } = await send([authorized(), JSON_BODY, ["content-encoding", encoding]]);
      expect(status).toBe(415);
    },
  );

  it.each(["text/html", "application/xml", "multipart/mixed", "application/json;q=0"])(
    "answers nothing as %s",
    async (accept) => {
      expect((await send([authorized(), JSON_BODY, ["accept", accept]])).status).toBe(406);
    },
  );

  it.each([
    ["application/json", "application/json; charset=utf-8"],
    ["application/graphql-response+json", "application/graphql-response+json; charset=utf-8"],
    ["text/event-stream", "text/event-stream; charset=utf-8"],
    ["text/html, */*;q=0.1", "application/json; charset=utf-8"],
    [
      "application/json;q=0.5, application/graphql-response+json; q=0.9",
      "application/graphql-response+json; charset=utf-8",
    ],
  ])("answers %s as %s", async (accept, type) => {
    const { status, headers } = await send([authorized(), JSON_BODY, ["accept", accept]]);
    expect({ status, type: headers["content-type"] }).toEqual({ status: 200, type });
  });

  it("shares nothing with pages of other origins", async () => {
    const asks = [
      ["origin", "https://evil.example"],
      ["access-control-request-method", "POST"],
    ] as const;
    for (const method of ["OPTIONS", "POST", "GET"]) {
      const { headers } = await send([authorized(), JSON_BODY, ...asks], { method });
      expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
      expect(JSON.stringify(headers)).not.toContain("evil");
    }
  });

  it.each<[string, readonly (readonly [string, string])[]]>([
    ["none", []],
    ["an empty one", [["authorization", ""]]],
    ["the scheme alone", [["authorization", "Bearer"]]],
    ["Basic", [["authorization", "Basic YTpi"]]],
    ["a token without its scheme", [["authorization", "eyJ.eyJ.x"]]],
    ["two tokens in one header", [["authorization", "Bearer a b"]]],
    ["two tokens with a comma", [["authorization", "Bearer a, Bearer b"]]],
    ["a token in Latin-1", [["authorization", "Bearer \u00e9\u00e9"]]],
    ["a token of 12 KiB", [["authorization", `Bearer ${"a".repeat(12_288)}`]]],
    ["a token of dots", [["authorization", "Bearer ..."]]],
    ["the token in the query", [["x-access-token", "a"]]],
  ])("is closed to whoever brings as authorization %s, in the same words", async (_, headers) => {
    const path = `/graphql?access_token=${token}`;
    const { status, text } = await send([JSON_BODY, ...headers], { path });
    expect(status).toBe(401);
    expect(text).toBe(
      '{"errors":[{"message":"A valid access token is required.","extensions":{"code":"UNAUTHENTICATED"}}]}',
    );
  });

  it.each(["bearer ", "BEARER  "])("takes a token after %j", async (scheme) => {
    expect((await send([["authorization", scheme + token], JSON_BODY])).status).toBe(200);
  });

  it("answers a document under its own hash or none", async () => {
    const query = "{ __typename }";
    const [own, other] = [query, `${query} `].map((text) =>
      createHash("sha256").update(text).digest("hex"),
    );
    const under = async (hash: string | undefined, isApollo: boolean) => {
      const named = isApollo
        ? { extensions: { persistedQuery: { version: 1, sha256Hash: hash } } }
        : { documentId: `sha256:${hash}` };
      const body = JSON.stringify({ query, ...named });
      return (await send([authorized(), JSON_BODY], { body })).text;
    };
    for (const isApollo of [true, false]) {
      expect(await under(own, isApollo)).toBe('{"data":{"__typename":"Query"}}');
      expect(codeOf(JSON.parse(await under(other, isApollo)) as Answer)).toBe("BAD_USER_INPUT");
    }
  });

  it("compares no two thousand fields with one another", async () => {
    const query = `{ ${"viewer { scopes } ".repeat(480)} }`;
    expect(codeOf(await demo.ask("lantern", query))).toBe("LIMIT_EXCEEDED");
  });

  it("takes for no repetition what a union holds, asked for seventy times by other names", async () => {
    const parts = "... on Handoff { id } ... on BedHold { id } ...S";
    const fields = Array.from({ length: 70 }, (_, nth) => `a${nth}: node(id: "") { ${parts} }`);
    const query = `{ ${fields.join(" ")} } fragment S on Shelter { label }`;
    expect(codeOf(await demo.ask("lantern", query))).toBeUndefined();
  });

  it("takes no two tokens, of which one is good", async () => {
    const { status } = await send([JSON_BODY, authorized(), ["authorization", "Bearer x"]]);
    expect(status).toBe(401);
  });
});

it("nobody's body is waited for, of whom nobody knows", async () => {
  const { hostname, port } = new URL(demo.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n",
  );
  const [head] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  expect(head.toString()).toMatch(/^HTTP\/1\.1 401 /);
});

it("what is told in a stream is asked about once more, too, where it was read a while ago", async () => {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const batches = await statementsOf(() =>
    asSuperuser(demo.database.superuserUrl, async (client) => {
      await client.query("begin; lock table circle in access exclusive mode");
      const answer = fetch(demo.url, {
        method: "POST",
        headers: { ...headers, accept: "text/event-stream" },
        body: JSON.stringify({ query: "{ circles { name } }" }),
      });
      await waiting(client, 1);
      await sleep(300);
      await client.query("commit");
      expect(await (await answer).text()).toContain('"circles":');
    }),
  );
  expect(batches.at(-1)).toContainEqual(expect.stringContaining("revoked_since"));
});

describe("a body over 1 MiB", () => {
  const PIECE = Buffer.alloc(65_536, " ");
  /** Sends 8 MiB, each piece when the one before has gone, as who looks for no answer meanwhile. */
  const sendOn = (length: number) =>
    new Promise<string>((resolve) => {
      const { hostname, port } = new URL(demo.url);
      const socket = connect(Number(port), hostname);
      let text = "";
      socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
      socket.on("error", (error: NodeJS.ErrnoException) => (text += error.code));
      socket.on("close", () => resolve(text));
      const head = `authorization: Bearer ${token}\r\ncontent-type: application/json`;
      socket.write(
        `POST /graphql HTTP/1.1\r\nhost: x\r\n${head}\r\ncontent-length: ${length}\r\n\r\n`,
      );
      const send = (pieces: number) => {
        if (pieces > 0) socket.write(PIECE, () => setImmediate(send, pieces - 1));
      };
      send(128);
    });

  it.each([
    ["that comes whole", 128 * PIECE.length],
    ["that never comes to its end", 1024 * PIECE.length],
  ])("%s is refused so that its sender hears it", async (_, length) => {
    const text = await sendOn(length);
    expect(text).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close[\s\S]*LIMIT_EXCEEDED/i);
    expect(text).not.toMatch(/EPIPE|ECONNRESET/);
  });
});

describe("what is not GraphQL", () => {
  it.each(["/", "/graphql/", "/GraphQL", "/metrics", "/.well-known/x", "/%2e%2e/etc/passwd"])(
    "%s is answered with problem details (RFC 9457)",
    async (path) => {
      const { status, headers, text } = await send([JSON_BODY], { path });
      expect({ status, type: headers["content-type"] }).toEqual({
        status: 404,
        type: "application/problem+json",
      });
      expect(JSON.parse(text)).toEqual({
        type: "about:blank",
        title: "Only /graphql is served.",
        status: 404,
      });
    },
  );
});

describe("not yours and not there", () => {
  it.each<[string, string]>([
    ["node", "query ($id: ID!) { node(id: $id) { __typename } }"],
    [
      "_entities",
      'query ($id: ID!) { _entities(representations: [{ __typename: "Shelter", id: $id }]) { __typename } }',
    ],
    [
      "a write",
      `mutation ($id: ID!) { setBeds(input: { idempotencyKey: "KEY", shelterId: $id, from: "${night(1)}", until: "${night(2)}", maximum: 1 }) { id } }`,
    ],
  ])("by %s are the same bytes after the same statements", async (_, query) => {
    const { data } = await demo.ask("harbour", "{ shelters(first: 1) { edges { node { id } } } }");
    const foreign = data.shelters.edges[0].node.id as string;
    const missing = encodeId("Shelter", randomUUID());
    const told: string[] = [];
    const asked: string[][][] = [];
    for (const id of [foreign, missing]) {
      const document = query.replace("KEY", randomUUID());
      // Each by a token that nobody has seen yet.
      token = await demo.token("outsider", SCOPES);
      const body = JSON.stringify({ query: document, variables: { id } });
      const batches = await statementsOf(async () => {
        told.push((await send([JSON_BODY, authorized()], { body })).text);
      });
      asked.push(unconfirmed(batches));
    }
    expect(told[0]).toBe(told[1]);
    expect(asked[0]!.length).toBeGreaterThan(1);
    expect(asked[0]).toEqual(asked[1]);
  });
});
