import type { IncomingMessage, ServerResponse } from "node:http";
import type { ExecutionResult } from "graphql";
import type { ErrorCode } from "../../kernel/errors.ts";

export const JSON_TYPE = "application/json; charset=utf-8";
export const RESPONSE_TYPE = "application/graphql-response+json; charset=utf-8";
export const STREAM_TYPE = "text/event-stream; charset=utf-8";

/**
 * What the caller would rather take, of what the GraphQL-over-HTTP specification and its event streams have. No
 * `accept`, or one that takes anything, is application/json, as for clients from before the specification;
 * null is none of ours.
 */
export function acceptedType({ headers }: IncomingMessage): string | null {
  const accept = headers.accept;
  if (accept === undefined) return JSON_TYPE;
  const ranges = accept.toLowerCase().split(",").map(rangeOf);
  for (const { type } of ranges.toSorted((a, b) => b.weight - a.weight)) {
    if (type === "application/graphql-response+json") return RESPONSE_TYPE;
    if (type === "application/json" || type === "*/*" || type === "application/*") return JSON_TYPE;
    if (type === "text/event-stream") return STREAM_TYPE;
  }
  return null;
}

/** What has no weight, or none that can be read, has 1; what has 0 is no type (RFC 9110 §12.4.2). */
function rangeOf(range: string): { readonly type: string | null; readonly weight: number } {
  const [type = null, ...parameters] = range.split(";").map((part) => part.trim());
  const given = parameters.find((one) => /^q=[01](\.\d*)?$/.test(one));
  const weight = given === undefined ? 1 : Number(given.slice(2));
  return { type: weight > 0 ? type : null, weight };
}

export function answerJson(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
): void {
  const length = Buffer.byteLength(body);
  response.statusCode = status;
  response.setHeader("content-type", type);
  response.setHeader("content-length", length);
  // Most answers are ASCII, which needs no encoding.
  response.end(body, length === body.length ? "latin1" : "utf8");
  letGoUnlessTaken(response);
}

/** From its end to where its reader, or the system for it, has taken the last byte of an answer. */
const SLOWEST_MS = 60_000;

/** Whoever asks and does not read would keep the answer in memory, and the connection, for as long as it likes. */
export function letGoUnlessTaken(response: ServerResponse, slowestMs = SLOWEST_MS): void {
  if (response.writableLength === 0) return;
  const late = setTimeout(() => response.destroy(), slowestMs);
  response.once("close", () => clearTimeout(late));
}

const told = new WeakMap<ServerResponse, ErrorCode[]>();
/** Which errors an answer tells of, for whoever counts them. */
export const codesOf = (response: ServerResponse): readonly ErrorCode[] => told.get(response) ?? [];
function tellCode(response: ServerResponse, code: unknown): void {
  const codes = told.get(response);
  if (codes) codes.push(code as ErrorCode);
  else told.set(response, [code as ErrorCode]);
}
export function tellCodes(response: ServerResponse, { errors = [] }: ExecutionResult): void {
  for (const { extensions } of errors) tellCode(response, extensions["code"]);
}

/** A request that is refused before it is a GraphQL operation, in the shape GraphQL clients read. */
export function refuse(
  response: ServerResponse,
  status: number,
  code: ErrorCode,
  message: string,
  details: object = code === "BAD_USER_INPUT" ? { issues: [{ path: [], message }] } : {},
): void {
  tellCode(response, code);
  const body = JSON.stringify({ errors: [{ message, extensions: { ...details, code } }] });
  answerJson(response, status, JSON_TYPE, body);
}

/** RFC 9457, for whatever is not GraphQL. */
export function problem(response: ServerResponse, status: number, title: string): void {
  const body = JSON.stringify({ type: "about:blank", title, status });
  answerJson(response, status, "application/problem+json", body);
}
