import { createAccessTokens, type Credentials, type TokenSource } from "./access-token.ts";
import {
  call,
  type CallOptions,
  exchange,
  type GraphQLRequest,
  headersOf,
  type Line,
  withKey,
} from "./calls.ts";
import { isPrivate } from "./connection.ts";
import { followEvents, type FollowOptions, type NetworkEvent, subscribe } from "./events.ts";
import type { Operation } from "./operations.ts";
import { nodesOf, type Page } from "./pages.ts";

export interface ClientOptions {
  /** Of the API, `…/graphql`: https, or http on this machine. */
  readonly url: string | URL;
  readonly credentials: Credentials | TokenSource;
  /** How long a call is tried again while the API cannot answer; 30,000 ms unless given, 0 for once. */
  readonly patienceMs?: number;
  readonly fetch?: typeof fetch;
}
/** `variables` as the operation has them; an idempotency key is drawn where none is given. */
export type Variables<V> = V extends { readonly input: infer Input }
  ? Omit<V, "input"> & { readonly input: Keyless<Input> }
  : V;
type Keyless<Input> = Input extends { readonly idempotencyKey: string }
  ? Omit<Input, "idempotencyKey"> & { readonly idempotencyKey?: string }
  : Input;

export interface Client {
  /**
   * One operation, tried again while that is safe and may help. A mutation keeps its idempotency key, so it
   * has one effect: what fails all the same tells it, for the next call. Give your own where it must outlive
   * this process.
   * @throws CallFailed, the signal's reason
   */
  run<Result, V>(
    operation: Operation<Result, V>,
    ...rest: Record<string, never> extends Variables<V>
      ? [variables?: Variables<V>, options?: CallOptions]
      : [variables: Variables<V>, options?: CallOptions]
  ): Promise<Result>;
  /** Every node of a list, page after page. @throws as run */
  all<Result, V extends { readonly after?: string | null | undefined }, Node>(
    operation: Operation<Result, V>,
    variables: Omit<V, "after">,
    connectionOf: (result: Result) => Page<Node>,
    options?: CallOptions,
  ): AsyncGenerator<Node, void, void>;
  /**
   * Each event once and in order, across lost connections, renewed tokens and restarts of the API. It ends
   * by its signal or an error alone: UNAUTHENTICATED when this client is out, BAD_USER_INPUT when what
   * followed the cursor is no longer kept, its token source's own. Keep the cursor of the last event that you have dealt with.
   * @throws CallFailed, the signal's reason
   */
  events(options?: FollowOptions): AsyncGenerator<NetworkEvent, never, void>;
  /** For other GraphQL clients, their subscriptions by server-sent events too: signs and renews the token, draws keys, tries again, as `run` does. */
  readonly fetch: typeof fetch;
}

/** @throws TypeError for a url on which a token would travel in clear */
export function createClient(options: ClientOptions): Client {
  const line: Line = {
    url: checked(new URL(options.url)),
    tokens: createAccessTokens(options.credentials),
    fetch: options.fetch ?? ((...args) => fetch(...args)),
    patienceMs: options.patienceMs ?? 30_000,
  };

  return {
    run: (operation, ...[variables, called]) => call(line, operation, variables as object, called),
    all: (operation, variables, connectionOf, called) =>
      nodesOf(line, operation, variables, connectionOf, called),
    async fetch(input, init) {
      const body = init?.body;
      const url = new URL(input instanceof Request ? input.url : input, line.url);
      if (url.href !== line.url.href || typeof body !== "string") {
        throw new TypeError(
          "This fetch sends GraphQL requests as text to the API and nothing else.",
        );
      }
      const request = withKey(JSON.parse(body) as GraphQLRequest);
      const accept = new Headers(init?.headers).get("accept");
      if (accept?.startsWith("text/event-stream")) {
        const headers = await headersOf(line, "text/event-stream");
        return subscribe(line, headers, request, init?.signal ?? null);
      }
      const { response, text } = await exchange(line, request, init?.signal ?? undefined);
      const { status, headers } = response;
      return new Response(text, { status, headers });
    },
    events: (followed = {}) => followEvents(line, followed),
  };
}

function checked(url: URL): URL {
  if (isPrivate(url)) return url;
  throw new TypeError("The url must be https, or http on this machine.");
}
