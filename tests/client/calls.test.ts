import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  AcknowledgeHandoff,
  CallFailed,
  createClient,
  Handoffs,
  Viewer,
} from "../../src/client/index.ts";
import { serveGraph } from "../support/ports.ts";
import { ed25519 } from "../support/sealing.ts";

let server: Server | undefined;
afterEach(() => {
  vi.restoreAllMocks();
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

type Reply =
  | { status?: number; headers?: Record<string, string>; body: string | Buffer }
  | "hang up";
const failed = (code: string, extensions: object = {}): Reply => ({
  body: JSON.stringify({ errors: [{ message: "no", extensions: { code, ...extensions } }] }),
});
const done = { body: JSON.stringify({ data: { done: true } }) };
const credentials = {
  issuer: "https://lantern.example",
  audience: "https://node.example",
  clientId: "bot",
  scopes: ["beds:read", "beds:hold"],
  key: ed25519(),
} as const;

/** Answers in this order, the last again and again; what it was asked. */
async function serve(...replies: Reply[]) {
  const asked: { body: string; authorization: string }[] = [];
  server = createServer((request: IncomingMessage, response: ServerResponse) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const reply = replies[Math.min(asked.length, replies.length - 1)]!;
      asked.push({ body, authorization: request.headers.authorization ?? "" });
      if (reply === "hang up") return void request.socket.destroy();
      response.writeHead(reply.status ?? 200, reply.headers).end(reply.body);
    });
  });
  const url = await serveGraph(server);
  return { url, asked, client: createClient({ url, credentials, patienceMs: 5_000 }) };
}
const step = { input: { id: "x" } };
/** A few kilobytes of what unpacks to 40 MB. */
const bomb = gzipSync(JSON.stringify({ data: "x".repeat(40_000_000) }));

