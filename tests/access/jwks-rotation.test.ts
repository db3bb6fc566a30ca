import { createServer, request, type ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Unavailable } from "../../src/kernel/errors.ts";
import { createJwksFetcher } from "../../src/platform/auth/jwks.ts";
import { listen } from "../support/ports.ts";

const URI = "https://provider.example/jwks";
const json = { "content-type": "application/jwk-set+json" };
/** To another protocol, which nobody asked for. */
const SWITCHING =
  "HTTP/1.1 101 Switching Protocols\r\nupgrade: other\r\nconnection: upgrade\r\n\r\n";
let requests = 0;
let respond: (response: ServerResponse) => void;
let port: number;
const server = createServer((_, response) => {
  requests++;
  respond(response);
});
const publish = (...kids: string[]) => {
  respond = (response) =>
    response.writeHead(200, json).end(JSON.stringify({ keys: kids.map((kid) => ({ kid })) }));
};

beforeAll(async () => {
  port = await listen(server);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  requests = 0;
});

/** The issuer's host, as far as the fetcher can tell: a public address, dialled without TLS. */
function fetcherAt(clock: { now: number }, timeoutMs = 60_000) {
  return createJwksFetcher({
    now: () => clock.now,
    timeoutMs,
    lookup: async () => [{ address: "93.184.216.34", family: 4 }],
    request: ({ path, signal }, answered) =>
      request({ host: "127.0.0.1", port, path, signal }, answered),
  });
}

describe("the keys of an issuer", () => {
  it("are asked for once in five minutes, however many ask at once", async () => {
    publish("a");
    const clock = { now: 0 };
    const fetcher = fetcherAt(clock);
    const sets = await Promise.all(Array.from({ length: 5 }, () => fetcher(URI, "a")));
    expect(sets.every((keys) => keys[0]!["kid"] === "a")).toBe(true);
    clock.now = 299_999;
    await fetcher(URI, "a");
    await fetcher(URI);
    expect(requests).toBe(1);
    clock.now = 300_000;
    await fetcher(URI, "a");
    expect(requests).toBe(2);
  });

  it("are asked for again when a token names a new one, and an invented one costs a request in 30 s", async () => {
    publish("a");
    const clock = { now: 0 };
    const fetcher = fetcherAt(clock);
    await fetcher(URI, "a");
    publish("a", "b");
    expect(await fetcher(URI, "b")).toEqual([{ kid: "a" }, { kid: "b" }]);
    expect(requests).toBe(2);
    for (let tokens = 0; tokens < 10; tokens++) await fetcher(URI, `invented-${tokens}`);
    expect(requests).toBe(2);
    clock.now = 29_999;
    await fetcher(URI, "invented");
    expect(requests).toBe(2);
    clock.now = 30_000;
    await Promise.all(Array.from({ length: 5 }, (_, nth) => fetcher(URI, `invented-${nth}`)));
    await fetcher(URI, "invented");
    expect(requests).toBe(3);
  });

  it("are asked for again by who names a new one while they are on their way", async () => {
    publish("a");
    const fetcher = fetcherAt({ now: 0 });
    const first = fetcher(URI, "a").then(() => publish("a", "b"));
    for (const keys of await Promise.all(["b", "c", "b"].map((kid) => fetcher(URI, kid))))
      expect(keys).toContainEqual({ kid: "b" });
    await first;
    expect(requests).toBe(2);
  });

  it("that were withdrawn are not served once they are stale, though the host is down", async () => {
    publish("a");
    const clock = { now: 0 };
    const fetcher = fetcherAt(clock);
    await fetcher(URI, "a");
    respond = (response) => response.writeHead(503).end();
    clock.now = 300_001;
    await expect(fetcher(URI, "a")).rejects.toThrow(Unavailable);
    await expect(fetcher(URI, "a")).rejects.toThrow(Unavailable);
    expect(requests).toBe(2);
    publish("c");
    clock.now = 330_002;
    expect(await fetcher(URI, "c")).toEqual([{ kid: "c" }]);
  });

  it("are not waited for without end", async () => {
    respond = () => {};
    await expect(fetcherAt({ now: 0 }, 100)(URI)).rejects.toThrow(Unavailable);
    respond = (response) => void response.writeHead(200, json).write('{"keys":[');
    await expect(fetcherAt({ now: 0 }, 300)(URI)).rejects.toThrow(Unavailable);
    respond = ({ socket }) => void socket!.write(SWITCHING);
    await expect(fetcherAt({ now: 0 }, 300)(URI)).rejects.toThrow(Unavailable);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["from elsewhere", (to) => to.writeHead(302, { location: "https://127.0.0.1/" }).end()],
    ["as a page", (to) => to.writeHead(200, { "content-type": "text/html" }).end("{}")],
    [
      "compressed, unasked",
      (to) => to.writeHead(200, { ...json, "content-encoding": "gzip" }).end("{}"),
    ],
    ["that are not JSON", (to) => to.writeHead(200, json).end("{")],
    ["that are no set", (to) => to.writeHead(200, json).end('{"keys":{}}')],
    [
      "that are more than 64",
      (to) => to.writeHead(200, json).end(JSON.stringify({ keys: Array(65).fill({}) })),
    ],
    ["larger than 64 KiB", (to) => to.writeHead(200, json).end(" ".repeat(70_000))],
  ])("are not taken %s", async (_, answer) => {
    respond = answer;
    const refusal = await fetcherAt({ now: 0 })(URI).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Error);
    expect(refusal).not.toBeInstanceOf(Unavailable);
  });
});
