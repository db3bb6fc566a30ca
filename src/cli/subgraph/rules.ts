import type { ASTNode, ConstDirectiveNode } from "graphql";
import type { DirectiveNames } from "./directives.ts";
import type { GraphType } from "./graph.ts";

export type Rule =
  | "directive"
  | "field"
  | "interface-object"
  | "key"
  | "override"
  | "provides"
  | "root-field"
  | "shareable"
  | "type";

/** The network's graph and a partner's, side by side. */
export interface Comparison {
  readonly ours: ReadonlyMap<string, GraphType>;
  readonly theirs: ReadonlyMap<string, GraphType>;
  /** Of a directive of theirs. */
  readonly namesOf: DirectiveNames;
  /** The keys that the network has for a type; none of what is no entity. */
  readonly keysOf: (type: string) => ReadonlySet<string>;
  readonly report: (node: ASTNode, rule: Rule, message: string) => void;
}

interface Marked {
  readonly directives?: readonly ConstDirectiveNode[] | undefined;
}

export const isMarked = ({ namesOf }: Comparison, node: Marked, name: string): boolean =>
  (node.directives ?? []).some((directive) => namesOf(directive).has(name));

/** How a field says that it answers what another subgraph does, if it says so. */
export const rivalRule = (graphs: Comparison, field: Marked): Rule | undefined =>
  isMarked(graphs, field, "override")
    ? "override"
    : isMarked(graphs, field, "shareable")
      ? "shareable"
      : undefined;

/** On what is the network's stands nothing but what is allowed: all else could change who answers, who may see it or what it is shown as. */
export function checkDirectives(
  graphs: Comparison,
  place: string,
  node: Marked,
  allowed: readonly string[],
): void {
  for (const directive of node.directives ?? []) {
    const refused = [...graphs.namesOf(directive)].find((name) => !allowed.includes(name));
    if (refused === undefined) continue;
    graphs.report(
      directive,
      RULES[refused] ?? "directive",
      `@${refused} on ${place} ${EFFECTS[refused] ?? "changes what the network says of it"}. Remove it; your own types and fields may have it.`,
    );
  }
}

const RULES: Readonly<Record<string, Rule>> = {
  interfaceObject: "interface-object",
  override: "override",
  shareable: "shareable",
};
const EFFECTS: Readonly<Record<string, string>> = {
  authenticated: "changes who may see it",
  inaccessible: "takes it out of the graph",
  interfaceObject: "answers for every type of the network's that implements it",
  override: "takes it from the network",
  policy: "changes who may see it",
  requiresScopes: "changes who may see it",
  shareable: "answers it beside the network",
};
