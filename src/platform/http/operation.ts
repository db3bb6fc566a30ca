import {
  createSourceEventStream,
  type DocumentNode,
  execute,
  type ExecutionResult,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  visit,
} from "graphql";
import { createYoga } from "graphql-yoga";
import { LimitExceeded } from "../../kernel/errors.ts";
import type { Context } from "../graphql/builder.ts";
import { compile, type Compiled } from "../graphql/compiled.ts";
import { presentError } from "../graphql/errors.ts";
import type { Log } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { judgeDocuments } from "../graphql/documents.ts";
import { hideSchema, withoutSuggestions } from "../graphql/introspection.ts";
import { boundDocuments, createBound, rootNamesOf, type Size } from "../graphql/limits.ts";
import { documentOf, type Registry } from "./documents.ts";
import type { OperationRequest } from "./request.ts";

/** An operation that was parsed, validated and found within its bounds. */
export interface Operation {
  readonly type: OperationTypeNode;
  /** Its first root field, as the schema names it; or that a fragment holds it. */
  readonly field: string;
  /** The same for two subscriptions that make the same of every event. */
  readonly shape: string;
  execute(context: Context): Promise<ExecutionResult>;
  /** Of a subscription: its source events, each once executed as `executeFor` does. */
  subscribe(context: Context): Promise<AsyncIterable<object> | ExecutionResult>;
  executeFor(event: object, context: Context): Promise<ExecutionResult>;
}

/** Counted, with how long it took. @throws what `confirm` does: nothing is told then that may have been taken back */
export async function measured(
  operation: Operation,
  context: Context,
  metrics: Metrics,
): Promise<ExecutionResult> {
  const begun = performance.now();
  try {
    return await confirmed(operation, context);
  } finally {
    metrics.operationEnded(operation.field, (performance.now() - begun) / 1_000);
  }
}

async function confirmed(operation: Operation, context: Context): Promise<ExecutionResult> {
  // A write stands by now; only what was read is never told too late.
  const told = operation.type === OperationTypeNode.QUERY ? "read" : "written";
  const result = await operation.execute(context);
  if (await context.session.confirm(told)) return result;
  return confirmed(operation, { ...context, session: await context.session.anew() });
}

/** One operation of a document, as far as it is the same for every request. */
interface Selected {
  readonly definition: OperationDefinitionNode;
  /** It and the fragments. */
  readonly document: DocumentNode;
  /** @throws GraphQLError */
  readonly refuseExcess: (variables: Record<string, unknown>) => Size;
  /** Root fields that are each as much as a request of its own. */
  readonly furtherRoots: number;
  runs: number;
  compiled: Compiled | null;
}

/** Beyond so many the one longest unused is forgotten; a longer one is not kept at all. */
const MOST_DOCUMENTS = 200;
const LONGEST_KEPT = 32 * 1024;
/** Most documents that come once are a person's, and never come again. */
const WORTH_COMPILING = 2;
/** With its fragments spread out: what is larger costs more to compile than it saves. */
const MOST_COMPILED_FIELDS = 500;

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
    plugins: [...(options.introspection ? [] : [hideSchema]), boundDocuments, judgeDocuments],
    // Those that were found valid are kept here, with what is made of them.
    parserAndValidationCache: false,
  });
  const { schema, parse, validate } = yoga.getEnveloped();
  const shown = (error: unknown) => {
    const presented = presentError(error, options.log);
    return options.introspection ? presented : withoutSuggestions(presented);
  };
  /** In one order, whoever executed it. */
  const presented = (result: ExecutionResult): ExecutionResult => {
    const { data, errors } = result;
    if (!errors) return result;
    return { errors: errors.map(shown), ...(data !== undefined && { data }) };
  };
  const refusal = (...errors: readonly unknown[]): ExecutionResult => ({
    errors: errors.map(shown),
  });

  const known = new Map<string, (operationName: string | null) => Selected>();
  /** @throws what is to be told: GraphQLError, or several of them */
  function selectorOf(query: string) {
    const before = known.get(query);
    if (before) {
      known.delete(query);
      known.set(query, before);
      return before;
    }
    const document = parse(query) as DocumentNode;
    const errors = validate(schema, document) as readonly GraphQLError[];
    if (errors.length > 0) throw new AggregateError(errors);
    const selector = createSelector(schema, document);
    if (query.length <= LONGEST_KEPT) known.set(query, selector);
    if (known.size > MOST_DOCUMENTS) known.delete(known.keys().next().value!);
    return selector;
  }

  /**
   * The operation to run, or what answers the request already. `count` hears of how many requests more it is as
   * large as. @throws what `count` does
   */
  return function prepare(
    { operationName, variables, ...name }: OperationRequest,
    count: (requests: number) => void,
  ): Operation | ExecutionResult {
    let query: string;
    let selected: Selected;
    let size: Size;
    let coerced: Record<string, unknown>;
    let shape: string | undefined;
    try {
      query = documentOf(name, options.documents);
    } catch (error) {
      return refusal(error);
    }
    if (!known.has(query)) count(Math.floor(query.length / LENGTH_OF_REQUEST));
    try {
      selected = selectorOf(query)(operationName);
      refuseManyValues(variables);
      coerced = coerce(schema, selected.definition, variables);
      if (selected.definition.operation === OperationTypeNode.SUBSCRIPTION)
        refuseLong(query, variables);
      size = selected.refuseExcess(variables);
    } catch (error) {
      return error instanceof AggregateError ? refusal(...error.errors) : refusal(error);
    }
    const { definition, document } = selected;
    count(Math.floor(size.cost / COST_OF_REQUEST) + selected.furtherRoots);
    const args = (contextValue: Context) => ({
      schema,
      document,
      contextValue,
      variableValues: variables,
    });
    return {
      type: definition.operation,
      field: fieldOf(definition),
      get shape() {
        return (shape ??= JSON.stringify([query, operationName, steering(document, variables)]));
      },
      async execute(context) {
        const compiled = compiledOf(schema, selected, size);
        try {
          return presented(await (compiled ? compiled(context, coerced) : execute(args(context))));
        } catch (error) {
          return refusal(error);
        }
      },
      executeFor: async (event, context) =>
        presented(await execute({ ...args(context), rootValue: event })),
      async subscribe(context) {
        const source = await createSourceEventStream(args(context));
        return Symbol.asyncIterator in source
          ? (source as AsyncIterable<object>)
          : presented(source);
      },
    };
  };
}