describe("a call", () => {
  it("is repeated to the byte, its key included, until it is answered", async () => {
    const busy = { status: 503, body: "starting" };
    const { asked, client } = await serve("hang up", failed("UNAVAILABLE"), busy, done);
    expect(await client.run(AcknowledgeHandoff, step)).toEqual({ done: true });
    expect(asked).toHaveLength(4);
    expect(new Set(asked.map(({ body }) => body)).size).toBe(1);
    expect(JSON.parse(asked[0]!.body).variables.input.idempotencyKey).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("keeps the key that it was given", async () => {
    const { asked, client } = await serve(done);
    await client.run(AcknowledgeHandoff, { input: { id: "x", idempotencyKey: "my-own-key" } });
    expect(JSON.parse(asked[0]!.body).variables.input.idempotencyKey).toBe("my-own-key");
  });

  it.each<[string, Reply, string]>([
    ["that was given up", "hang up", "NETWORK"],
    ["that was refused after it may have been done", failed("INTERNAL"), "INTERNAL"],
  ])("%s tells its key, under which it is the same call", async (_, reply, code) => {
    const { url, asked } = await serve(reply, done);
    const client = createClient({ url, credentials, patienceMs: 0 });
    const again = (idempotencyKey: string | undefined) =>
      client.run(AcknowledgeHandoff, { input: { id: "x", idempotencyKey } } as typeof step);
    const failure = await again(undefined).catch((error: unknown) => error as CallFailed);
    expect(failure).toMatchObject({
      code,
      idempotencyKey: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    await again((failure as CallFailed).idempotencyKey!);
    expect(asked[1]!.body).toBe(asked[0]!.body);
  });

  it("waits at least as long as the API or a proxy asks", async () => {
    const proxy = { status: 429, headers: { "retry-after": "1" }, body: "" };
    const { client } = await serve(failed("RATE_LIMITED", { retryAfterSeconds: 1 }), proxy, done);
    const before = performance.now();
    await client.run(Viewer);
    // A timer may be a millisecond early.
    expect(performance.now() - before).toBeGreaterThan(2_000 - 5);
  });

  it("is tried until its patience ends, however long a pause was drawn", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    const { url } = await serve(failed("UNAVAILABLE"));
    const client = createClient({ url, credentials, patienceMs: 1_000 });
    const before = performance.now();
    await expect(client.run(Viewer)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(performance.now() - before).toBeGreaterThan(1_000 - 5);
  });

  it("gives up rather than wait longer than its patience, and says how long", async () => {
    const { asked, client } = await serve(failed("RATE_LIMITED", { retryAfterSeconds: 60 }));
    const refused = { code: "RATE_LIMITED", retryAfterSeconds: 60 };
    await expect(client.run(Viewer)).rejects.toMatchObject(refused);
    expect(asked).toHaveLength(1);
  });

  it.each([
    ["BAD_USER_INPUT", failed("BAD_USER_INPUT", { issues: [{ path: ["id"], message: "no" }] })],
    ["IDEMPOTENCY_MISMATCH", failed("IDEMPOTENCY_MISMATCH")],
    ["FORBIDDEN", failed("FORBIDDEN")],
    ["NOT_FOUND", failed("NOT_FOUND")],
    ["INTERNAL", failed("INTERNAL")],
    ["LIMIT_EXCEEDED", failed("LIMIT_EXCEEDED")],
    ["PROTOCOL", failed("A_CODE_OF_TOMORROW")],
    ["PROTOCOL", { status: 404, body: "<html>" }],
    ["PROTOCOL", { body: "{}" }],
    ["PROTOCOL", { body: JSON.stringify({ data: {}, errors: "none" }) }],
    ["PROTOCOL", failed("BAD_USER_INPUT", { issues: [null] })],
    ["PROTOCOL", failed("BAD_USER_INPUT", { issues: [{ path: [{ toString: 1 }], message: "" }] })],
    ["PROTOCOL", { body: JSON.stringify({ data: "handoffs" }) }],
    ["PROTOCOL", failed("UNAVAILABLE", { retryAfterSeconds: -1e9 })],
    ["PROTOCOL", { headers: { "content-encoding": "gzip" }, body: bomb }],
  ] as const)("is not repeated after %s", async (code, reply) => {
    const { asked, client } = await serve(reply);
    await expect(client.run(AcknowledgeHandoff, step)).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(1);
  });

  it.each([
    ["a mutation without a key", { query: "mutation { a(id: 1) }" }],
    ["a document that only the API knows", { documentId: "sha256:00" }],
  ])("is sent once, if it is %s", async (_, request) => {
    const { url, asked, client } = await serve("hang up", done);
    const send = client.fetch(url, { method: "POST", body: JSON.stringify(request) });
    await expect(send).rejects.toMatchObject({ code: "NETWORK" });
    expect(asked).toHaveLength(1);
  });

  it("of a list ends where the next page is the one before", async () => {
    const pageInfo = { hasNextPage: true, endCursor: "a" };
    const edges = [{ node: { id: "x" } }];
    const { asked, client } = await serve({
      body: JSON.stringify({ data: { handoffs: { edges, pageInfo } } }),
    });
    const all = client.all(Handoffs, { box: "INBOX" }, ({ handoffs }) => handoffs);
    await all.next();
    await all.next();
    await expect(all.next()).rejects.toMatchObject({ code: "PROTOCOL" });
    expect(asked).toHaveLength(2);
  });

  it("of a list ends where nothing stands on a page that is not the last", async () => {
    const pages = ["a", "b", "c"].map((endCursor) => ({
      body: JSON.stringify({
        data: { handoffs: { edges: [], pageInfo: { hasNextPage: endCursor < "c", endCursor } } },
      }),
    }));
    const { asked, client } = await serve(...pages);
    const all = client.all(Handoffs, { box: "INBOX" }, ({ handoffs }) => handoffs);
    await expect(all.next()).rejects.toMatchObject({ code: "PROTOCOL" });
    expect(asked).toHaveLength(1);
  });

  it.each<unknown>([
    null,
    { edges: null, pageInfo: { hasNextPage: false, endCursor: null } },
    { edges: [null], pageInfo: { hasNextPage: false, endCursor: null } },
    { edges: [{ node: "x" }], pageInfo: { hasNextPage: false, endCursor: null } },
    { edges: [] },
    { edges: [], pageInfo: { hasNextPage: "yes", endCursor: 7 } },
  ])("of a list fails where %j comes in place of a page", async (handoffs) => {
    const { client } = await serve({ body: JSON.stringify({ data: { handoffs } }) });
    const all = client.all(Handoffs, { box: "INBOX" }, (answer) => answer.handoffs);
    await expect(all.next()).rejects.toMatchObject({ code: "PROTOCOL" });
  });

  it("tells of a refusal what may be printed, and no more of it than is read", async () => {
    const message = `\u001b[2J\u009b0m\n2026-03-01 all is well\u202e${"x".repeat(9_000)}`;
    const issues = Array.from({ length: 200 }, () => ({ path: [message, 1], message }));
    for (const extensions of [{}, { issues }]) {
      const body = { errors: [{ message, extensions: { code: "BAD_USER_INPUT", ...extensions } }] };
      const { client } = await serve({ body: JSON.stringify(body) });
      const failure = await client.run(Viewer).catch((error: unknown) => error as CallFailed);
      const told = inspect(failure, { depth: 9, maxArrayLength: null, maxStringLength: null });
      expect(told).toContain("all is well");
      for (const forged of ["\u001b[2", "\u009b", "\u202e", "\\x1B", "\n2026"])
        expect(told).not.toContain(forged);
      expect((failure as CallFailed).message.length).toBeLessThan(3_000);
      expect((failure as CallFailed).issues.length).toBeLessThanOrEqual(100);
      server!.close();
    }
  });

  it("carries its token nowhere else, wherever the server sends it", async () => {
    const strangers: string[] = [];
    const stranger = createServer((request, response) => {
      strangers.push(String(request.headers.authorization));
      response.end(done.body);
    });
    const location = await serveGraph(stranger);
    for (const status of [302, 307]) {
      const { url } = await serve({ status, headers: { location }, body: "" });
      const client = createClient({ url, credentials, patienceMs: 0 });
      await expect(client.run(Viewer)).rejects.toMatchObject({ code: "NETWORK" });
      const events = client.events({ signal: AbortSignal.timeout(100) });
      await expect(events.next()).rejects.not.toBeInstanceOf(CallFailed);
      server!.close();
    }
    stranger.close();
    expect(strangers).toEqual([]);
  });

  it("renews a refused token once", async () => {
    const { asked, client } = await serve(failed("UNAUTHENTICATED"));
    await expect(client.run(Viewer)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(new Set(asked.map(({ authorization }) => authorization)).size).toBe(2);
    expect(asked).toHaveLength(2);
  });

  it("ends with its signal, and not as a failure", async () => {
    const { client } = await serve(failed("UNAVAILABLE"));
    const signal = AbortSignal.timeout(100);
    await expect(client.run(Viewer, {}, { signal })).rejects.not.toBeInstanceOf(CallFailed);
  });

  describe("of which nothing is heard, by a fetch that never lets go", () => {
    /** Node's is one where a socket closes while its parser is still being loaded. */
    function ask(deafTimes: number, signal?: AbortSignal) {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      let asked = 0;
      const fetch = vi.fn<typeof globalThis.fetch>(async () =>
        asked++ < deafTimes ? new Promise(() => {}) : new Response(done.body),
      );
      const url = "http://127.0.0.1/graphql";
      const client = createClient({ url, credentials, patienceMs: 60_000, fetch });
      return { fetch, answered: client.run(Viewer, {}, signal && { signal }) };
    }
    afterEach(() => void vi.useRealTimers());

    it("is tried again", async () => {
      const { fetch, answered } = ask(1);
      await vi.waitFor(async () => {
        await vi.advanceTimersByTimeAsync(10_000);
        expect(fetch).toHaveBeenCalledTimes(2);
      }, 30_000);
      expect(await answered).toEqual({ done: true });
    });

    it("ends with its signal, and leaves no timer", async () => {
      const over = new AbortController();
      const { answered } = ask(Infinity, over.signal);
      await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1), 30_000);
      over.abort(new Error("enough"));
      await expect(answered).rejects.toThrow("enough");
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  it.each(["http://wayhouse.example/graphql", "ftp://127.0.0.1/"])("never goes to %s", (url) => {
    expect(() => createClient({ url, credentials })).toThrow(TypeError);
  });

  it("of another client's fetch goes to the API alone: it carries the token", async () => {
    const { client } = await serve(done);
    const elsewhere = client.fetch("http://127.0.0.1:9/graphql", { body: "{}" });
    await expect(elsewhere).rejects.toThrow(TypeError);
  });
});

describe("an access token", () => {
  it("may be an identity provider's: asked for with each call, and once more where it is refused", async () => {
    const { asked, url } = await serve(failed("UNAUTHENTICATED"), done);
    let count = 0;
    const client = createClient({ url, credentials: async () => `token-${++count}` });
    await client.run(Viewer);
    await client.run(Viewer);
    const sent = asked.map(({ authorization }) => authorization);
    expect(sent).toEqual(["Bearer token-1", "Bearer token-2", "Bearer token-3"]);
  });

  it("that its source never gives is no reason to wait beyond the caller's signal", async () => {
    const { url, asked } = await serve(done);
    const client = createClient({ url, credentials: () => new Promise(() => {}) });
    const signal = AbortSignal.timeout(50);
    await expect(client.run(Viewer, {}, { signal })).rejects.toMatchObject({
      name: "TimeoutError",
    });
    expect(asked).toEqual([]);
  });
});
