import type { GraphQLFieldResolver, GraphQLSchema } from "graphql";
import { BadUserInput, LimitExceeded } from "../../kernel/errors.ts";
import type { Context } from "./builder.ts";
import { typed } from "./node.ts";

/** Of one `_entities`. */
const MOST_REPRESENTATIONS = 100;

type ResolveReference = (key: { id: string }, context: Context) => Promise<object | null>;

/**
 * Federation's `_entities` is added after every plugin has run, so that nothing wraps it: this puts in
 * its place a resolver that takes exactly `__typename` and `id` of a type with a key.
 */
export function guardEntities(schema: GraphQLSchema): GraphQLSchema {
  const field = schema.getQueryType()?.getFields()["_entities"];
  if (field) {
    field.resolve = resolveEntities;
    field.extensions = { ...field.extensions, complexity: costOf };
  }
  return schema;
}

/** What limits.ts counts below it: once for each representation, not as a list of unknown length. */
const costOf = (args: { readonly representations: readonly unknown[] }) => ({
  field: 1,
  multiplier: args.representations.length,
});

const resolveEntities: GraphQLFieldResolver<unknown, Context> = (_, args, context, { schema }) => {
  const representations = args["representations"] as readonly unknown[];
  if (representations.length > MOST_REPRESENTATIONS) {
    throw new LimitExceeded(
      `At most ${MOST_REPRESENTATIONS} representations are resolved at once.`,
    );
  }
  const resolveOne = (representation: unknown, index: number) => {
    const refused = (message: string) =>
      new BadUserInput([{ path: ["representations", index], message }]);
    if (typeof representation !== "object" || representation === null)
      throw refused("must be an object");
    const { __typename: name, id } = representation as Record<string, unknown>;
    const members = Object.getOwnPropertyNames(representation).toSorted().join();
    if (members !== "__typename,id" || typeof name !== "string" || typeof id !== "string")
      throw refused("must have the members __typename and id and no other, both strings");
    const { apollo } = (schema.getType(name)?.extensions ?? {}) as {
      apollo?: { subgraph?: { resolveReference?: ResolveReference } };
    };
    const resolveReference = apollo?.subgraph?.resolveReference;
    if (!resolveReference) throw refused("must name an entity of this graph");
    return async () => {
      const row = await resolveReference({ id }, context);
      return row && typed(row, name);
    };
  };
  return representations.map(resolveOne).map((resolve) => resolve());
};
