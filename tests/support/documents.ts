import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";
import type { Random } from "./random.ts";

export interface Values {
  readonly ids: readonly string[];
  readonly handles: readonly string[];
  readonly cursors: readonly string[];
  readonly dates: readonly string[];
}

/** A field is asked for as `<name>__<n>`, so that an answer says what each of its members is. */
export const fieldOf = (alias: string) => alias.split("__")[0]!;

/** A random query over the whole schema: nested, aliased, in fragments, with ids and cursors of anyone. */
export function randomQuery(schema: GraphQLSchema, random: Random, values: Values): string {
  let aliases = 0;
  const fragments: string[] = [];

  function selection(type: GraphQLNamedType, depth: number): string {
    if (isAbstractType(type)) {
      const kinds = random.some(schema.getPossibleTypes(type), 0.7);
      return `{ __typename ${kinds.map((kind) => `... on ${kind.name} ${selection(kind, depth)}`).join(" ")} }`;
    }
    if (!isObjectType(type)) return "";
    const fields = Object.values(type.getFields()).filter(({ name }) => name !== "_service");
    const isRoot = type === schema.getQueryType();
    const chosen = isRoot
      ? [random.pick(fields), random.pick(fields)]
      : random.some(fields, depth > 3 ? 0.45 : 0.65);
    const members = chosen.flatMap((field) => {
      const named = getNamedType(field.type);
      if (isCompositeType(named) && depth >= 7) return [];
      const sub = isCompositeType(named) ? selection(named, depth + 1) : "";
      return [`${field.name}__${aliases++}: ${field.name}${args(field.args)} ${sub}`];
    });
    const self = isRoot ? "" : `__typename ${type.getFields()["id"] ? "id" : ""}`;
    const body = `{ ${self} ${members.join(" ")} }`;
    if (isRoot || !random.chance(0.2)) return body;
    const name = `f${fragments.length}`;
    fragments.push(`fragment ${name} on ${type.name} ${body}`);
    return `{ __typename ...${name} }`;
  }

  function args(list: readonly GraphQLArgument[]): string {
    const given = list.filter(
      // Naming a thumbprint changes what the caller may see; it has a test of its own.
      ({ name, type }) => name !== "thumbprint" && (isNonNullType(type) || random.chance(0.5)),
    );
    const written = given.map(({ name, type }) => `${name}: ${value(name, type)}`);
    return written.length > 0 ? `(${written.join(", ")})` : "";
  }

  function value(name: string, type: GraphQLInputType): string {
    if (isNonNullType(type)) return value(name, type.ofType);
    if (isListType(type)) {
      const count = random.below(3) + (name === "representations" ? 1 : 0);
      return `[${Array.from({ length: count }, () => value(name, type.ofType)).join(", ")}]`;
    }
    if (isEnumType(type)) return random.pick(type.getValues()).name;
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter(
        (field) => isNonNullType(field.type) || random.chance(0.2),
      );
      return `{ ${fields.map((field) => `${field.name}: ${value(field.name, field.type)}`).join(", ")} }`;
    }
    if (name === "after") return JSON.stringify(random.pick(values.cursors));
    if (name === "handle") return JSON.stringify(random.pick(values.handles));
    if (name === "checkOut" || name === "until") return JSON.stringify(values.dates[1]);
    switch (type.name) {
      case "Int":
        return String(name === "first" ? 1 + random.below(30) : 1 + random.below(3));
      case "Boolean":
        return String(random.chance(0.5));
      case "Date":
        return JSON.stringify(values.dates[0]);
      case "CountryCode":
        return JSON.stringify(random.pick(["AM", "GE"]));
      case "_Any": {
        const kind = random.pick(["Organisation", "Shelter", "CaseReference"]);
        return `{ __typename: "${kind}", id: ${JSON.stringify(random.pick(values.ids))} }`;
      }
      case "ID":
        return JSON.stringify(random.pick(values.ids));
      default:
        return JSON.stringify("Yerevan");
    }
  }

  const query = selection(schema.getQueryType()!, 0);
  return `query ${query} ${fragments.join(" ")}`;
}
