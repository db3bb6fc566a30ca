import { readFileSync } from "node:fs";
import { printSubgraphSchema } from "@apollo/subgraph";
import SchemaBuilder from "@pothos/core";
import { GraphQLObjectType } from "graphql";
import { describe, expect, it } from "vitest";
import { printCommandReference } from "../../src/cli/command-reference.ts";
import { describeCommands } from "../../src/cli/commands.ts";
import { composeWithNetwork } from "../../src/cli/compose.ts";
import { printErrorReference } from "../../src/cli/error-reference.ts";
import { ERROR_CODES } from "../../src/kernel/errors.ts";
import { builder } from "../../src/platform/graphql/builder.ts";
import { buildSchema } from "../../src/schema.ts";

describe("the schema", () => {
  it("is committed as it is generated: run `npm run generate`", () => {
    expect(readFileSync("schema/network.graphql", "utf8")).toBe(
      `${printSubgraphSchema(buildSchema())}\n`,
    );
  });

  it("is committed as the example's gateway composes it: run `npm run generate`", () => {
    const [network, cases, supergraph] = [
      "schema/network.graphql",
      "examples/partner/cases.graphql",
      "schema/supergraph.graphql",
    ].map((path) => readFileSync(path, "utf8"));
    expect(composeWithNetwork(network!, cases!)).toEqual({ ok: true, supergraph });
  });

  it("has each code and refusal in docs/errors.md: run `npm run generate`", () => {
    const reference = printErrorReference(buildSchema());
    expect(readFileSync("docs/errors.md", "utf8")).toBe(reference);
    const refusals = [
      ...readFileSync("schema/network.graphql", "utf8").matchAll(
        /^type (\w+) implements DomainError/gm,
      ),
    ].map(([, name]) => name);
    expect(refusals.length).toBeGreaterThan(4);
    for (const name of [...ERROR_CODES, ...refusals]) expect(reference).toContain(`### ${name}\n`);
  });

  it("has each command and its exit codes in docs/command-line.md: run `npm run generate`", async () => {
    const commands = await describeCommands();
    expect(readFileSync("docs/command-line.md", "utf8")).toBe(printCommandReference(commands));
    expect(commands.map(({ name }) => name)).toContain("keys publish");
    for (const { usage } of commands) {
      expect(usage).toContain("--json");
      expect(usage).toMatch(/^Example: {2}.+/m);
    }
  });

  it("says of every root field who may use it", () => {
    const schema = buildSchema();
    for (const type of [schema.getQueryType(), schema.getMutationType()]) {
      expect(type).toBeInstanceOf(GraphQLObjectType);
      for (const field of Object.values(type!.getFields())) {
        if (field.name.startsWith("_")) continue;
        const directives = JSON.stringify(field.extensions["directives"] ?? {});
        expect(`${field.name} ${directives}`).toMatch(/requiresScopes|authenticated/);
      }
    }
  });

  it("cannot be built with a field that says nothing of who may see it", () => {
    const another = new SchemaBuilder(builder.options) as typeof builder;
    another.queryType({});
    another.queryField("undeclared", (t) => t.string({ resolve: () => "secret" }));
    expect(() => another.toSchema()).toThrow("Query.undeclared says nothing of who may see it");
  });
});
