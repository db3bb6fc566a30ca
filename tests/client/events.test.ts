import { createServer, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Client, createClient, Events, type NetworkEvent } from "../../src/client/index.ts";
import { type Demo, startDemo } from "../support/demo.ts";
import { hold, moveHold, shelter, stay } from "../support/holds.ts";
import { clientOf } from "../support/partners.ts";
import { untilTold } from "../support/patience.ts";
import { serveGraph } from "../support/ports.ts";
import { type Fleet, startFleet } from "../support/processes.ts";
import { ed25519 } from "../support/sealing.ts";

/** Of a list or a stream: what goes over the wire, in pieces, and whether it stays open. */
interface Reply {
  readonly status?: number;
  readonly retryAfter?: string;
  readonly pieces: readonly string[];
  readonly end?: "cut" | "stays";
}
const event = (cursor: string) => ({ cursor, kind: "BEDS_CHANGED", subjectId: "x", at: "now" });
const next = (cursor: string) =>
  `event: next\ndata: ${JSON.stringify({ data: { events: event(cursor) } })}\n\n`;
const refusal = (code: string) =>
  JSON.stringify({ errors: [{ message: "no", extensions: { code } }] });
const ended = (code: string) => `event: next\ndata: ${refusal(code)}\n\n`;
const COMPLETE = "event: complete\ndata:\n\n";
const list = (...cursors: string[]) =>
  JSON.stringify({
    data: {
      events: {
        edges: cursors.map((cursor) => ({ node: event(cursor) })),
        pageInfo: { hasNextPage: false, endCursor: cursors.at(-1) ?? null },
      },
    },
  });

let server: Server | undefined;
afterEach(() => {
  vi.useRealTimers();
  server?.closeAllConnections();
  server?.close();
});

/** Answers streams in this order, the last again and again, and so lists with what is `kept`. */
async function serve(streams: readonly Reply[], ...kept: readonly string[]) {
  let lists = 0;
  const afters: (string | null)[] = [];
  const tokens = new Set<string>();
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { variables } = JSON.parse(body) as { variables: { after: string | null } };
      if (request.headers.accept !== "text/event-stream")
        return void response.end(kept[Math.min(lists++, kept.length - 1)] ?? list());
      afters.push(variables.after);
      tokens.add(request.headers.authorization!);
      const reply = streams[Math.min(afters.length, streams.length) - 1]!;
      const { status = 200, retryAfter, pieces, end } = reply;
      const type = status === 200 ? "text/event-stream; charset=utf-8" : "application/json";
      response.writeHead(status, {
        "content-type": type,
        ...(retryAfter && { "retry-after": retryAfter }),
      });
      void (async () => {
        for (const piece of pieces) {
          response.write(piece);
          await sleep(5);
        }
        if (end === "cut") response.destroy();
        else if (end !== "stays") response.end();
      })();
    });
  });
  const url = await serveGraph(server);
  const client = createClient({
    url,
    credentials: {
      issuer: "https://lantern.example",
      audience: "https://node.example",
      clientId: "bot",
      scopes: ["beds:read"],
      key: ed25519(),
    },
  });
  return { client, url, afters, tokens };
}
async function take(client: Client, count: number, after: string | null = null): Promise<string[]> {
  const cursors: string[] = [];
  for await (const { cursor } of client.events({ after })) {
    cursors.push(cursor);
    if (cursors.length === count) break;
  }
  return cursors;
}

const told = (events: unknown) => ({
  pieces: [`event: next\ndata: ${JSON.stringify({ data: { events } })}\n\n`],
});

