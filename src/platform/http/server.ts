import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { GraphQLSchema } from "graphql";
import { createYoga } from "graphql-yoga";
import { renderGraphiQL } from "@graphql-yoga/render-graphiql";
import { Unauthenticated, WayhouseError } from "../../kernel/errors.ts";
import type { NodeKey } from "../auth/node-key.ts";
import type { Context } from "../graphql/builder.ts";
import { present } from "../graphql/errors.ts";
import { boundDocuments } from "../graphql/limits.ts";
import type { Session } from "../db/session.ts";
import { faultOf, type Log } from "../telemetry/log.ts";

const MOST_BYTES = 1024 * 1024;

export interface ServerOptions {
  readonly schema: GraphQLSchema;
  /** @throws Unauthenticated, Unavailable */
  readonly openSession: (token: string) => Promise<Session>;
  readonly nodeKey: NodeKey;
  readonly isReady: () => Promise<boolean>;
  /** Serves GraphiQL to a browser that opens /graphql: for development only. */
  readonly graphiql: boolean;
  readonly log: Log;
}

/** POST /graphql with a bearer token (RFC 6750), and two health checks. */
export function createHttpServer(options: ServerOptions): Server {
  const yoga = createYoga<Context>({
    schema: options.schema,
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
    batching: false,
    logging: false,
    maskedErrors: { maskError: (error) => present(error, options.log) },
    plugins: [boundDocuments],
  });

  return createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      options.log("request_failed", faultOf(error));
      if (!response.headersSent) refuse(response, 500, "INTERNAL", "Internal error.");
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split("?")[0];
    if (path === "/health/live") return health(response, true);
    if (path === "/health/ready") return health(response, await options.isReady());
    if (path !== "/graphql") return refuse(response, 404, "NOT_FOUND", "POST /graphql");
    if (options.graphiql && request.method === "GET" && acceptsHtml(request)) {
      response.setHeader("content-type", "text/html; charset=utf-8");
      return void response.end(GRAPHIQL);
    }
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      return refuse(response, 405, "BAD_USER_INPUT", "Only POST is served here.");
    }
    if (!/^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? "")) {
      return refuse(response, 415, "BAD_USER_INPUT", "The body must be application/json.");
    }
    const body = await readBody(request);
    if (body === null)
      return refuse(response, 413, "LIMIT_EXCEEDED", "The body is larger than 1 MiB.");
    let parsed: unknown;
    try {
      parsed = JSON.parse(body);
    } catch {
      return refuse(response, 400, "BAD_USER_INPUT", "The body is not JSON.");
    }
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
      return refuse(response, 400, "BAD_USER_INPUT", "The body must be one GraphQL request.");
    }
    let session: Session;
    try {
      const token = /^Bearer ([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? "")?.[1];
      if (!token) throw new Unauthenticated();
      session = await options.openSession(token);
    } catch (error) {
      if (!(error instanceof WayhouseError)) throw error;
      if (error instanceof Unauthenticated) response.setHeader("www-authenticate", "Bearer");
      const status = error instanceof Unauthenticated ? 401 : 503;
      return refuse(response, status, error.code, error.message);
    }
    await yoga(Object.assign(request, { body: parsed }), response, {
      session,
      nodeKey: options.nodeKey,
    });
  }
}

const GRAPHIQL = renderGraphiQL({
  title: "Wayhouse",
  defaultQuery: "{\n  viewer {\n    organisation { handle }\n    scopes\n  }\n}\n",
  // The place for the token; `npm run --silent token` prints one.
  headers: JSON.stringify({ authorization: "Bearer <token>" }, null, 2),
  shouldPersistHeaders: false,
});
const acceptsHtml = (request: IncomingMessage) => /text\/html/.test(request.headers.accept ?? "");

function health(response: ServerResponse, isWell: boolean): void {
  response.statusCode = isWell ? 200 : 503;
  response.setHeader("content-type", isWell ? "application/json" : "application/problem+json");
  response.end(
    JSON.stringify(
      isWell ? { status: "ok" } : { title: "The database cannot be reached.", status: 503 },
    ),
  );
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.statusCode = status;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ errors: [{ message, extensions: { code } }] }));
}

/** Null if it is larger than the bound; the rest is read and dropped, so that the answer arrives. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MOST_BYTES) chunks.push(chunk);
    if (size > 8 * MOST_BYTES) request.destroy();
  }
  return size > MOST_BYTES ? null : Buffer.concat(chunks).toString("utf8");
}
