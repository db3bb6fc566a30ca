import { createParser } from "eventsource-parser";
import { type GraphQLRequest, headersOf, type Line, unreadable } from "./calls.ts";
import { openConnection, textOf } from "./connection.ts";
import { type Answer, answerOf, CallFailed, failureOf } from "./failure.ts";
import {
  type EventKind,
  Events,
  FollowEvents,
  type FollowEventsSubscription,
} from "./operations.ts";
import { nodesOf } from "./pages.ts";
import { pause, pauseAfter } from "./pause.ts";

export type NetworkEvent = FollowEventsSubscription["events"];
export interface FollowOptions {
  /** The cursor of the last event that was dealt with; null: from the oldest that is kept, 30 days. */
  readonly after?: string | null;
  /** Every kind unless given. */
  readonly kinds?: readonly EventKind[];
  readonly signal?: AbortSignal;
}

/** The API writes every 15 seconds, if only that it is there. */
const SILENCE_MS = 40_000;
/** Of one event, a thousand times what it needs. */
const MOST_CHARACTERS = 1024 * 1024;
/** However long a proxy asks to stay away: whoever follows must not be deaf for a day. */
const MOST_WAIT_S = 60;
/** A stream that lived for longer did not end for what ended the one before. */
const STEADY_MS = 10_000;

/** See Client.events. */
export async function* followEvents(
  line: Line,
  { after = null, kinds, signal }: FollowOptions,
): AsyncGenerator<NetworkEvent, never, void> {
  const ofKinds = kinds ? { kinds } : {};
  let cursor = after;
  let attempts = 0;
  let isRenewed = false;
  for (;;) {
    const openedAt = Date.now();
    let retryAfterSeconds = 0;
    try {
      for await (const answer of resultsOf(line, { ...ofKinds, after: cursor }, signal)) {
        if (answer !== "BEGUN") {
          const event = eventOf(answer);
          yield event;
          ({ cursor } = event);
          attempts = 0;
          continue;
        }
        isRenewed = false;
        if (cursor !== null) continue;
        // Nothing happens between this list and this stream: with an empty one, the stream misses nothing.
        const variables = { ...ofKinds, first: 100 };
        const called = signal ? { signal } : {};
        const kept = nodesOf(line, Events, variables, ({ events }) => events, called);
        for await (const event of kept) {
          yield checked(event);
          ({ cursor } = event);
        }
        if (cursor !== null) break;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof CallFailed)) throw error;
      if (error.code === "UNAUTHENTICATED" && !isRenewed) {
        // Streams end with their token, too.
        line.tokens.discard();
        isRenewed = true;
      } else if (!error.isPassing && error.code !== "LIMIT_EXCEEDED") throw error;
      retryAfterSeconds = Math.min(error.retryAfterSeconds ?? 0, MOST_WAIT_S);
    }
    attempts = Date.now() - openedAt > STEADY_MS ? 1 : attempts + 1;
    await pause(pauseAfter(attempts, retryAfterSeconds), signal);
  }
}

/** GraphQL over server-sent events, distinct connections mode. @throws CallFailed, the signal's reason */
async function* resultsOf(
  line: Line,
  variables: Readonly<Record<string, unknown>>,
  signal?: AbortSignal,
): AsyncGenerator<Answer | "BEGUN", void, void> {
  const connection = openConnection(signal);
  const heard = <T>(coming: Promise<T>) => connection.within(SILENCE_MS, coming);
  let unsigned: { readonly cause: unknown } | undefined;
  try {
    const signing = headersOf(line, "text/event-stream").catch((cause: unknown) => {
      unsigned = { cause };
      throw cause;
    });
    const headers = await heard(signing);
    const request = { query: FollowEvents, variables };
    const response = await heard(subscribe(line, headers, request, connection.signal));
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
      const answer = answerOf(await heard(textOf(response)));
      throw (answer && failureOf(answer)) ?? unreadable(response);
    }
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const messages: { readonly event?: string | undefined; readonly data: string }[] = [];
    const parser = createParser({
      onEvent: (message) => void messages.push(message),
      maxBufferSize: MOST_CHARACTERS,
    });
    for (let isFirst = true; ; isFirst = false) {
      const { value, done } = await heard(reader.read());
      if (done) return;
      if (isFirst) yield "BEGUN";
      parser.feed(value);
      for (const { event, data } of messages.splice(0)) {
        if (event === "complete") return;
        if (event === "next") yield answerOf(data) ?? {};
      }
    }
  } catch (cause) {
    signal?.throwIfAborted();
    // Without a token there is no stream, however often one is asked for: as of a call, its source's own word.
    if (unsigned) throw unsigned.cause;
    if (cause instanceof CallFailed) throw cause;
    throw new CallFailed("NETWORK", "The connection was lost.", { cause });
  } finally {
    connection.close();
  }
}

/** The response as it comes, for one subscription. @throws what fetch throws */
export async function subscribe(
  line: Line,
  headers: Readonly<Record<string, string>>,
  request: GraphQLRequest,
  signal: AbortSignal | null,
): Promise<Response> {
  const body = JSON.stringify(request);
  return line.fetch(line.url, { method: "POST", headers, body, signal, redirect: "error" });
}

function eventOf(answer: Answer): NetworkEvent {
  const failure = failureOf(answer);
  if (failure) throw failure;
  const { events } = Object(answer.data) as Partial<FollowEventsSubscription>;
  return checked(events);
}

/** What is done next is by its cursor, and by what it names. @throws CallFailed */
function checked(event: unknown): NetworkEvent {
  const { cursor, kind, subjectId } = Object(event) as Record<string, unknown>;
  const isEvent = [cursor, kind, subjectId].every((one) => typeof one === "string");
  if (isEvent) return event as NetworkEvent;
  throw new CallFailed("PROTOCOL", "What came is no event.");
}
