import {
  buildASTSchema,
  type ConstDirectiveNode,
  findBreakingChanges,
  type GraphQLSchema,
  isObjectType,
  parse,
} from "graphql";

export interface Declared {
  /** As this module prints it. */
  readonly change: string;
  readonly reason: string;
}

/** What partners' documents, gateways or rights would trip over, each as one line; in order. */
export function breakingChanges(released: string, current: string): string[] {
  const [before, after] = [read(released), read(current)];
  const shape = findBreakingChanges(before, after).map(
    ({ type, description }) => `${type}: ${description}`,
  );
  return [...shape, ...accessChanges(before, after)].toSorted();
}

/** Undeclared changes, and declarations of what does not happen; none, if partners were told the truth. */
export function unsettledChanges(
  changes: readonly string[],
  declared: readonly Declared[],
): string[] {
  const told = new Map(declared.map(({ change, reason }) => [change, reason.trim()]));
  return [
    ...changes
      .filter((change) => !told.get(change))
      .map(
        (change) =>
          `${change} This breaks partners: undo it, or declare it with a reason in schema/breaking-changes.json.`,
      ),
    ...declared
      .filter(({ change }) => !changes.includes(change))
      .map(({ change }) => `${change} This is declared and does not happen: take it out.`),
  ];
}

function read(sdl: string): GraphQLSchema {
  return buildASTSchema(parse(sdl), { assumeValid: true, assumeValidSDL: true });
}

/** A scope more is a call refused; a scope less is a right that nobody decided to give. */
function accessChanges(before: GraphQLSchema, after: GraphQLSchema): string[] {
  const rights = accessOf(after);
  return [...accessOf(before)].flatMap(([field, right]) => {
    const now = rights.get(field);
    return now === undefined || now === right
      ? []
      : [`ACCESS_CHANGED: ${field} needed ${right} and needs ${now}.`];
  });
}

function accessOf(schema: GraphQLSchema): Map<string, string> {
  const rights = new Map<string, string>();
  for (const type of Object.values(schema.getTypeMap()).filter(isObjectType)) {
    const ofType = rightOf(type.astNode?.directives);
    for (const field of Object.values(type.getFields())) {
      const own = rightOf(field.astNode?.directives);
      rights.set(`${type.name}.${field.name}`, own ?? ofType ?? "nothing");
    }
  }
  return rights;
}

function rightOf(directives: readonly ConstDirectiveNode[] | undefined): string | undefined {
  for (const { name, arguments: args } of directives ?? []) {
    if (name.value.endsWith("requiresScopes")) {
      const value = args?.[0]?.value;
      const lists = value?.kind === "ListValue" ? value.values : [];
      return lists
        .map((all) =>
          all.kind === "ListValue"
            ? all.values.map((one) => (one.kind === "StringValue" ? one.value : "")).join(" and ")
            : "",
        )
        .join(" or ");
    }
    if (name.value.endsWith("authenticated")) return "a token";
  }
  return undefined;
}
