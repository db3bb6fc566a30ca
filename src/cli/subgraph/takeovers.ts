import { type DocumentNode, getLocation, Kind } from "graphql";
import { readDirectiveNames } from "./directives.ts";
import { checkEntity } from "./entities.ts";
import { fieldsOf, type GraphType, keysOf, kindOf, readTypes, ROOTS } from "./graph.ts";
import { checkProvides } from "./provides.ts";
import { checkDirectives, type Comparison, rivalRule, type Rule } from "./rules.ts";

interface Takeover {
  /** From 1, as `column`. */
  readonly line: number;
  readonly column: number;
  readonly rule: Rule;
  /** What the graph does, and what to do instead. */
  readonly message: string;
}

/**
 * Every place where a partner's private subgraph would, once composed, change something of the
 * network's: which subgraph answers a field, who may see it, or what there is to ask for. Such a graph
 * may add fields to an entity of the network under its key, read others as `@external`, and have types
 * and root fields of its own.
 */
export function findTakeovers(network: DocumentNode, partner: DocumentNode): Takeover[] {
  const found: Takeover[] = [];
  const [ours, theirs] = [readTypes(network), readTypes(partner)];
  const networkNames = readDirectiveNames(network);
  const graphs: Comparison = {
    ours,
    theirs,
    namesOf: readDirectiveNames(partner),
    keysOf: (name) => keysOf(ours.get(name)?.declarations ?? [], networkNames),
    report(node, rule, message) {
      const { line, column } = getLocation(node.loc!.source, node.loc!.start);
      found.push({ line, column, rule, message });
    },
  };
  for (const type of theirs.values()) {
    const own = ours.get(type.name);
    if (ROOTS.includes(type.name)) checkRoot(graphs, type, own);
    else if (own) checkType(graphs, type, own);
    checkProvides(graphs, type);
  }
  return found.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

function checkRoot(graphs: Comparison, type: GraphType, own: GraphType | undefined): void {
  for (const declaration of type.declarations) {
    checkDirectives(graphs, type.name, declaration, ["extends", "shareable"]);
    for (const field of fieldsOf(declaration)) {
      if (!own?.fields.has(field.name.value)) continue;
      graphs.report(
        field,
        rivalRule(graphs, field) ?? "root-field",
        `${type.name}.${field.name.value} is the network's, and would be answered here in its stead. Give yours another name.`,
      );
    }
  }
}

function checkType(graphs: Comparison, type: GraphType, own: GraphType): void {
  const kind = kindOf(own.declarations[0]!);
  const isAlike = type.declarations.every((declaration) => kindOf(declaration) === kind);
  if (isAlike && kind === "Object") return checkEntity(graphs, type, own);
  if (isAlike && kind === "Scalar") {
    for (const scalar of type.declarations) checkDirectives(graphs, type.name, scalar, []);
    return;
  }
  if (isAlike && kind === "Enum" && valuesOf(type) === valuesOf(own)) {
    for (const declaration of type.declarations) {
      checkDirectives(graphs, type.name, declaration, []);
      if (declaration.kind !== Kind.ENUM_TYPE_DEFINITION) continue;
      for (const value of declaration.values ?? [])
        checkDirectives(graphs, `${type.name}.${value.name.value}`, value, []);
    }
    return;
  }
  for (const declaration of type.declarations) {
    checkDirectives(graphs, type.name, declaration, ["key", "extends"]);
    graphs.report(
      declaration,
      "type",
      `${type.name} is the network's: composed, the two become one and change what it holds. Give yours another name.`,
    );
  }
}

const valuesOf = ({ declarations }: GraphType) =>
  declarations
    .flatMap((declaration) =>
      declaration.kind === Kind.ENUM_TYPE_DEFINITION ||
      declaration.kind === Kind.ENUM_TYPE_EXTENSION
        ? (declaration.values ?? []).map(({ name }) => name.value)
        : [],
    )
    .toSorted()
    .join();
