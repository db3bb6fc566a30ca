import { serverAudits } from "graphql-http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Demo, startDemo } from "../support/demo.ts";
import { type ApiProcess, endApi, startApi } from "../support/processes.ts";
import { openRaw, statusesOf } from "../support/raw.ts";

let demo: Demo;
let api: ApiProcess;
beforeAll(async () => {
  demo = await startDemo();
  const DATABASE_URL = demo.database.apiUrl;
  api = await startApi({ DATABASE_URL, SEED: "none", NODE_ENV: "production" });
});
afterAll(async () => {
  await endApi(api);
  await demo.stop();
});

/** Each asks by GET, which nothing here is served by. */
const UNMET = ["5A70", "D6D5", "6A70"];

/** The audit as it is, with a token that opens the door. */
async function fetchFn(url: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${await demo.token("lantern", ["beds:read"])}`);
  return fetch(url, { ...init, headers });
}

describe("the process as it runs in production, audited by graphql-http", () => {
  const audits = serverAudits({ url: () => api.url, fetchFn });

  it("is asked every audit there is", () => {
    expect(audits).toHaveLength(61);
  });

  it("misses none of them but what may be missed, of GET", () => {
    const unmet = audits.filter(({ id }) => UNMET.includes(id)).map(({ name }) => name);
    expect(unmet.filter((name) => /^MAY .*\bGETs?\b/.test(name))).toHaveLength(UNMET.length);
  });

  it.each(audits.map(({ id, name, fn }) => ({ id, name, fn })))(
    "$id: $name",
    async ({ id, fn }) => {
      const { status, name } = await fn();
      expect({ name, isMet: status === "ok" }).toEqual({ name, isMet: !UNMET.includes(id) });
    },
  );
});

describe("bytes that no client library sends", () => {
  let token: string;
  beforeAll(async () => {
    token = await demo.token("lantern", ["beds:read"]);
  });
  const QUERY = '{"query":"{ __typename }"}';
  const LENGTH = `Content-Length: ${QUERY.length}\r\n`;
  const CHUNKED = "Transfer-Encoding: chunked\r\n";
  const chunks = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
  const TYPE = "Content-Type: application/json\r\n";
  /** By nobody: where it is answered at all, the answer is 401. */
  const SMUGGLED = `POST /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${TYPE}${LENGTH}\r\n${QUERY}`;
  const posting = (headers: string, body = QUERY, start = "POST /graphql HTTP/1.1") =>
    `${start}\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n${headers}\r\n${body}`;
  const post = (headers: string, body?: string, start?: string) =>
    posting(`${TYPE}Connection: close\r\n${headers}`, body, start);
  const sent = async (bytes: string | Buffer) => {
    const raw = await openRaw(api.url);
    raw.send(bytes);
    return statusesOf(await raw.answer);
  };

  it.each<[string, number[], () => string | Buffer]>([
    ["a body in one piece", [200], () => post(LENGTH)],
    ["a body in chunks", [200], () => post(CHUNKED, chunks(QUERY))],
    ["HTTP/1.0", [200], () => post(LENGTH, QUERY, "POST /graphql HTTP/1.0")],
    ["100-continue", [100, 200], () => post(`${LENGTH}Expect: 100-continue\r\n`)],
    ["what else it expects", [417], () => post(`${LENGTH}Expect: 200-ok\r\n`)],
    ["a length and chunks", [400], () => post(LENGTH + CHUNKED, chunks(QUERY) + SMUGGLED)],
    ["chunks and a length", [400], () => post(CHUNKED + LENGTH, chunks(QUERY) + SMUGGLED)],
    ["two lengths", [400], () => post(`${LENGTH}Content-Length: 5\r\n`)],
    ["the same length twice", [400], () => post(LENGTH + LENGTH)],
    ["a length with a sign", [400], () => post(LENGTH.replace(": ", ": +"))],
    ["a length in hex", [400], () => post("Content-Length: 0x1a\r\n")],
    ["a length beyond all", [400], () => post(`Content-Length: ${"9".repeat(30)}\r\n`)],
    ["no length, and a body", [400], () => post("")],
    [
      "a request in the length of another",
      [400],
      () => post(`Content-Length: ${QUERY.length + SMUGGLED.length}\r\n`, QUERY + SMUGGLED),
    ],
    ["one behind another", [200, 401], () => posting(TYPE + LENGTH, QUERY + SMUGGLED)],
    ["chunks in gzip", [415], () => post("Transfer-Encoding: gzip, chunked\r\n", chunks(QUERY))],
    ["chunks, not last", [400], () => post("Transfer-Encoding: chunked, a\r\n", chunks(QUERY))],
    ["chunks by a near name", [415], () => post(CHUNKED.replace("chu", "xchu"), chunks(QUERY))],
    ["chunks and a blank", [400], () => post(CHUNKED.replace(":", " :"), chunks(QUERY))],
    ["chunks on a second line", [400], () => post(CHUNKED.replace(": ", ":\r\n "), chunks(QUERY))],
    ["chunks twice", [400], () => post(`${CHUNKED}Transfer-Encoding: a\r\n`, chunks(QUERY))],
    ["a chunk beyond all", [400], () => post(CHUNKED, `${"F".repeat(18)}\r\n`)],
    ["a chunk below nothing", [400], () => post(CHUNKED, "-1\r\n")],
    ["chunks of 2 MB", [413], () => post(CHUNKED, chunks("x".repeat(2_000_000)))],
    [
      "the token after the body",
      [401],
      () =>
        post(
          CHUNKED,
          `${chunks(QUERY).slice(0, -2)}Authorization: Bearer ${token}\r\n\r\n`,
        ).replace(/Authorization.*\r\n/, ""),
    ],
    ["lines without a return", [400], () => post(LENGTH).replaceAll("\r\n", "\n")],
    ["lines without a feed", [400], () => post(LENGTH).replaceAll("\r\n", "\r")],
    ["a zero byte in a header", [400], () => post(`${LENGTH}X: a\0b\r\n`)],
    ["a name with a blank", [400], () => post(`${LENGTH}X y: a\r\n`)],
    ["a line without a colon", [400], () => post(`${LENGTH}X\r\n`)],
    ["a folded token", [400], () => post(LENGTH).replace("Bearer ", "Bearer\r\n ")],
    ["a header of 20 kB", [431], () => post(`${LENGTH}X: ${"a".repeat(20_000)}\r\n`)],
    ["no host", [400], () => post(LENGTH).replace("Host: a\r\n", "")],
    ["two hosts", [400], () => post(`${LENGTH}Host: b\r\n`)],
    ["two types", [400], () => post(`${LENGTH}Content-Type: text/plain\r\n`)],
    [
      "two tokens, with 2,100 headers between",
      [401],
      () => post(`${LENGTH}${"a:\r\n".repeat(2_100)}Authorization: Bearer x\r\n`),
    ],
    ["a method in lower case", [400], () => post(LENGTH, QUERY, "post /graphql HTTP/1.1")],
    ["a method of its own", [400], () => post(LENGTH, QUERY, "LOOK /graphql HTTP/1.1")],
    ["TRACE", [405], () => post("", "", "TRACE /graphql HTTP/1.1")],
    ["CONNECT", [], () => post("", "", "CONNECT evil.example:443 HTTP/1.1")],
    ["HTTP/2", [400], () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["TLS", [400], () => Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0, 0])],
    [
      "another method by a header",
      [405],
      () => post(`${LENGTH}X-HTTP-Method-Override: POST\r\n`, QUERY, "GET /graphql HTTP/1.1"),
    ],
  ])("%s: %j", async (_, statuses, bytes) => {
    expect(await sent(bytes())).toEqual(statuses);
  });

  it.each([
    "http://evil.example/graphql",
    "//evil.example/graphql",
    "//graphql",
    "/graphql;a",
    "/graphql%00",
    "/%67raphql",
    "/./graphql",
    "/health/../graphql",
    "*",
  ])("%s is another place", async (target) => {
    expect(await sent(post(LENGTH, QUERY, `POST ${target} HTTP/1.1`))).toEqual([404]);
  });

  it.each<[string, number, Buffer]>([
    ["in UTF-16", 400, Buffer.from(QUERY, "utf16le")],
    ["in Latin-1", 400, Buffer.from(QUERY.replace("}", "\u00e9}"), "latin1")],
    ["with an overlong slash", 400, Buffer.from(QUERY.replace("}", "\u00c0\u00af}"), "latin1")],
    ["with a byte order mark", 200, Buffer.from(`\ufeff${QUERY}`)],
    ["and a zero byte", 400, Buffer.from(`${QUERY}\0`)],
    ["of 400,000 brackets", 400, Buffer.from("[".repeat(400_000))],
    ["that is a list", 400, Buffer.from(`[${QUERY}]`)],
    ["that is a string", 400, Buffer.from('"{ __typename }"')],
    ["that is null", 400, Buffer.from("null")],
    ["with a member more", 400, Buffer.from(`${QUERY.slice(0, -1)},"__proto__":{}}`)],
    ["cut short", 400, Buffer.from(QUERY.slice(0, -1))],
  ])("a body %s: %i", async (_, status, body) => {
    const head = post(`Content-Length: ${body.length}\r\n`, "");
    expect(await sent(Buffer.concat([Buffer.from(head), body]))).toEqual([status]);
  });

  it("a caller that goes away in the midst of its body is no fault of ours", async () => {
    for (const bytes of [post(LENGTH, "{"), post(CHUNKED, "5\r\n{"), post(CHUNKED, "")]) {
      const raw = await openRaw(api.url);
      raw.send(bytes);
      raw.close();
      await expect(raw.answer).rejects.toThrow(/./);
    }
    expect(await sent(post(LENGTH))).toEqual([200]);
    expect(api.log()).not.toContain("request_failed");
  });
});

it("whatever it writes is a line of JSON on standard error, also where it does not start", async () => {
  const eventsIn = (text: string) =>
    text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { at: string; level: string; event: string });
  expect(eventsIn(api.log()).map(({ event }) => event)).toContain("serving");
  expect(api.told()).toBe("");
  const DATABASE_URL = "postgres://somebody:canary@127.0.0.1:9/none";
  const start = startApi({ DATABASE_URL, NODE_ENV: "production" });
  const refused = await start.then(() => "it started", String);
  expect(refused).not.toContain("canary");
  const log = refused.replace(/^.*?(?=\{)/s, "");
  expect(eventsIn(log).at(-1)).toMatchObject({
    level: "error",
    event: "start_refused",
    advice: expect.stringMatching(/^The database cannot be reached \(ECONNREFUSED\): DATABASE_URL/),
  });
});
