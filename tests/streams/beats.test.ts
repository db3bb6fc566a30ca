import type { ServerResponse } from "node:http";
import { PassThrough } from "node:stream";
import { afterEach, expect, it, vi } from "vitest";
import type { Context } from "../../src/platform/graphql/builder.ts";
import type { Operation } from "../../src/platform/http/operation.ts";
import { createStreams } from "../../src/platform/http/streams.ts";
import { createMetrics } from "../../src/platform/telemetry/metrics.ts";
import { createQueue } from "../../src/platform/streams/queue.ts";

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