/** Its operations by name, each looked at once. */
function createSelector(schema: GraphQLSchema, document: DocumentNode) {
  const selections = new Map<string | null, Selected>();
  return (operationName: string | null): Selected => {
    let selected = selections.get(operationName);
    if (!selected) {
      const definition = getOperationAST(document, operationName);
      if (!definition) {
        const message = operationName
          ? "operationName must name an operation of the document."
          : "operationName must say which operation of the document to run.";
        throw new GraphQLError(message);
      }
      const definitions = document.definitions.filter(
        (one) => one === definition || one.kind !== Kind.OPERATION_DEFINITION,
      );
      const alone = { ...document, definitions };
      const refuseExcess = createBound(schema, alone, definition);
      const isWrite = definition.operation === OperationTypeNode.MUTATION;
      const roots = rootNamesOf(alone, definition).size;
      const furtherRoots = Math.max(roots - (isWrite ? 1 : READS_OF_REQUEST), 0);
      selected = {
        definition,
        document: alone,
        refuseExcess,
        furtherRoots,
        runs: 0,
        compiled: null,
      };
      selections.set(operationName, selected);
    }
    return selected;
  };
}

/** As many as a document may have tokens: some scalars cost more to read than to send. */
const MOST_VALUES = 2_000;

/** @throws LimitExceeded for more than that, lists and members within one another counted */
function refuseManyValues(variables: Record<string, unknown>): void {
  const found: object[] = [variables];
  let count = 0;
  for (const one of found) {
    for (const value of Object.values(one) as unknown[]) {
      if (++count > MOST_VALUES)
        throw new LimitExceeded(`The variables hold more than ${MOST_VALUES} values.`);
      if (typeof value === "object" && value !== null) found.push(value);
    }
  }
}

/** Kept, and as much again made of it several times over, until its stream ends: there may be thousands. */
const LONGEST_FOLLOWED = 2_048;

function refuseLong(query: string, variables: Record<string, unknown>): void {
  if (query.length + JSON.stringify(variables).length > LONGEST_FOLLOWED)
    throw new LimitExceeded(
      `A subscription and its variables are longer than ${LONGEST_FOLLOWED} characters.`,
    );
}

/** graphql-js tells what is wrong with variables; the compiled operation would tell it otherwise. */
function coerce(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Record<string, unknown>,
): Record<string, unknown> {
  const values = getVariableValues(schema, variableDefinitions, variables, { maxErrors: 50 });
  if (values.errors) throw new AggregateError(values.errors);
  return values.coerced;
}

function compiledOf(schema: GraphQLSchema, selected: Selected, { fields }: Size): Compiled | null {
  if (++selected.runs === WORTH_COMPILING && fields <= MOST_COMPILED_FIELDS)
    selected.compiled = compile(schema, selected.document, selected.definition);
  return selected.compiled;
}

/** As one request counts what may come to so many fields, and a document of so many characters that is read anew. */
const COST_OF_REQUEST = 1_000;
const LENGTH_OF_REQUEST = 1_000;
/** However few fields a read comes to, the database may look at thousands of rows for it. */
const READS_OF_REQUEST = 10;

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
