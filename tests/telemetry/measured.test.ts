import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Demo, startDemo } from "../support/demo.ts";
import { type ApiProcess, endApi, startApi } from "../support/processes.ts";

const CANARY = "canary-3f1d";
const spans: string[] = [];
const collector = createServer((request: IncomingMessage, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    spans.push(body);
    response.setHeader("content-type", "application/json").end("{}");
  });
});
let demo: Demo;
let api: ApiProcess;
beforeAll(async () => {
  demo = await startDemo();
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
  api = await startApi({
    DATABASE_URL: demo.database.apiUrl,
    SEED: "none",
    METRICS_PORT: "0",
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
  });
});
afterAll(async () => {
  if (api) await endApi(api);
  collector.close();
  await demo?.stop();
});

const ask = async (body: unknown, headers: Record<string, string> = {}) => {
  const authorization = `Bearer ${await demo.token("lantern", ["beds:read"])}`;
  const response = await fetch(api.url, {
    method: "POST",
    headers: { authorization, "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return response.text();
};

it("requests, refusals, streams and jobs are counted and traced, and nothing that a caller wrote leaves", async () => {
  const search = `{ ${CANARY.replace("-", "_")}: viewer { scopes } }`;
  await ask({ query: search }, { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` });
  const answers = [
    await ask({ query: "{ handoffs(side: SENDER) { edges { node { id } } } }" }),
    await ask({ query: "query ($id: ID!) { node(id: $id) { id } }", variables: { id: [CANARY] } }),
    await ask(`{ "${CANARY}`),
    await ask({ query: search }, { authorization: `Bearer ${CANARY}` }),
  ];
  const stream = await fetch(api.url, {
    method: "POST",
    headers: {
      authorization: `Bearer ${await demo.token("lantern", [])}`,
      accept: "text/event-stream",
      "content-type": "application/json",
    },
    body: JSON.stringify({ query: "subscription { events { kind } }" }),
  });
  const metrics = async () => (await fetch(`${api.operations()}/metrics`)).text();
  await expect.poll(metrics).toContain("wayhouse_streams 1\n");
  const text = await metrics();
  expect(text).toContain('wayhouse_operation_seconds_count{field="viewer"} 1');
  expect(text).toMatch(/wayhouse_refusals_total\{code="BAD_USER_INPUT"\} [1-9]/);
  expect(text).toContain('wayhouse_refusals_total{code="UNAUTHENTICATED"} 1');
  expect(text).toMatch(/wayhouse_job_lag_seconds\{job="settle_holds"\}/);
  await stream.body!.cancel();
  await expect.poll(metrics).toContain("wayhouse_streams 0\n");

  process.kill(api.child.pid!, "SIGUSR1");
  expect(await endApi(api)).toBe(0);
  const traces = spans.join("\n");
  expect(traces).toContain('"graphql.field"');
  // The caller's span is the parent of ours.
  expect(traces).toContain("a".repeat(32));
  for (const written of [...answers, text, traces, api.log()]) {
    expect(written).not.toContain(CANARY);
    expect(written).not.toContain(CANARY.replace("-", "_"));
  }
  expect(api.log()).not.toContain("Debugger");
});
