import {
  createSourceEventStream,
  type DocumentNode,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type OperationTypeNode,
  visit,
} from "graphql";
import { createYoga } from "graphql-yoga";
import { BadUserInput, type Issue } from "../../kernel/errors.ts";
import type { Context } from "../graphql/builder.ts";
import { present } from "../graphql/errors.ts";
import type { Log } from "../telemetry/log.ts";
import { hideSchema, withoutSuggestions } from "../graphql/introspection.ts";
import { boundDocuments, boundOperation } from "../graphql/limits.ts";
import { type DocumentName, documentOf, type Registry } from "./documents.ts";

/** One request of GraphQL over HTTP. */
export interface OperationRequest extends DocumentName {
  readonly operationName: string | null;
  readonly variables: Record<string, unknown>;
}

/** An operation that was parsed, validated and found within its bounds. */
export interface Operation {
  readonly type: OperationTypeNode;
  /** Its first root field, as the schema names it; or that a fragment holds it. */
  readonly field: string;
  /** The same for two subscriptions that make the same of every event. */
  readonly shape: string;
  execute(): Promise<ExecutionResult>;
  /** Of a subscription: its source events, each once executed as `executeFor` does. */
  subscribe(): Promise<AsyncIterable<object> | ExecutionResult>;
  executeFor(event: object): Promise<ExecutionResult>;
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

/**
 * Yoga's plugins around graphql-js, without Yoga's own requests and responses: they cost more than the
 * execution. What of Yoga's HTTP layer is needed stands in this folder.
 */
export function createOperations(options: {
  readonly schema: GraphQLSchema;
  /** Null: any document is answered. */
  readonly documents: Registry | null;
  /** False: nobody is told the schema. */
  readonly introspection: boolean;
  readonly log: Log;
}) {
  const yoga = createYoga<object, Context>({
    schema: options.schema,
    logging: false,
    maskedErrors: false,
    graphiql: false,
    plugins: options.introspection ? [boundDocuments] : [hideSchema, boundDocuments],
  });
  const shown = (error: unknown) => {
    const presented = present(error, options.log);
    return options.introspection ? presented : withoutSuggestions(presented);
  };
  const presented = (result: ExecutionResult): ExecutionResult =>
    result.errors ? { ...result, errors: result.errors.map(shown) } : result;
  const refusal = (...errors: readonly unknown[]): ExecutionResult => ({
    errors: errors.map(shown),
  });

  /** The operation to run, or what answers the request already. */
  return function prepare(
    { operationName, variables, ...name }: OperationRequest,
    contextValue: Context,
  ): Operation | ExecutionResult {
    const { schema, parse, validate } = yoga.getEnveloped(contextValue);
    let query: string;
    let document: DocumentNode;
    try {
      query = documentOf(name, options.documents);
      document = parse(query) as DocumentNode;
      const errors = validate(schema, document) as readonly GraphQLError[];
      if (errors.length > 0) return refusal(...errors);
    } catch (error) {
      return refusal(error);
    }
    const operation = getOperationAST(document, operationName);
    if (!operation) {
      const message = operationName
        ? "operationName must name an operation of the document."
        : "operationName must say which operation of the document to run.";
      return refusal(new GraphQLError(message));
    }
    const args: ExecutionArgs = {
      schema,
      document,
      contextValue,
      variableValues: variables,
      operationName,
    };
    try {
      boundOperation(args);
    } catch (error) {
      return refusal(error);
    }
    return {
      type: operation.operation,
      field: fieldOf(operation),
      get shape() {
        return JSON.stringify([query, operationName, steering(document, variables)]);
      },
      async execute() {
        try {
          return presented(await execute(args));
        } catch (error) {
          return refusal(error);
        }
      },
      executeFor: async (event) => presented(await execute({ ...args, rootValue: event })),
      async subscribe() {
        const source = await createSourceEventStream(args);
        return Symbol.asyncIterator in source
          ? (source as AsyncIterable<object>)
          : presented(source);
      },
    };
  };
}

function fieldOf({ selectionSet }: OperationDefinitionNode): string {
  const [first] = selectionSet.selections;
  return first?.kind === Kind.FIELD ? first.name.value : "in a fragment";
}

/** Of the variables, those that directives read: the others are arguments of the field that is subscribed to. */
function steering(document: DocumentNode, variables: Record<string, unknown>): unknown[] {
  const values: unknown[] = [];
  visit(document, {
    Directive: (directive) =>
      visit(directive, {
        Variable: ({ name }) => void values.push(name.value, variables[name.value]),
      }),
  });
  return values;
}
