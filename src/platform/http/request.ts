import { BadUserInput, type Issue } from "../../kernel/errors.ts";
import type { DocumentName } from "./documents.ts";

/** One request of GraphQL over HTTP. */
export interface OperationRequest extends DocumentName {
  readonly operationName: string | null;
  readonly variables: Record<string, unknown>;
}

const MEMBERS = new Set(["query", "documentId", "operationName", "variables", "extensions"]);

/** @throws BadUserInput for what is no well-formed request (GraphQL over HTTP §5) */
export function readRequest(body: unknown): OperationRequest {
  if (!isObject(body)) throw refused([], "must be one GraphQL request: a JSON object");
  const { operationName = null, variables = null, extensions = null } = body;
  const stray = Object.keys(body).find((member) => !MEMBERS.has(member));
  if (stray !== undefined) throw refused([], "must have no members but those of GraphQL over HTTP");
  if (operationName !== null && typeof operationName !== "string")
    throw refused(["operationName"], "must be a string");
  if (variables !== null && !isObject(variables)) throw refused(["variables"], "must be an object");
  if (extensions !== null && !isObject(extensions))
    throw refused(["extensions"], "must be an object");
  const name = readDocumentName(body["query"] ?? null, body["documentId"] ?? null, extensions);
  return { ...name, operationName: operationName || null, variables: variables ?? {} };
}

/** By its hash as GraphQL over HTTP has it (`documentId`), or as Apollo's clients and urql do. */
function readDocumentName(
  query: unknown,
  documentId: unknown,
  extensions: Record<string, unknown> | null,
): DocumentName {
  const persisted = extensions?.["persistedQuery"];
  const sha256 = isObject(persisted) ? (persisted["sha256Hash"] ?? null) : null;
  const id = documentId ?? (typeof sha256 === "string" ? `sha256:${sha256}` : sha256);
  if (id === null) {
    if (typeof query !== "string" || query === "") throw refused(["query"], "must be a document");
    return { query, hash: null };
  }
  const hash = typeof id === "string" ? /^sha256:([0-9a-f]{64})$/.exec(id)?.[1] : undefined;
  if (hash === undefined) throw refused(["documentId"], "must be sha256: and a hash in hex");
  if (query !== null && typeof query !== "string") throw refused(["query"], "must be a document");
  return { query, hash };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const refused = (path: Issue["path"], message: string) => new BadUserInput([{ path, message }]);
