import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { buildSchema } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHttpServer } from "../../src/platform/http/server.ts";
import { createMetrics } from "../../src/platform/telemetry/metrics.ts";
import { NO_TRACING } from "../../src/platform/telemetry/tracing.ts";
import { serveGraph } from "../support/ports.ts";
import { openRaw, statusesOf } from "../support/raw.ts";

let server: Server;
let url: string;
beforeAll(async () => {
  server = createHttpServer({
    schema: buildSchema("type Query { a: Int }"),
    documents: null,
    introspection: true,
    graphiql: false,
    admit: () => Promise.reject(new Error("admitted")),
    whyNotReady: () => new Promise(() => {}),
    log: () => {},
    metrics: createMetrics(),
    tracing: NO_TRACING,
  });
  url = await serveGraph(server);
});
afterAll(() => void server.close());

const ask = "GET /health/live HTTP/1.1\r\nhost: node.example\r\n";
async function sent(count: number): Promise<number[]> {
  const raw = await openRaw(url);
  raw.send(`${ask}\r\n`.repeat(count - 1) + `${ask}connection: close\r\n\r\n`);
  return statusesOf(await raw.answer.catch(() => ""));
}

describe("requests that one connection sends before the first is answered", () => {
  it("are answered, a hundred of them", async () => {
    expect(await sent(100)).toEqual(Array.from({ length: 100 }, () => 200));
  });

  it("close it where they are more: nobody else would be heard meanwhile", async () => {
    expect((await sent(1_000)).length).toBeLessThan(100);
    expect(await sent(1)).toEqual([200]);
  });

  it("are over with it, those too that nothing was written of", async () => {
    const closed: (string | undefined)[] = [];
    const asked = new Promise<IncomingMessage>((resolve) => {
      server.on("request", (request: IncomingMessage, response: ServerResponse) => {
        response.once("close", () => closed.push(request.url));
        if (request.url === "/health/ready?3") resolve(request);
      });
    });
    const raw = await openRaw(url);
    const [path, rest] = ["GET /health/ready?", " HTTP/1.1\r\nhost: node.example\r\n\r\n"];
    raw.send([1, 2, 3].map((nth) => `${path}${nth}${rest}`).join(""));
    const { socket } = await asked;
    raw.close();
    await expect(raw.answer).rejects.toThrow(/./);
    await once(socket, "close");
    await new Promise(setImmediate);
    expect(closed).toEqual(["/health/ready?1", "/health/ready?2", "/health/ready?3"]);
  });
});