describe("a stream of events", () => {
  it("is read whatever the pieces it comes in, and whatever is between", async () => {
    const text = `:\n\n${next("ä")}: still here\n\n${next("b").replaceAll("\n", "\r\n")}event: other\ndata: 1\n\n${next("c")}`;
    const { client } = await serve([{ pieces: text.split(/(?<=[\s\S]{7})/), end: "stays" }]);
    expect(await take(client, 3, "before")).toEqual(["ä", "b", "c"]);
  });

  it.each<[string, Reply]>([
    ["ends", { pieces: [":\n\n", next("a"), COMPLETE] }],
    ["ends without a word", { pieces: [":\n\n", next("a")] }],
    ["is cut", { pieces: [":\n\n", next("a")], end: "cut" }],
    [
      "is cut within an event",
      { pieces: [":\n\n", next("a"), next("b").slice(0, 40)], end: "cut" },
    ],
    ["ends as too slow to be told", { pieces: [":\n\n", next("a"), ended("UNAVAILABLE")] }],
  ])("that %s is followed on after the last event", async (_, reply) => {
    const { client, afters } = await serve([reply, { pieces: [next("b")], end: "stays" }]);
    expect(await take(client, 2, "before")).toEqual(["a", "b"]);
    expect(afters).toEqual(["before", "a"]);
  });

  it.each([
    ["a proxy has no server behind it", { status: 502, pieces: ["<html>"] }],
    ["the API does not answer yet", { status: 503, pieces: [refusal("UNAVAILABLE")] }],
    ["there are too many streams", { pieces: [":\n\n", ended("LIMIT_EXCEEDED")] }],
  ])("waits while %s", async (_, reply) => {
    const { client, afters } = await serve([reply, reply, { pieces: [next("a")], end: "stays" }]);
    expect(await take(client, 1, "before")).toEqual(["a"]);
    expect(afters).toEqual(["before", "before", "before"]);
  });

  it("that never ends an event is opened anew", async () => {
    const endless = { pieces: [`data: ${"x".repeat(3_000_000)}`], end: "stays" } as const;
    const { client, afters } = await serve([endless, { pieces: [next("a")], end: "stays" }]);
    expect(await take(client, 1, "before")).toEqual(["a"]);
    expect(afters).toEqual(["before", "before"]);
  });

  it("goes on with a new token when the old one has run out", async () => {
    const { client, afters, tokens } = await serve([
      { pieces: [":\n\n", next("a"), ended("UNAUTHENTICATED")] },
      { pieces: [":\n\n", ended("UNAUTHENTICATED")] },
      { pieces: [":\n\n", next("b")], end: "stays" },
    ]);
    expect(await take(client, 2, "before")).toEqual(["a", "b"]);
    expect(afters).toEqual(["before", "a", "a"]);
    expect(tokens.size).toBe(3);
  });

  it.each<[string, number, Reply]>([
    ["UNAUTHENTICATED", 2, { status: 401, pieces: [refusal("UNAUTHENTICATED")] }],
    ["FORBIDDEN", 1, { pieces: [":\n\n", ended("FORBIDDEN")] }],
    ["BAD_USER_INPUT", 1, { status: 400, pieces: [refusal("BAD_USER_INPUT")] }],
    ["PROTOCOL", 1, { pieces: [":\n\n", "event: next\ndata: {}\n\n"] }],
    ["PROTOCOL", 1, { status: 404, pieces: ["<html>"] }],
    ["PROTOCOL", 1, told("an event")],
    ["PROTOCOL", 1, told({ ...event("a"), cursor: 7 })],
    ["PROTOCOL", 1, told({ ...event("a"), subjectId: null })],
  ])("stops with %s, and says so", async (code, times, reply) => {
    const { client, afters } = await serve([reply]);
    await expect(take(client, 1, "before")).rejects.toMatchObject({ name: "CallFailed", code });
    expect(afters).toHaveLength(times);
  });

  it("stops where no token can be had, with what its source says", async () => {
    const { url } = await serve([{ pieces: [next("a")], end: "stays" }]);
    const credentials = () => Promise.reject(new Error("the token file is gone"));
    const following = createClient({ url, credentials }).events({
      after: "before",
      signal: AbortSignal.timeout(5_000),
    });
    await expect(following.next()).rejects.toThrow("the token file is gone");
  });

  it("without a cursor begins with the oldest that is kept, and goes on after them", async () => {
    const open: Reply = { pieces: [":\n\n", next("not yet")], end: "stays" };
    const { client, afters } = await serve(
      [open, { pieces: [next("c")], end: "stays" }],
      list("a", "b"),
    );
    expect(await take(client, 3)).toEqual(["a", "b", "c"]);
    expect(afters).toEqual([null, "b"]);
  });

  it("without a cursor and without anything kept, is followed from its beginning", async () => {
    const { client, afters } = await serve([{ pieces: [":\n\n", next("a")], end: "stays" }]);
    expect(await take(client, 1)).toEqual(["a"]);
    expect(afters).toEqual([null]);
  });

  it("that is cut before its first event misses nothing of what happens until it is back", async () => {
    const cut: Reply = { pieces: [":\n\n"], end: "cut" };
    const open: Reply = { pieces: [":\n\n"], end: "stays" };
    const on: Reply = { pieces: [next("b")], end: "stays" };
    const { client, afters } = await serve([cut, open, on], list(), list("a"));
    expect(await take(client, 2)).toEqual(["a", "b"]);
    expect(afters).toEqual([null, null, "a"]);
  });

  it("ends with its signal, and not as a failure", async () => {
    const { client } = await serve([{ pieces: [":\n\n"], end: "stays" }]);
    const following = client.events({ after: "a", signal: AbortSignal.timeout(100) }).next();
    await expect(following).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("is opened anew within minutes, however long a proxy asks to stay away", async () => {
    const { client, afters } = await serve([
      { status: 503, retryAfter: "86400", pieces: ["<html>"] },
      { pieces: [next("a")], end: "stays" },
    ]);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const taken = take(client, 1, "before");
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(10_000);
      expect(afters).toEqual(["before", "before"]);
    }, 30_000);
    expect(await taken).toEqual(["a"]);
  });

  it("that is silent for longer than the API ever is, is opened anew", async () => {
    const { client, afters } = await serve([
      { pieces: [":\n\n"], end: "stays" },
      { pieces: [next("a")], end: "stays" },
    ]);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const taken = take(client, 1, "before");
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(10_000);
      expect(afters).toEqual(["before", "before"]);
    }, 30_000);
    expect(await taken).toEqual(["a"]);
  });
});

