import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type GraphQLSchema, OperationTypeNode } from "graphql";
import { RateLimited, Unauthenticated, WayhouseError } from "../../kernel/errors.ts";
import type { Context } from "../graphql/builder.ts";
import {
  acceptedType,
  answerJson,
  JSON_TYPE,
  codesOf,
  problem,
  refuse,
  RESPONSE_TYPE,
  STREAM_TYPE,
  tellCodes,
} from "./answers.ts";
import { NO_TRACING, type Tell, type Tracing } from "../telemetry/tracing.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { faultOf, type Log } from "../telemetry/log.ts";
import { LostBody, OverlongBody, passOver, readJson, SlowBody } from "./body.ts";
import type { Registry } from "./documents.ts";
import { createOperations, measured } from "./operation.ts";
import { isHeard } from "./pipelines.ts";
import { type OperationRequest, readRequest } from "./request.ts";
import { createStreams } from "./streams.ts";
import { challenge, readCredentials, valuesOf } from "./credentials.ts";
import type { Credentials } from "../auth/dpop.ts";
import type { Counted } from "../limits/gate.ts";

interface ServerOptions {
  readonly schema: GraphQLSchema;
  /** Null: any document is answered. */
  readonly documents: Registry | null;
  /** False: also callers with a valid token are told nothing of the schema. */
  readonly introspection: boolean;
  /** Who calls, as far as that is known without the database. @throws RateLimited, Unauthenticated, InvalidProof, Unavailable */
  readonly admit: (credentials: Credentials) => Promise<Entry>;
  /** Null: calls may be sent. */
  readonly whyNotReady: () => Promise<string | null>;
  /** Serves GraphiQL to a browser that opens /graphql: for development only. */
  readonly graphiql: boolean;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
}

/** Of one request whose token is good. */
export interface Entry extends Pick<Counted, "more"> {
  /** `isBelieved`: without asking, if its first statement asks. @throws Unauthenticated, InvalidProof, Unavailable */
  readonly open: (isBelieved: boolean) => Promise<Context>;
}

/** POST /graphql with a token, borne or bound (RFC 6750, RFC 9449; GraphQL over HTTP, GraphQL over SSE), and two health checks. */
export function createHttpServer(options: ServerOptions): Server {
  const prepare = createOperations(options);
  const answerStream = createStreams(options);

  return createServer((request, response) => {
    if (!isHeard(request, response)) return;
    const traced = request.url?.startsWith("/graphql") ? options.tracing : NO_TRACING;
    const { traceparent } = request.headers;
    const work = (tell: Tell) =>
      answer(request, response, tell).finally(() => {
        const [code] = codesOf(response);
        tell({ status: response.statusCode, ...(code !== undefined && { code }) });
      });
    traced.span("request", String(traceparent ?? ""), work).catch((error: unknown) => {
      options.log("request_failed", faultOf(error));
      if (!response.headersSent) refuse(response, 500, "INTERNAL", "Internal error.");
      else response.destroy();
    });
  });

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    tell: Tell,
  ): Promise<void> {
    const path = request.url?.split("?")[0];
    if (path === "/health/live") return health(response, null);
    if (path === "/health/ready") return health(response, await options.whyNotReady());
    if (path !== "/graphql") return problem(response, 404, "Only /graphql is served.");
    if (options.graphiql && request.method === "GET" && acceptsHtml(request)) {
      return answerJson(response, 200, "text/html; charset=utf-8", await graphiql());
    }
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      return refuse(response, 405, "BAD_USER_INPUT", "Only POST is served here.");
    }
    if (ONCE.some((name) => valuesOf(request, name).length > 1)) {
      return refuse(response, 400, "BAD_USER_INPUT", "A header stands twice.");
    }
    const type = acceptedType(request);
    if (type === null) {
      const message =
        "Accept application/graphql-response+json, application/json or text/event-stream.";
      return refuse(response, 406, "BAD_USER_INPUT", message);
    }
    if (!isJson(request)) {
      return refuse(response, 415, "BAD_USER_INPUT", "The body must be application/json in UTF-8.");
    }
    // Of whom nobody knows no body is kept.
    const entry = await unlessRefused(async () => options.admit(readCredentials(request)));
    const params = entry && (await readParams(request, response));
    const context = params && (await unlessRefused(() => entry.open(type !== STREAM_TYPE)));
    if (!params || !context) return;

    const operation = await unlessRefused(async () => prepare(params, entry.more));
    if (!operation) return;
    if (!("execute" in operation)) {
      if (!(await unlessRefused(() => admitted(context)))) return;
      tellCodes(response, operation);
      return answerJson(
        response,
        type === JSON_TYPE ? 200 : 400,
        type === STREAM_TYPE ? RESPONSE_TYPE : type,
        JSON.stringify(operation),
      );
    }
    tell({ field: operation.field });
    if (type === STREAM_TYPE) return answerStream(response, operation, context);
    if (operation.type === OperationTypeNode.SUBSCRIPTION) {
      if (!(await unlessRefused(() => admitted(context)))) return;
      const message = "A subscription is answered as text/event-stream: accept it.";
      return refuse(response, 406, "BAD_USER_INPUT", message);
    }
    const result = await unlessRefused(() => measured(operation, context, options.metrics));
    if (!result) return;
    tellCodes(response, result);
    const wait = result.errors?.find(({ extensions }) => extensions["code"] === "RATE_LIMITED");
    if (wait) response.setHeader("retry-after", Number(wait.extensions["retryAfterSeconds"]));
    const status = type === RESPONSE_TYPE && result.data === undefined ? 400 : 200;
    answerJson(response, status, type, JSON.stringify(result));

    async function unlessRefused<R>(work: () => Promise<R>): Promise<R | null> {
      try {
        return await work();
      } catch (error) {
        return refuseKnown(request, response, error);
      }
    }
  }
}

