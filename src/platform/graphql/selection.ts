import { type FieldNode, type GraphQLResolveInfo, Kind } from "graphql";

/** By the nodes of a field: a compiled operation has the same for every answer. */
const selections = new WeakMap<readonly FieldNode[], ReadonlySet<string>>();

/**
 * The fields that are selected of a connection's nodes, whatever `@skip` and `@include` say: for whoever reads no
 * more than that.
 */
export function selectedOfNodes({ fieldNodes, fragments }: GraphQLResolveInfo) {
  const below = (fields: readonly FieldNode[]): FieldNode[] => {
    // Each once: fragments can lead to the last of them by millions of ways.
    const sets = new Set(fields.flatMap(({ selectionSet }) => selectionSet ?? []));
    const found: FieldNode[] = [];
    for (const { selections: all } of sets) {
      for (const one of all) {
        if (one.kind === Kind.FIELD) found.push(one);
        else if (one.kind === Kind.INLINE_FRAGMENT) sets.add(one.selectionSet);
        else sets.add(fragments[one.name.value]!.selectionSet);
      }
    }
    return found;
  };
  const named = (name: string, fields: readonly FieldNode[]) =>
    fields.filter((field) => field.name.value === name);

  let selected = selections.get(fieldNodes);
  if (!selected) {
    const nodes = named("node", below(named("edges", below(fieldNodes))));
    selected = new Set(below(nodes).map(({ name }) => name.value));
    selections.set(fieldNodes, selected);
  }
  return selected;
}
