import { readFileSync } from "node:fs";
import {
  type DocumentNode,
  GraphQLUnionType,
  Kind,
  parse,
  print,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from "graphql";
import { describe, expect, it } from "vitest";
import { printOperations, readOperations } from "../../src/cli/operations.ts";
import { buildSchema } from "../../src/schema.ts";

const schema = buildSchema();
const operations = [...readOperations()];

/** What normalising caches add to a document that lacks it, and then its bytes are others. */
function withTypenames(document: DocumentNode): DocumentNode {
  return visit(document, {
    SelectionSet(node, _, parent) {
      const isRoot = parent && "kind" in parent && parent.kind === Kind.OPERATION_DEFINITION;
      const [first] = node.selections;
      if (isRoot || (first?.kind === Kind.FIELD && first.name.value === "__typename")) return;
      const typename = {
        kind: Kind.FIELD,
        name: { kind: Kind.NAME, value: "__typename" },
      } as const;
      return { ...node, selections: [typename, ...node.selections] };
    },
  });
}

/** Members of the unions it selects from that it has no fields for, and the root fields it uses. */
function coverageOf(document: DocumentNode) {
  const types = new TypeInfo(schema);
  const roots: string[] = [];
  const missed: string[] = [];
  const visitor = visitWithTypeInfo(types, {
    Field(node) {
      const parent = types.getParentType();
      if (
        parent === schema.getQueryType() ||
        parent === schema.getMutationType() ||
        parent === schema.getSubscriptionType()
      )
        roots.push(`${parent!.name}.${node.name.value}`);
    },
    SelectionSet(node) {
      const type = types.getType();
      const union = types.getParentType();
      if (!(union instanceof GraphQLUnionType)) return;
      const named = node.selections.flatMap((selection) =>
        selection.kind === Kind.INLINE_FRAGMENT ? [selection.typeCondition?.name.value] : [],
      );
      const lacking = union.getTypes().filter(({ name }) => !named.includes(name));
      missed.push(...lacking.map(({ name }) => `${String(type)}: ${name}`));
    },
  });
  visit(document, visitor);
  return { roots, missed };
}

describe("the documents of dashboards and bots", () => {
  it.each(operations)(
    "%s is one valid operation of that name, and hears every outcome",
    (name, text) => {
      const document = parse(text);
      expect(document.definitions).toMatchObject([
        { kind: Kind.OPERATION_DEFINITION, name: { value: name } },
      ]);
      expect(validate(schema, document)).toEqual([]);
      expect(coverageOf(document).missed).toEqual([]);
    },
  );

  it.each(operations)("%s is what every client makes of it, to the byte", (_, text) => {
    expect(print(withTypenames(parse(text)))).toBe(text);
  });

  it("use every root field: write an operation for a new one into schema/operations", () => {
    const used = new Set(operations.flatMap(([, text]) => coverageOf(parse(text)).roots));
    const all = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
      .flatMap((type) =>
        Object.keys(type?.getFields() ?? {}).map((field) => `${type!.name}.${field}`),
      )
      .filter((name) => !name.includes("._"));
    expect(all.filter((name) => !used.has(name))).toEqual([]);
  });

  it("are typed as they are generated: run `npm run generate`", async () => {
    expect(readFileSync("src/client/operations.ts", "utf8")).toBe(await printOperations(schema));
  });
});

it("a result that a document is deaf to is told", () => {
  const deaf =
    "mutation M($input: HandoffStepInput!) { cancelHandoff(input: $input) { ... on Handoff { id } } }";
  expect(coverageOf(parse(deaf)).missed).toEqual(
    ["EnvelopeReplaced", "IllegalTransition"].map((member) => `HandoffResult!: ${member}`),
  );
});