describe("over processes that are killed", () => {
  let demo: Demo;
  let fleet: Fleet;
  beforeAll(async () => {
    demo = await startDemo();
    fleet = await startFleet(demo.database.apiUrl, 2);
  });
  afterAll(async () => {
    await fleet.stop();
    await demo.stop();
  });

  const ask: Demo["ask"] = (...call) => demo.ask(...call);

  it("a follower that restarts, too, hears every event exactly once", async () => {
    const pomegranate = await shelter(ask, "Pomegranate");
    let slot = 0;
    /** As behind a balancer: a call that fails goes to the other process next. */
    const anywhere: typeof fetch = (_, init) =>
      fetch(fleet.urlOf(slot), init).catch((error: unknown) => {
        slot = 1 - slot;
        throw error;
      });
    const url = "http://127.0.0.1/graphql";
    const client = await clientOf({ ...demo, url }, "lantern", { fetch: anywhere });
    const heard: NetworkEvent[] = [];
    const over = new AbortController();
    const following = (async () => {
      let after: string | null = null;
      while (!over.signal.aborted) {
        // A new follower each time, as after a restart: all it has is the cursor.
        for await (const one of client.events({ after, signal: over.signal })) {
          heard.push(one);
          after = one.cursor;
          if (heard.length % 7 === 0) break;
        }
      }
    })().catch((error: unknown) => {
      if (!over.signal.aborted) throw error;
    });
    const acting = (async () => {
      for (let count = 0; count < 25; count++) {
        const { data } = await hold(ask, "lantern", [stay(pomegranate, 1)]);
        await moveHold(ask, "lantern", "releaseBedHold", data["holdBeds"].id);
        await sleep(40);
      }
    })();
    for (let kills = 0; kills < 3; kills++) {
      await sleep(300);
      await fleet.kill(slot);
    }
    await acting;
    await untilTold(demo.database.superuserUrl);
    const all: string[] = [];
    for await (const { cursor } of client.all(Events, { first: 100 }, ({ events }) => events))
      all.push(cursor);
    expect(all.length).toBeGreaterThanOrEqual(50);
    await expect.poll(() => heard.length).toBeGreaterThanOrEqual(all.length);
    over.abort();
    await following;
    expect(heard.map(({ cursor }) => cursor)).toEqual(all);
    expect(fleet.fallen).toEqual([]);
  });
});
