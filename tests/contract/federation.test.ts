import { readFileSync } from "node:fs";
import { composeServices } from "@theguild/federation-composition";
import {
  type ConstDirectiveNode,
  type DocumentNode,
  isObjectType,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  print,
} from "graphql";
import { describe, expect, it } from "vitest";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { buildSchema } from "../../src/schema.ts";

const network = parse(readFileSync("schema/network.graphql", "utf8"));
const supergraph = parse(readFileSync("schema/supergraph.graphql", "utf8"));
const ENTITIES = ["CaseReference", "ConsulateContact", "Handoff", "Organisation", "Shelter"];

const objectsOf = ({ definitions }: DocumentNode) =>
  definitions.filter(
    (definition): definition is ObjectTypeDefinitionNode =>
      definition.kind === Kind.OBJECT_TYPE_DEFINITION,
  );
const ACCESS = ["authenticated", "requiresScopes"];
const accessOf = (directives: readonly ConstDirectiveNode[] = []) =>
  directives.filter(({ name }) => ACCESS.includes(name.value)).map((one) => print(one));
/** `Type` and `Type.field`, each with the directives that say who may see it. */
const accessIn = (document: DocumentNode) =>
  new Map(
    objectsOf(document).flatMap(({ name, directives, fields = [] }) => [
      [name.value, accessOf(directives)] as const,
      ...fields.map(
        (field) => [`${name.value}.${field.name.value}`, accessOf(field.directives)] as const,
      ),
    ]),
  );

describe("the network's graph", () => {
  it("composes alone", () => {
    const { errors } = composeServices([{ name: "network", typeDefs: network }]);
    expect(errors).toBeUndefined();
  });

  it("has five entities, each with the key id", () => {
    const keyed = objectsOf(network).filter(({ directives }) =>
      directives?.some(({ name }) => name.value === "key"),
    );
    expect(keyed.map(({ name }) => name.value)).toEqual(ENTITIES);
    for (const { directives } of keyed) {
      const keys = directives!.filter(({ name }) => name.value === "key");
      expect(keys.map((one) => print(one))).toEqual(['@key(fields: "id")']);
    }
  });

  it("prints for every type and field what was declared in the code, and nothing else", () => {
    const printed = accessIn(network);
    for (const type of Object.values(buildSchema().getTypeMap())) {
      if (!isObjectType(type) || type.name.startsWith("_")) continue;
      const declared = (extensions: typeof type.extensions) => {
        const { requiresScopes, authenticated } = (extensions["pothosOptions"] ?? {}) as {
          requiresScopes?: string[][];
          authenticated?: boolean;
        };
        const lists = requiresScopes?.map((all) => `[${all.map((s) => `"${s}"`).join(", ")}]`);
        return [
          ...(authenticated ? ["@authenticated"] : []),
          ...(lists ? [`@requiresScopes(scopes: [${lists.join(", ")}])`] : []),
        ];
      };
      expect([type.name, printed.get(type.name)]).toEqual([type.name, declared(type.extensions)]);
      for (const field of Object.values(type.getFields())) {
        if (field.name.startsWith("_")) continue;
        const place = `${type.name}.${field.name}`;
        expect([place, printed.get(place)]).toEqual([place, declared(field.extensions)]);
      }
    }
  });

  it("leaves only the root types to their fields: federation lets no interface or union declare", () => {
    const silent = [...accessIn(network)].filter(
      ([place, access]) => !place.includes(".") && access.length === 0,
    );
    const roots = ["Mutation", "Query", "Subscription"];
    expect(silent.map(([place]) => place).filter((name) => !roots.includes(name))).toEqual([]);
  });

  it("names no scope that there is not", () => {
    const named = [...accessIn(network).values()]
      .flat()
      .flatMap((one) => one.match(/[a-z]+:[a-z]+/g) ?? []);
    expect(named.length).toBeGreaterThan(30);
    for (const scope of named) expect(SCOPES).toContain(scope);
  });
});

describe("the supergraph of the example", () => {
  it("keeps every declaration of who may see what", () => {
    const kept = accessIn(supergraph);
    const declared = [...accessIn(network)];
    expect(declared.length).toBeGreaterThan(200);
    for (const [place, access] of declared)
      expect([place, kept.get(place)]).toEqual([place, access]);
  });

  it("asks the network for all that is the network's, and the partner for the case alone", () => {
    const own = new Map(objectsOf(network).map((type) => [type.name.value, type.fields ?? []]));
    const ofPartner = objectsOf(supergraph).flatMap(({ name, directives, fields = [] }) =>
      fields
        .filter((field) => {
          const text = [...(directives ?? []), ...(field.directives ?? [])]
            .map((one) => print(one))
            .join();
          return (
            text.includes("CASES") &&
            !own.get(name.value)?.some((one) => one.name.value === field.name.value)
          );
        })
        .map((field) => `${name.value}.${field.name.value}`),
    );
    expect(ofPartner.toSorted()).toEqual([
      "CaseRecord.code",
      "CaseRecord.notes",
      "CaseRecord.reference",
      "CaseRecord.stage",
      "CaseReference.case",
      "Query.cases",
    ]);
    for (const { name, fields = [] } of objectsOf(supergraph)) {
      for (const field of fields) {
        if (!own.get(name.value)?.some((one) => one.name.value === field.name.value)) continue;
        const place = `${name.value}.${field.name.value}`;
        expect([place, field.directives?.map((one) => print(one)).join()]).not.toEqual([
          place,
          expect.stringContaining("CASES"),
        ]);
      }
    }
  });
});
