import type { AccessTokens } from "./access-token.ts";
import { openConnection, textOf } from "./connection.ts";
import { type Answer, answerOf, CallFailed, failureOf } from "./failure.ts";
import type { Operation } from "./operations.ts";
import { pause, pauseAfter } from "./pause.ts";

/** The body of a POST (GraphQL over HTTP). */
export interface GraphQLRequest {
  readonly query?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly [member: string]: unknown;
}
export interface Reply {
  readonly response: Response;
  readonly text: string;
  readonly answer: Answer;
}
export interface Line {
  readonly url: URL;
  readonly tokens: AccessTokens;
  readonly fetch: typeof fetch;
  /** How long one call is tried again, in milliseconds. */
  readonly patienceMs: number;
}
export interface CallOptions {
  readonly signal?: AbortSignal;
}
/** For the head of an answer, and for the rest: the API gives up by itself after 20 seconds. */
const ATTEMPT_MS = 30_000;

/** The same with an idempotency key, where the input of a mutation lacks one. */
export function withKey(request: GraphQLRequest): GraphQLRequest {
  const { query, variables } = request;
  const input = inputOf(request);
  if (!isMutation(query) || !input || input.idempotencyKey !== undefined) return request;
  const keyed = { ...input, idempotencyKey: crypto.randomUUID() };
  return { ...request, variables: { ...variables, input: keyed } };
}

function inputOf({ variables }: GraphQLRequest): { readonly idempotencyKey?: unknown } | null {
  const input = variables?.["input"];
  return typeof input === "object" && input !== null ? input : null;
}

/** The failure of a request, with what calls it again. */
export function failed(request: GraphQLRequest, failure: CallFailed): CallFailed {
  const key = isMutation(request.query) ? inputOf(request)?.idempotencyKey : null;
  failure.idempotencyKey = typeof key === "string" ? key : null;
  return failure;
}

/** See Client.run. */
export async function call<Result, V>(
  line: Line,
  query: Operation<Result, V>,
  variables: object | undefined,
  { signal }: CallOptions = {},
): Promise<Result> {
  const request = withKey({ query, variables: { ...variables } });
  const { answer } = await exchange(line, request, signal);
  const failure = failureOf(answer);
  if (failure) throw failed(request, failure);
  if (typeof answer.data === "object" && answer.data !== null) return answer.data as Result;
  throw failed(request, new CallFailed("PROTOCOL", "The answer holds no data."));
}

/**
 * Sends a request until it is answered, the same to the byte and so under the same idempotency key: an
 * answer that is lost on the way has had one effect. @throws CallFailed, the signal's reason
 */
export async function exchange(
  line: Line,
  request: GraphQLRequest,
  signal?: AbortSignal,
): Promise<Reply> {
  const body = JSON.stringify(request);
  const canRepeat = !isMutation(request.query) || body.includes("idempotencyKey");
  const giveUpAt = Date.now() + line.patienceMs;
  let renewed = false;
  for (let attempts = 1; ; attempts++) {
    const outcome = await attempt(line, body, signal);
    const failure = outcome instanceof CallFailed ? outcome : failureOf(outcome.answer);
    if (failure?.code === "UNAUTHENTICATED" && !renewed) {
      // The clock of this machine may have jumped since the token was signed.
      line.tokens.discard();
      renewed = true;
      continue;
    }
    if (failure?.isPassing && canRepeat) {
      const left = giveUpAt - Date.now();
      if (left > (failure.retryAfterSeconds ?? 0) * 1_000) {
        // The last attempt is made when patience ends, not where a long pause was drawn before it.
        await pause(Math.min(pauseAfter(attempts, failure.retryAfterSeconds), left), signal);
        continue;
      }
    }
    if (outcome instanceof CallFailed) throw failed(request, outcome);
    return outcome;
  }
}

async function attempt(
  line: Line,
  body: string,
  signal?: AbortSignal,
): Promise<Reply | CallFailed> {
  const connection = openConnection(signal);
  const { within, signal: ends } = connection;
  let isSigned = false;
  try {
    const headers = await within(ATTEMPT_MS, headersOf(line, "application/json"));
    isSigned = true;
    const init = { method: "POST", headers, body, signal: ends, redirect: "error" } as const;
    const response = await within(ATTEMPT_MS, line.fetch(line.url, init));
    const text = await within(ATTEMPT_MS, textOf(response));
    const answer = answerOf(text);
    return text !== null && answer ? { response, text, answer } : unreadable(response);
  } catch (cause) {
    signal?.throwIfAborted();
    // Without a token there is no call: its source's own word.
    if (!isSigned) throw cause;
    return new CallFailed("NETWORK", "No answer came.", { cause });
  } finally {
    connection.close();
  }
}

/** A proxy's word, not the API's. */
export function unreadable({ status, headers }: Response): CallFailed {
  const after = /^\d{1,6}$/.exec(headers.get("retry-after") ?? "")?.[0];
  const details = after === undefined ? {} : { retryAfterSeconds: Number(after) };
  if (status === 429) return new CallFailed("RATE_LIMITED", "Too many requests.", details);
  if (status >= 500) return new CallFailed("UNAVAILABLE", `A status of ${status} came.`, details);
  return new CallFailed("PROTOCOL", `What came is no GraphQL response (status ${status}).`);
}

export async function headersOf(line: Line, accept: string): Promise<Record<string, string>> {
  const presented = await line.tokens.headersFor(await line.tokens.current(), line.url);
  return { ...presented, accept, "content-type": "application/json" };
}

/** Rather once too often: what is taken for a mutation is sent once if it has no key. */
const isMutation = (query: string | undefined) => query === undefined || /\bmutation\b/.test(query);