/** Asked where nothing was executed that would have asked. @throws as `confirm` and `anew` */
async function admitted({ session }: Context): Promise<true> {
  if (!(await session.confirm("written"))) await session.anew();
  return true;
}

/** Null after the refusal was answered, or where nobody is left to hear it. */
async function readParams(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<OperationRequest | null> {
  try {
    return readRequest(await readJson(request));
  } catch (error) {
    if (error instanceof OverlongBody) {
      await passOver(request);
      response.setHeader("connection", "close");
      refuse(response, 413, "LIMIT_EXCEEDED", "The body is larger than 1 MiB.");
    } else if (error instanceof SlowBody) {
      response.setHeader("connection", "close");
      refuse(response, 408, "LIMIT_EXCEEDED", "The body took more than 10 seconds.");
    } else if (error instanceof SyntaxError) {
      refuse(response, 400, "BAD_USER_INPUT", "The body is not JSON.");
    } else if (!(error instanceof LostBody)) refuseKnown(request, response, error);
    return null;
  }
}

const STATUS: Readonly<Record<string, number>> = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
};

function refuseKnown(request: IncomingMessage, response: ServerResponse, error: unknown): null {
  if (!(error instanceof WayhouseError)) throw error;
  if (error instanceof Unauthenticated)
    response.setHeader("www-authenticate", challenge(request, error));
  if (error instanceof RateLimited) response.setHeader("retry-after", error.retryAfterSeconds);
  refuse(response, STATUS[error.code] ?? 500, error.code, error.message, error.details);
  return null;
}

/** Of two that differ, whoever stands before this server may have believed the other one. */
const ONCE = ["host", "content-type"];

/** A body in another encoding or character set than the one that is read would be another body. */
function isJson({ headers }: IncomingMessage): boolean {
  const [type, ...parameters] = (headers["content-type"] ?? "").toLowerCase().split(";");
  const isUtf8 = parameters.every(
    (one) => !one.includes("charset") || /^\s*charset="?utf-8"?\s*$/.test(one),
  );
  const encoding = headers["content-encoding"] ?? "identity";
  const coding = headers["transfer-encoding"]?.toLowerCase() ?? "chunked";
  return (
    type?.trim() === "application/json" && isUtf8 && encoding === "identity" && coding === "chunked"
  );
}

/** Loaded where somebody opens it: it is 9 MB of text, which a process that serves the API alone does not carry. */
async function graphiql(): Promise<string> {
  const { renderGraphiQL } = await import("@graphql-yoga/render-graphiql");
  return renderGraphiQL({
    title: "Wayhouse",
    defaultQuery: "{\n  viewer {\n    organisation { handle }\n    scopes\n  }\n}\n",
    // The place for the token; `npm run --silent token` prints one.
    headers: JSON.stringify({ authorization: "Bearer <token>" }, null, 2),
    shouldPersistHeaders: false,
  });
}
const acceptsHtml = (request: IncomingMessage) => /text\/html/.test(request.headers.accept ?? "");

function health(response: ServerResponse, fault: string | null): void {
  if (fault !== null) return problem(response, 503, fault);
  answerJson(response, 200, "application/json", '{"status":"ok"}');
}
