import { type FieldNode, type GraphQLResolveInfo, Kind, type SelectionSetNode } from "graphql";

/** By the nodes of a field: a compiled operation has the same for every answer. */
const selections = new WeakMap<readonly FieldNode[], ReadonlySet<string>>();

/**
 * The fields that are selected of a connection's nodes, whatever `@skip` and `@include` say: for whoever reads no
 * more than that.
 */
export function selectedOfNodes({ fieldNodes, fragments }: GraphQLResolveInfo) {
  const fieldsIn = ({ selections: all }: SelectionSetNode): FieldNode[] =>
    all.flatMap((one) => {
      if (one.kind === Kind.FIELD) return [one];
      const spread = one.kind === Kind.INLINE_FRAGMENT ? one : fragments[one.name.value]!;
      return fieldsIn(spread.selectionSet);
    });
  const below = (fields: readonly FieldNode[]) =>
    fields.flatMap(({ selectionSet }) => (selectionSet ? fieldsIn(selectionSet) : []));
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
