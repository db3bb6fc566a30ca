import { createServer, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Demo, startDemo } from "../support/demo.ts";
import { mutationOf } from "../support/mutate.ts";
import { listen } from "../support/ports.ts";
import { asSuperuser } from "../support/postgres.ts";
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
/** Of the database in a write and in a job, and of what the graph makes of a row: each knows the canary. */
const FAULTS = [
  `create function fail_with_all() returns trigger language plpgsql as $$ begin
    raise exception 'no room for %', new.label using detail = new.label, hint = new.label; end $$`,
  `create trigger fails before insert on shelter for each row execute function fail_with_all()`,
  `create or replace function settle_handoffs(in_limit integer) returns integer language plpgsql as $$ begin
    raise exception 'no ${CANARY}' using detail = '${CANARY}', hint = '${CANARY}'; end $$`,
  "alter table shelter drop constraint a_shelter_is_of_a_known_kind",
  `update shelter set kind = '${CANARY}', assured_at = 'infinity' where label = 'Pomegranate'`,
];
interface Exported {
  readonly resourceSpans: {
    readonly scopeSpans: {
      readonly spans: {
        readonly name: string;
        readonly attributes: { readonly key: string; readonly value: { stringValue?: string } }[];
      }[];
    }[];
  }[];
}
/** The names of those that tell this. */
const spansWith = (key: string, value: string) =>
  spans
    .flatMap((body) => (JSON.parse(body) as Exported).resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans))
    .filter(({ attributes }) =>
      attributes.some((one) => one.key === key && one.value.stringValue === value),
    )
    .map(({ name }) => name);
let demo: Demo;
let api: ApiProcess;
beforeAll(async () => {
  demo = await startDemo();
  const collectorPort = await listen(collector);
  await asSuperuser(demo.database.superuserUrl, async (client) => {
    for (const statement of FAULTS) await client.query(statement);
  });
  api = await startApi({
    DATABASE_URL: demo.database.apiUrl,
    SEED: "none",
    METRICS_PORT: "0",
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collectorPort}`,
  });
});
afterAll(async () => {
  if (api) await endApi(api);
  collector.close();
  await demo?.stop();
});

const ask = (body: unknown, headers: Record<string, string> = {}) =>
  askAs("lantern", body, headers);
const tokens: string[] = [];
const askAs = async (
  organisation: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<string> => {
  const token = await demo.token(organisation, ["beds:read", "beds:manage"]);
  tokens.push(token);
  const authorization = `Bearer ${token}`;
  const response = await fetch(api.url, {
    method: "POST",
    headers: { authorization, "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return response.text();
};

it("requests, refusals, streams and jobs are counted and traced, and nothing that a caller wrote or a fault knows leaves", async () => {
  const search = `{ ${CANARY.replace("-", "_")}: viewer { scopes } }`;
  await ask({ query: search }, { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` });
  const shelter = {
    idempotencyKey: `${CANARY}-key`,
    label: CANARY,
    country: "AM",
    locality: "Yerevan",
    kind: "HOSTEL",
    features: [],
    beds: 1,
  };
  const write = mutationOf("createShelter");
  const faults = [
    await askAs("harbour", { query: write, variables: { input: shelter } }),
    await askAs("harbour", { query: "{ shelters { edges { node { kind } } } }" }),
    await askAs("harbour", { query: "{ shelters { edges { node { assuredAt } } } }" }),
  ];
  for (const fault of faults) {
    expect(JSON.parse(fault)).toMatchObject({
      errors: [{ message: "Internal error.", extensions: { code: "INTERNAL" } }],
    });
  }
  await expect.poll(() => api.log()).toMatch(/^job failed .*job=settle_handoffs/m);
  await expect
    .poll(() => api.log().match(/^request failed .*frames=.+/gm))
    .toHaveLength(faults.length);
  const answers = [
    ...faults,
    await ask({ query: "{ handoffs(box: OUTBOX) { edges { node { id } } } }" }),
    await ask(
      { query: "{ handoffs(box: OUTBOX) { edges { node { id } } } }" },
      { accept: "text/event-stream" },
    ),
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
  // By server-sent events, too.
  expect(text).toContain('wayhouse_operation_seconds_count{field="handoffs"} 2');
  expect(text).toMatch(/wayhouse_refusals_total\{code="BAD_USER_INPUT"\} [1-9]/);
  expect(text).toContain(`wayhouse_refusals_total{code="INTERNAL"} ${faults.length}`);
  expect(text).toMatch(/job="settle_handoffs",outcome="failure"\S* [1-9]/);
  expect(text).toContain('wayhouse_refusals_total{code="FORBIDDEN"} 2');
  expect(text).toContain('wayhouse_refusals_total{code="UNAUTHENTICATED"} 1');
  expect(text).toMatch(/wayhouse_job_lag_seconds\{job="settle_holds"\}/);
  // Of what has not happened yet as well: an alert sees the first.
  expect(text).toContain('wayhouse_refusals_total{code="RATE_LIMITED"} 0');
  expect(text).toContain(
    'wayhouse_job_seconds_count{job="sum_up_revocations",outcome="failure"} 0',
  );
  await stream.body!.cancel();
  await expect.poll(metrics).toContain("wayhouse_streams 0\n");

  process.kill(api.child.pid!, "SIGUSR1");
  expect(await endApi(api)).toBe(0);
  const traces = spans.join("\n");
  expect(traces).toContain('"graphql.field"');
  // Of a job's round trip, and of its run.
  expect(spansWith("error.type", "P0001")).toEqual(
    expect.arrayContaining(["database", "job settle_handoffs"]),
  );
  // The caller's span is the parent of ours.
  expect(traces).toContain("a".repeat(32));
  for (const written of [...answers, text, traces, api.log()]) {
    expect(written).not.toContain(CANARY);
    expect(written).not.toContain(CANARY.replace("-", "_"));
    for (const token of tokens) expect(written).not.toContain(token.split(".")[2]);
  }
  expect(api.log()).not.toContain("Debugger");
});
