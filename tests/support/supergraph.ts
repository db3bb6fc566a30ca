import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type FieldDefinitionNode,
  Kind,
  parse,
  print,
  visit,
} from "graphql";

const isJoin = ({ name }: ConstDirectiveNode) => name.value.startsWith("join__");
const nameOf = (definition: DefinitionNode) =>
  "name" in definition ? (definition.name?.value ?? "") : "";
const textOf = (nodes: readonly ConstDirectiveNode[] | undefined) =>
  (nodes ?? []).map((one) => print(one)).join(" ");

/** What a caller of the supergraph sees of a definition: no description, and not who answers. */
const shownOf = (definition: DefinitionNode): string =>
  print(
    visit(definition, {
      enter: (node) =>
        "description" in node && node.description ? { ...node, description: undefined } : undefined,
      Directive: (node) => (isJoin(node as ConstDirectiveNode) ? null : undefined),
    }),
  );

const membersOf = (definition: DefinitionNode): string[] =>
  shownOf(definition)
    .replaceAll(/\s+/g, " ")
    .split(/(?<=[{}|])|(?= \w+(?:\(.*?\))?: )/)
    .map((part) => part.replace(/[{}|]/g, "").trim())
    .filter(Boolean);

/**
 * Whatever a partner's subgraph changed of the network's by being composed with it, found by comparing the
 * two supergraphs and by nothing else: the judge of `check-subgraph`, which reads the partner's schema alone.
 */
export function changesOf(alone: string, composed: string): string[] {
  const after = new Map(parse(composed).definitions.map((one) => [nameOf(one), one]));
  const network = parse(alone).definitions.filter(
    (one) => !/^(?:join|link)__|^$/.test(nameOf(one)),
  );
  return network.flatMap((before) => {
    const name = nameOf(before);
    const now = after.get(name);
    if (!now) return [`${name} is gone`];
    if (now.kind !== before.kind) return [`${name} is another kind of type`];
    if (before.kind !== Kind.OBJECT_TYPE_DEFINITION || now.kind !== Kind.OBJECT_TYPE_DEFINITION)
      return shownOf(now) === shownOf(before) ? [] : [`${name} is not what it was`];
    const shown = new Set(membersOf(now));
    const lost = membersOf(before).filter((member) => !shown.has(member));
    const isShared = textOf(now.directives).includes("CASES");
    const isRoot = ["Query", "Mutation", "Subscription"].includes(name);
    const answered = (before.fields ?? []).filter(({ name: { value } }) => {
      const field = now.fields?.find((one) => one.name.value === value);
      return field && isShared && (isRoot || value !== "id") && isAnsweredByPartner(field);
    });
    const provided = (now.fields ?? []).filter((field) =>
      /graph: CASES[^)]*provides:/.test(textOf(field.directives)),
    );
    return [
      ...lost.map((member) => `${name} lost "${member}"`),
      ...answered.map((field) => `${name}.${field.name.value} is answered by the partner`),
      ...provided.map((field) => `${name}.${field.name.value} answers for the network`),
      ...(/isInterfaceObject: true/.test(textOf(now.directives))
        ? [`${name} stands for others`]
        : []),
    ];
  });
}

/** A field with no `@join__field` is answered by every subgraph that has its type. */
function isAnsweredByPartner({ directives }: FieldDefinitionNode): boolean {
  const joins = (directives ?? []).filter(isJoin).map((one) => print(one));
  return (
    joins.length === 0 ||
    joins.some((join) => join.includes("CASES") && !join.includes("external: true"))
  );
}
