import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { buildSchema } from "graphql";
import { expect, it } from "vitest";
import { createHttpServer } from "../../src/platform/http/server.ts";
import { createMetrics } from "../../src/platform/telemetry/metrics.ts";
import { NO_TRACING } from "../../src/platform/telemetry/tracing.ts";
import { serveGraph } from "../support/ports.ts";
import { openRaw, postOf } from "../support/raw.ts";

it("a caller that goes away when all of its body was sent, before it is known, is no fault of ours", async () => {
  const logged: string[] = [];
  let isKnown!: () => void;
  const known = new Promise<void>((resolve) => (isKnown = resolve));
  const server = createHttpServer({
    schema: buildSchema("type Query { a: Int }"),
    documents: null,
    introspection: true,
    graphiql: false,
    admit: () => known.then(() => ({ more() {}, open: () => Promise.reject(new Error("opened")) })),
    whyNotReady: async () => null,
    log: (event) => void logged.push(event),
    metrics: createMetrics(),
    tracing: NO_TRACING,
  });
  const url = await serveGraph(server);
  const asked = once(server, "request");
  const raw = await openRaw(url);
  raw.send(postOf({ authorization: "Bearer x" }, { query: "{ a }" }));
  const [request, response] = (await asked) as [IncomingMessage, ServerResponse];
  raw.close();
  await expect(raw.answer).rejects.toThrow(/./);
  await once(response, "close");
  expect([request.complete, request.destroyed]).toEqual([true, true]);
  isKnown();
  await new Promise(setImmediate);
  expect(logged).toEqual([]);
  server.close();
});
