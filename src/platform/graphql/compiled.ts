import {
  BREAK,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type TypeNode,
  visit,
} from "graphql";
import { compileQuery, isCompiledQuery } from "graphql-jit";
import type { Context } from "./builder.ts";

/** Variables as graphql-js coerced them. */
export type Compiled = (
  context: Context,
  variables: Record<string, unknown>,
) => ExecutionResult | Promise<ExecutionResult>;

/**
 * An operation as code of its own, which is faster than walking its document for every answer. The compiler
 * reads variables otherwise than graphql-js does (it knows no defaults of input fields), so that it is given
 * them coerced, under a type that takes them as they are. Null for what it does not compile.
 */
export function compile(
  schema: GraphQLSchema,
  document: DocumentNode,
  definition: OperationDefinitionNode,
): Compiled | null {
  if (isIntricate(document)) return null;
  const definitions = document.definitions.map((one) =>
    one === definition ? withCoercedVariables(definition) : one,
  );
  const made = compileQuery(schema, { ...document, definitions });
  if (!isCompiledQuery(made)) return null;
  return (context, variables) => made.query(undefined, context, variables) as ReturnType<Compiled>;
}

/**
 * What the compiler makes something else of: text would be code (it writes arguments down as JSON, and takes the
 * quotation marks from around marks of its own), a member of a literal that is left out would be null, and
 * whatever is named `__proto__` would be none.
 */
function isIntricate(document: DocumentNode): boolean {
  let found = false;
  const find = () => {
    found = true;
    return BREAK;
  };
  visit(document, {
    Name: ({ value }) => (value === "__proto__" ? find() : undefined),
    StringValue: find,
    EnumValue: ({ value }) => (value.startsWith("__") ? find() : undefined),
    ObjectValue: find,
    ListValue: (list) => void visit(list, { Variable: find }),
  });
  return found;
}

/** Federation's scalar is anything at all; directives take none but a Boolean. */
const ANY: TypeNode = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: "_Any" } };

function withCoercedVariables(definition: OperationDefinitionNode): OperationDefinitionNode {
  const variableDefinitions = definition.variableDefinitions?.map(
    ({ defaultValue: _, type, ...rest }) => ({ ...rest, type: isBoolean(type) ? type : ANY }),
  );
  return variableDefinitions ? { ...definition, variableDefinitions } : definition;
}

const isBoolean = (type: TypeNode): boolean =>
  type.kind === Kind.NON_NULL_TYPE
    ? isBoolean(type.type)
    : type.kind === Kind.NAMED_TYPE && type.name.value === "Boolean";
