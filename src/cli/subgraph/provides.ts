import { Kind, type SelectionSetNode } from "graphql";
import { fieldsOf, type GraphType, namedType, selectionOf } from "./graph.ts";
import type { Comparison } from "./rules.ts";

/** `@provides` lets a gateway take a field of the network's from the partner: on that path it is overridden. */
export function checkProvides(graphs: Comparison, type: GraphType): void {
  for (const field of type.declarations.flatMap(fieldsOf)) {
    for (const directive of field.directives ?? []) {
      if (!graphs.namesOf(directive).has("provides")) continue;
      const selection = selectionOf(directive);
      const taken = selection && fieldTaken(graphs, namedType(field.type), selection);
      if (!taken) continue;
      graphs.report(
        directive,
        "provides",
        `@provides on ${type.name}.${field.name.value} answers ${taken}, which is the network's. Leave it to the network.`,
      );
    }
  }
}

/** The first field of the network's in it that is no key. */
function fieldTaken(
  graphs: Comparison,
  type: string,
  { selections }: SelectionSetNode,
): string | undefined {
  for (const one of selections) {
    if (one.kind === Kind.FRAGMENT_SPREAD) continue;
    if (one.kind === Kind.INLINE_FRAGMENT) {
      const taken = fieldTaken(graphs, one.typeCondition?.name.value ?? type, one.selectionSet);
      if (taken !== undefined) return taken;
      continue;
    }
    const name = one.name.value;
    const ofNetwork = graphs.ours.get(type)?.fields.get(name);
    if (ofNetwork && !graphs.keysOf(type).has(`{ ${name} }`)) return `${type}.${name}`;
    const field = graphs.theirs.get(type)?.fields.get(name) ?? ofNetwork;
    const taken =
      field && one.selectionSet && fieldTaken(graphs, namedType(field.type), one.selectionSet);
    if (taken !== undefined) return taken;
  }
  return undefined;
}
