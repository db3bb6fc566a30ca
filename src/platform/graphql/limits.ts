import { complexityFromQuery } from "@pothos/plugin-complexity";
import {
  __Type,
  type ASTNode,
  type DocumentNode,
  type FieldNode,
  GraphQLError,
  GraphQLObjectType,
  GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  type TypeNode,
  visit,
} from "graphql";
import type { Plugin } from "graphql-yoga";
import { presentInput, withCode } from "./errors.ts";

const MOST_TOKENS = 2000;
/** Which one an error is of is counted from the first one on, for each of up to a hundred errors and several times. */
const MOST_LINES = 10_000;
/** Levels of fields. */
const MOST_DEPTH = 12;
/** Fields that an answer may come to, a page counted at its full size. */
const MOST_COST = 50_000;

export const exceeded = (message: string, node?: ASTNode) =>
  new GraphQLError(message, { nodes: node ?? null, extensions: { code: "LIMIT_EXCEEDED" } });
export const tooManyRepeats = () => exceeded("The document asks for the same fields too often.");

/** Bounds on a document, each checked before the work that it bounds. */
export const boundDocuments: Plugin = {
  onParse({ setParseFn }) {
    setParseFn((source: string, options: object) => {
      if (source.split(/\r\n?|\n/, MOST_LINES + 1).length > MOST_LINES)
        throw exceeded(`The document has more than ${MOST_LINES} lines.`);
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
          ? [tooManyRepeats()]
          : errors.map(presentInput),
      );
    };
  },
};

/** What an operation comes to. */
export interface Size {
  /** In the document, its fragments spread out. */
  readonly fields: number;
  /** Fields that its answer may come to. */
  readonly cost: number;
}

/** Of these a cost may depend: numbers, switches, days; of lists on their length. */
const COUNTED = new Set(["Int", "Boolean", "Date"]);
const MOST_SIZES = 100;

/**
 * Of any operation alone in its document, subscriptions too. Under the same of those variables that a
 * cost may depend on it is counted once. The function @throws GraphQLError with what the caller may know of it
 */
export function createBound(
  schema: GraphQLSchema,
  document: DocumentNode,
  { variableDefinitions = [] }: OperationDefinitionNode,
): (variables: Record<string, unknown>) => Size {
  const sizes = new Map<string, Size>();
  const ofTypes = costOfTypes(document);
  const counted = variableDefinitions
    .filter(({ type }) => isList(type) || COUNTED.has(nameOf(type)))
    .map(({ type, variable }) => ({ isOfList: isList(type), name: variable.name.value }));
  return (variables) => {
    const key = JSON.stringify(
      counted.map(({ isOfList, name }) => {
        const value = variables[name];
        if (!isOfList || value === null || value === undefined) return value;
        // One value is coerced to a list of it.
        return Array.isArray(value) ? value.length : 1;
      }),
    );
    let size = sizes.get(key);
    if (!size) {
      size = sizeOf(schema, document, variables, ofTypes);
      if (sizes.size === MOST_SIZES) sizes.clear();
      sizes.set(key, size);
    }
    return size;
  };
}

function sizeOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Record<string, unknown>,
  ofTypes: number,
): Size {
  try {
    const { depth, complexity, breadth } = complexityFromQuery(document, { schema, variables });
    if (depth > MOST_DEPTH) throw exceeded(`The operation is deeper than ${MOST_DEPTH} fields.`);
    const cost = ofTypes + complexity;
    if (cost > MOST_COST) {
      throw exceeded(
        `The operation may come to ${cost} fields, more than ${MOST_COST}: ask for smaller pages or fewer nights.`,
      );
    }
    return { fields: breadth, cost };
  } catch (error) {
    throw error instanceof GraphQLError ? presentInput(error) : error;
  }
}

/** Tells of a type as `__type` does, which is no field of its root, so that the count passes it by. */
const TYPES = new GraphQLSchema({
  query: new GraphQLObjectType({ name: "Query", fields: { type: { type: __Type } } }),
});

/** Unlike all of the schema, which is told once, a type may be told under many aliases. */
function costOfTypes(document: DocumentNode): number {
  const told: FieldNode[] = [];
  visit(document, {
    Field(node) {
      if (node.name.value !== "__type") return;
      told.push({ ...node, name: { kind: Kind.NAME, value: "type" } });
    },
  });
  const asked: OperationDefinitionNode = {
    kind: Kind.OPERATION_DEFINITION,
    operation: OperationTypeNode.QUERY,
    selectionSet: { kind: Kind.SELECTION_SET, selections: told },
  };
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  const alone: DocumentNode = { ...document, definitions: [asked, ...fragments] };
  return complexityFromQuery(alone, { schema: TYPES }).complexity;
}

/** Under which names its root fields are answered, those of fragments among them; what tells of the schema is none. */
export function rootNamesOf(
  { definitions }: DocumentNode,
  { selectionSet }: OperationDefinitionNode,
): Set<string> {
  const names = new Set<string>();
  const spread = new Set<string>();
  const sets = [selectionSet];
  for (const { selections } of sets) {
    for (const one of selections) {
      if (one.kind === Kind.FIELD) {
        if (!one.name.value.startsWith("__")) names.add((one.alias ?? one.name).value);
      } else if (one.kind === Kind.INLINE_FRAGMENT) sets.push(one.selectionSet);
      else if (!spread.has(one.name.value)) {
        spread.add(one.name.value);
        for (const fragment of definitions) {
          if (fragment.kind === Kind.FRAGMENT_DEFINITION && fragment.name.value === one.name.value)
            sets.push(fragment.selectionSet);
        }
      }
    }
  }
  return names;
}

function isList(type: TypeNode): boolean {
  return type.kind === Kind.LIST_TYPE || (type.kind === Kind.NON_NULL_TYPE && isList(type.type));
}
function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}
