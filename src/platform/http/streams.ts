import type { ServerResponse } from "node:http";
import type { ExecutionResult } from "graphql";
import type { Context } from "../graphql/builder.ts";
import { presentError } from "../graphql/errors.ts";
import type { Log } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { letGoUnlessTaken, STREAM_TYPE, tellCodes } from "./answers.ts";
import { measured, type Operation } from "./operation.ts";

/** A comment line keeps proxies from closing what is only quiet. */
const BEAT = ":\n\n";
const BEAT_MS = 15_000;
/** What a reader has not taken yet; past it, it is cut off. */
const MOST_BYTES = 256 * 1024;
/** Shorter than a revocation may take: what a reader lets lie here it shall not have afterwards. */
const SLOWEST_DRAIN_MS = 500;

/**
 * GraphQL over server-sent events, distinct connections mode: `next` for each result, then `complete`. The
 * same event under the same selection is executed once, however many streams it goes to.
 */
export function createStreams({ log, metrics }: { readonly log: Log; readonly metrics: Metrics }) {
  const executed = new WeakMap<object, Map<string, Promise<string>>>();
  const payloadOf = (event: object, operation: Operation, context: Context): Promise<string> => {
    let payloads = executed.get(event);
    if (!payloads) executed.set(event, (payloads = new Map()));
    let payload = payloads.get(operation.shape);
    if (!payload) {
      payload = operation.executeFor(event, context).then((result) => JSON.stringify(result));
      payloads.set(operation.shape, payload);
    }
    return payload;
  };

  return async function answerStream(
    response: ServerResponse,
    operation: Operation,
    context: Context,
  ): Promise<void> {
    response.setHeader("content-type", STREAM_TYPE);
    response.setHeader("cache-control", "no-store");
    response.setHeader("x-accel-buffering", "no");
    // One result may be as long as an answer may, and is read as an answer is.
    const isLasting = operation.type === "subscription";
    metrics.streamOpened();
    try {
      for await (const message of messagesOf(response, operation, context)) {
        if (response.write(message) || !isLasting) continue;
        if (response.writableLength > MOST_BYTES || !(await isDrained(response))) {
          return void response.destroy();
        }
      }
      response.end("event: complete\ndata:\n\n");
      letGoUnlessTaken(response, isLasting ? SLOWEST_DRAIN_MS : undefined);
    } finally {
      metrics.streamClosed();
    }
  };

  async function* messagesOf(
    response: ServerResponse,
    operation: Operation,
    context: Context,
  ): AsyncGenerator<string, void> {
    let beat: NodeJS.Timeout | undefined;
    const last = (result: ExecutionResult) => {
      tellCodes(response, result);
      return next(JSON.stringify(result));
    };
    try {
      if (operation.type !== "subscription")
        return yield last(await measured(operation, context, metrics));
      const source = await operation.subscribe(context);
      if (!(Symbol.asyncIterator in source)) return yield last(source);
      const events = source[Symbol.asyncIterator]();
      response.once("close", () => void events.return?.());
      if (response.destroyed) return void events.return?.();
      // Whoever reads this misses nothing of what happens from now on.
      yield BEAT;
      beat = setInterval(() => void response.write(BEAT), BEAT_MS);
      for (;;) {
        const { value, done } = await events.next();
        if (done) return;
        yield next(await payloadOf(value, operation, context));
      }
    } catch (error) {
      yield last({ errors: [presentError(error, log)] });
    } finally {
      clearInterval(beat);
    }
  }
}

const next = (payload: string) => `event: next\ndata: ${payload}\n\n`;

/** Leaves no listener behind: a stream may wait for its reader many times. */
function isDrained(response: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (outcome: boolean) => {
      clearTimeout(slow);
      response.off("drain", drained).off("close", closed);
      resolve(outcome);
    };
    const drained = () => end(true);
    const closed = () => end(false);
    const slow = setTimeout(closed, SLOWEST_DRAIN_MS);
    response.once("drain", drained).once("close", closed);
  });
}
