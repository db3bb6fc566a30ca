import { type ConstDirectiveNode, type DocumentNode, Kind } from "graphql";

/** Every directive of federation that the written one may stand for; one of the graph's own keeps its name. */
export type DirectiveNames = (directive: ConstDirectiveNode) => ReadonlySet<string>;

export const argumentOf = (directive: ConstDirectiveNode, argument: string): string | undefined => {
  const value = directive.arguments?.find(({ name }) => name.value === argument)?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
};

/**
 * Sees through the names that `@link` lets a graph give: `import: [{ name: "@override", as: "@x" }]`,
 * `as: "f"` with `@f__override`, and a feature of its own such as inaccessible `as: "hidden"`. `@link` may
 * be renamed itself, so that it is known by its url. Where in doubt a directive stands for several.
 */
export function readDirectiveNames(document: DocumentNode): DirectiveNames {
  const meanings = new Map<string, Set<string>>();
  const mean = (written: string, name: string) => {
    const known = meanings.get(written) ?? new Set();
    meanings.set(written, known.add(name));
  };
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION)
      continue;
    for (const directive of definition.directives ?? []) {
      const url = argumentOf(directive, "url");
      if (url === undefined) continue;
      const feature = /([A-Za-z][\w-]*)(?:\/v\d+(?:\.\d+)*)?\/*$/.exec(url)?.[1];
      if (feature) mean(argumentOf(directive, "as") ?? feature, feature);
      for (const [written, name] of importsOf(directive)) mean(written, name);
    }
  }
  return ({ name: { value } }) => {
    const bare = value.replace(/^.*__/, "");
    const names = new Set(meanings.get(value));
    if (names.size === 0 || bare !== value) names.add(bare);
    return names;
  };
}

function importsOf(directive: ConstDirectiveNode): [written: string, name: string][] {
  const list = directive.arguments?.find(({ name }) => name.value === "import")?.value;
  if (list?.kind !== Kind.LIST) return [];
  return list.values.flatMap((entry): [string, string][] => {
    if (entry.kind === Kind.STRING) {
      const name = entry.value.replace(/^@/, "");
      return [[name, name]];
    }
    if (entry.kind !== Kind.OBJECT) return [];
    const member = (of: string) => {
      const value = entry.fields.find(({ name }) => name.value === of)?.value;
      return value?.kind === Kind.STRING ? value.value.replace(/^@/, "") : undefined;
    };
    const [name, as] = [member("name"), member("as")];
    return name === undefined ? [] : [[as ?? name, name]];
  });
}
