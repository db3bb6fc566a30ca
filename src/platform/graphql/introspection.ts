import { type ASTVisitor, GraphQLError, type ValidationContext } from "graphql";
import type { Plugin } from "graphql-yoga";
import type { Issue } from "../../kernel/errors.ts";
import { withCode } from "./errors.ts";

const TELLING = new Set(["__schema", "__type", "_service"]);

/** Refuses, also to callers with a valid token, the fields that tell the schema. */
export const hideSchema: Plugin = {
  onValidate({ addValidationRule }) {
    addValidationRule((context: ValidationContext): ASTVisitor => ({
      Field(node) {
        if (!TELLING.has(node.name.value)) return;
        const message = "This node tells no schema: it is published with the code.";
        context.reportError(new GraphQLError(message, { nodes: node }));
      },
    }));
  },
};

const SUGGESTION = / Did you mean [^]*$/;

/** The same without the names that graphql-js would have expected. */
export function withoutSuggestions(error: GraphQLError): GraphQLError {
  if (!SUGGESTION.test(error.message)) return error;
  const {
    code,
    issues = [],
    ...details
  } = error.extensions as {
    readonly code: string;
    readonly issues?: readonly Issue[];
  };
  return withCode(error, code, cut(error.message), {
    ...details,
    issues: issues.map((issue) => ({ ...issue, message: cut(issue.message) })),
  });
}

const cut = (message: string) => message.replace(SUGGESTION, "");
