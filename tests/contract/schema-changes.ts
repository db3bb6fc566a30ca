import {
  buildASTSchema,
  type ConstDirectiveNode,
  findBreakingChanges,
  type GraphQLSchema,
  isInputObjectType,
  isObjectType,
  parse,
  print,
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
  return [
    ...shape,
    ...accessChanges(before, after),
    ...keyChanges(before, after),
    ...defaultChanges(before, after),
  ].toSorted();
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

/** A key less is an entity that partners' graphs can extend no more. */
function keyChanges(before: GraphQLSchema, after: GraphQLSchema): string[] {
  const kept = new Set(keysOf(after));
  return keysOf(before)
    .filter((key) => !kept.has(key))
    .map((key) => `KEY_REMOVED: ${key} is gone.`);
}

function keysOf(schema: GraphQLSchema): string[] {
  return Object.values(schema.getTypeMap()).flatMap((type) =>
    (type.astNode?.directives ?? [])
      .filter(({ name }) => name.value === "key")
      .map((key) => `${type.name} ${print(key)}`),
  );
}

/** What is left out means another thing, or must be said now; graphql-js compares the types alone. */
function defaultChanges(before: GraphQLSchema, after: GraphQLSchema): string[] {
  const now = defaultsOf(after);
  return [...defaultsOf(before)].flatMap(([place, value]) => {
    const other = now.get(place);
    return value === null || other === undefined || other === value
      ? []
      : [`DEFAULT_CHANGED: ${place} was ${value} if left out and is ${other ?? "nothing"}.`];
  });
}

/** Of every argument and input field; null where it has none. */
function defaultsOf(schema: GraphQLSchema): Map<string, string | null> {
  const types = Object.values(schema.getTypeMap());
  const inputs = types
    .filter(isInputObjectType)
    .flatMap((type) =>
      Object.values(type.getFields()).map(
        (field) => [`${type.name}.${field.name}`, field] as const,
      ),
    );
  const args = types
    .filter(isObjectType)
    .flatMap((type) => Object.values(type.getFields()).map((field) => ({ type, field })))
    .flatMap(({ type, field }) =>
      field.args.map((arg) => [`${type.name}.${field.name}(${arg.name})`, arg] as const),
    );
  return new Map(
    [...inputs, ...args].map(([place, { astNode }]) => [
      place,
      astNode?.defaultValue ? print(astNode.defaultValue) : null,
    ]),
  );
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
