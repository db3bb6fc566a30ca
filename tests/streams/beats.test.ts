import type { ServerResponse } from "node:http";
import { PassThrough } from "node:stream";
import { afterEach, expect, it, vi } from "vitest";
import type { Context } from "../../src/platform/graphql/builder.ts";
import { createOperations, type Operation } from "../../src/platform/http/operation.ts";
import { createStreams } from "../../src/platform/http/streams.ts";
import { createMetrics } from "../../src/platform/telemetry/metrics.ts";
import { createQueue } from "../../src/platform/streams/queue.ts";
import { buildSchema } from "../../src/schema.ts";

afterEach(() => void vi.useRealTimers());

it("a stream is not heard of before it has begun, for who hears it believes to miss nothing, and beats until its end", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  let begin!: () => void;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const source = createQueue<object>(1, () => {});
  const subscribe = () => begun.then(() => source);
  const operation = { type: "subscription", subscribe } as unknown as Operation;
  const response = Object.assign(new PassThrough(), { setHeader() {} });
  const heard = () => (response.read() as Buffer | null)?.toString() ?? "";
  const answer = createStreams({ log: () => {}, metrics: createMetrics() });
  const answered = answer(response as unknown as ServerResponse, operation, {} as Context);

  await vi.advanceTimersByTimeAsync(60_000);
  expect(heard()).toBe("");
  begin();
  await vi.waitFor(() => expect(heard()).toBe(":\n\n"), 30_000);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(heard()).toBe(":\n\n:\n\n");
  source.end();
  await answered;
  expect(heard()).toBe("event: complete\ndata:\n\n");
  expect(vi.getTimerCount()).toBe(0);
});

it("an event is executed once for all who asked the same of it, and told to nobody who asked other things", async () => {
  const answer = createStreams({ log: () => {}, metrics: createMetrics() });
  const event = {};
  let executions = 0;
  const told = ["one", "other", "one"].map(async (shape) => {
    const source = createQueue<object>(1, () => {});
    const executeFor = async () => ({ data: { shape, nth: ++executions } });
    const operation = { type: "subscription", shape, executeFor, subscribe: async () => source };
    const response = Object.assign(new PassThrough(), { setHeader() {} });
    const answered = answer(
      response as unknown as ServerResponse,
      operation as unknown as Operation,
      {} as Context,
    );
    source.push(event);
    let heard = "";
    response.on("data", (chunk: Buffer) => (heard += chunk.toString()));
    await vi.waitFor(() => expect(heard).toContain("data: "), 30_000);
    source.end();
    await answered;
    return /"shape":"(.*?)"/.exec(heard)?.[1];
  });
  expect(await Promise.all(told)).toEqual(["one", "other", "one"]);
  expect(executions).toBe(2);
});

it("two subscriptions ask the same of an event by their document, its operation and what its directives read, and whatever they follow after", () => {
  const query = ["one", "other"]
    .map(
      (name) => `subscription ${name} ($after: String, $at: Boolean!)
      { events(after: $after) { kind at @include(if: $at) } }`,
    )
    .join(" ");
  const schema = buildSchema();
  const prepare = createOperations({ schema, documents: null, introspection: true, log: () => {} });
  const shapeOf = (change: object = {}) => {
    const asked = { query, hash: null, operationName: "one", variables: { at: true }, ...change };
    const prepared = prepare(asked, () => {});
    if (!("shape" in prepared)) throw new Error(JSON.stringify(prepared));
    return prepared.shape;
  };
  expect(shapeOf({ variables: { at: true, after: "x" } })).toBe(shapeOf());
  for (const other of [
    { variables: { at: false } },
    { operationName: "other" },
    { query: query.replaceAll("kind", "subjectId") },
  ])
    expect(shapeOf(other)).not.toBe(shapeOf());
});
