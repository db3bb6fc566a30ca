import { complexityFromQuery } from "@pothos/plugin-complexity";
import { type DocumentNode, type ExecutionArgs, GraphQLError, Kind, parse } from "graphql";
import type { Plugin } from "graphql-yoga";
import { presentInput, withCode } from "./errors.ts";

const MOST_TOKENS = 2000;
/** Levels of fields. */
const MOST_DEPTH = 12;
/** Fields that an answer may come to, a page counted at its full size. */
const MOST_COST = 50_000;

const exceeded = (message: string) =>
  new GraphQLError(message, { extensions: { code: "LIMIT_EXCEEDED" } });

/** Bounds on a document, each checked before the work that it bounds. */
export const boundDocuments: Plugin = {
  onParse({ setParseFn }) {
    setParseFn((source: string, options: object) => {
      try {
        return parse(source, { ...options, maxTokens: MOST_TOKENS });
      } catch (error) {
        if (!(error instanceof GraphQLError) || !error.message.includes("token")) throw error;
        const message = `The document has more than ${MOST_TOKENS} tokens.`;
        throw withCode(error, "LIMIT_EXCEEDED", message);
      }
    });
  },
  onValidate() {
    return ({ valid, result, setResult }) => {
      if (valid) return;
      const errors = result as readonly GraphQLError[];
      // graphql-js bounds the pairs of fields that it compares.
      setResult(
        errors.some(({ message }) => message === "Validation aborted.")
          ? [exceeded("The document asks for the same fields too often.")]
          : errors.map(presentInput),
      );
    };
  },
};

/** Of any operation, subscriptions too. @throws GraphQLError with what the caller may know of it */
export function boundOperation(
  args: Pick<ExecutionArgs, "schema" | "document" | "operationName" | "variableValues">,
): void {
  const { schema, document, operationName, variableValues } = args;
  try {
    const { depth, complexity } = complexityFromQuery(operationOf(document, operationName), {
      schema,
      variables: variableValues ?? {},
    });
    if (depth > MOST_DEPTH) throw exceeded(`The operation is deeper than ${MOST_DEPTH} fields.`);
    if (complexity > MOST_COST) {
      throw exceeded(
        `The operation may come to ${complexity} fields, more than ${MOST_COST}: ask for smaller pages or fewer nights.`,
      );
    }
  } catch (error) {
    throw error instanceof GraphQLError ? presentInput(error) : error;
  }
}

/** Only what runs is counted: a document may hold several operations. */
function operationOf(document: DocumentNode, name: string | null | undefined): DocumentNode {
  const definitions = document.definitions.filter(
    (definition) =>
      definition.kind !== Kind.OPERATION_DEFINITION || !name || definition.name?.value === name,
  );
  const operations = definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  if (operations.length !== 1) {
    throw new GraphQLError(
      operations.length === 0
        ? "operationName must name an operation of the document."
        : "operationName must say which operation of the document to run.",
    );
  }
  return { ...document, definitions };
}
