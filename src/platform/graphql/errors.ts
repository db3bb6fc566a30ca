import { GraphQLError } from "graphql";
import { type Issue, WayhouseError } from "../../kernel/errors.ts";
import { faultOf, type Log } from "../telemetry/log.ts";

/** What leaves: our own errors with their code, graphql's as bad input, anything else as INTERNAL. */
export function presentError(error: unknown, log: Log): GraphQLError {
  const known =
    error instanceof GraphQLError ? error : new GraphQLError("", { originalError: error as Error });
  const cause = known.originalError ?? undefined;
  if (cause instanceof WayhouseError) {
    return withCode(known, cause.code, cause.message, cause.details);
  }
  if (cause === undefined || isOfInput(known, cause)) return presentInput(known);
  log("request_failed", faultOf(cause));
  return withCode(known, "INTERNAL", "Internal error.");
}

/**
 * Variables are refused before any field is at work. Of what comes up at a field, what graphql-js says of the
 * document names a place in it, and what we say has its code: the rest is of a row that does not fit the schema.
 */
const isOfInput = ({ path }: GraphQLError, cause: Error) =>
  cause instanceof GraphQLError &&
  (path === undefined || cause.nodes !== undefined || cause.extensions["code"] !== undefined);

/** A document or its variables that graphql-js refused. */
export function presentInput(error: GraphQLError): GraphQLError {
  // Compiled operations make errors without extensions.
  if (error.extensions?.["code"] === "LIMIT_EXCEEDED") return error;
  const issue = issueOfVariable(error) ?? {
    path: error.path ?? [],
    message: withoutValue(error.message),
  };
  const place = issue.path.length > 0 && !error.path ? `At ${issue.path.join(".")}: ` : "";
  return withCode(error, "BAD_USER_INPUT", place + issue.message, { issues: [issue] });
}

/**
 * graphql-js repeats a value that does not fit its type, which may be the private half of a key or a
 * whole envelope: only the place and the rule are told.
 */
function issueOfVariable({ message, originalError }: GraphQLError): Issue | null {
  const variable = /^Variable "\$(\w+)" got invalid value /.exec(message)?.[1];
  if (!variable) return null;
  const rule = originalError?.message ?? message.slice(message.lastIndexOf("; ") + 2);
  const before = message.slice(0, message.length - rule.length - "; ".length);
  const place = / at "([^"]+)"$/.exec(before)?.[1] ?? variable;
  const path = place
    .split(/[.[\]]+/)
    .filter((member) => member !== "")
    .map((member) => (/^\d+$/.test(member) ? Number(member) : member));
  return { path: path[0] === "input" ? path.slice(1) : path, message: withoutValue(rule) };
}

const MOST_CHARACTERS = 500;

/** Of the sentences of graphql-js that end with what was sent, the part before it. */
const withoutValue = (message: string) =>
  message
    .replace(/^((?:Enum )?"?\w{1,80}"? cannot represent [^:]{1,80}):.*$/s, "$1.")
    .replace(/^Value .* does not exist in ("\w{1,80}" enum)\b.*$/s, "must be a value of the $1")
    .replace(
      /^Field .* is not defined by type ("\w{1,80}")\..*$/s,
      "must have no fields but those of $1",
    )
    // A name in it is as long as the caller made it.
    .slice(0, MOST_CHARACTERS);

export function withCode(
  error: GraphQLError,
  code: string,
  message = error.message,
  details: object = {},
): GraphQLError {
  const extensions = { ...details, code };
  // Where in the answer says it all, and compiled operations know no place in the document.
  if (error.path) return new GraphQLError(message, { path: error.path, extensions });
  const { nodes = null, source = null, positions = null } = error;
  return new GraphQLError(message, { nodes, source, positions, extensions });
}
