import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { breakingChanges, type Declared, unsettledChanges } from "./schema-changes.ts";

const read = (file: string) => readFileSync(`schema/${file}`, "utf8");

it("the schema breaks nothing that partners rely on, but what was declared", () => {
  const declared = JSON.parse(read("breaking-changes.json")) as Declared[];
  const changes = breakingChanges(read("released.graphql"), read("network.graphql"));
  expect(unsettledChanges(changes, declared)).toEqual([]);
});

const RELEASED = `
  type Query { beds(country: String): Int @requiresScopes(scopes: [["beds:read"]]) circle: Circle @authenticated }
  type Circle @authenticated { id: ID! name: String kind: Kind }
  enum Kind { OPEN CLOSED }
  input Search { country: String }
  union Grantee = Circle`;

describe("a change", () => {
  it.each<[string, string, string]>([
    ["a field that goes", " name: String ", " "],
    ["a type that changes", "name: String", "name: Int"],
    ["a value that may be missing now", "id: ID!", "id: ID"],
    ["an argument that must be given", "(country: String)", "(country: String!)"],
    ["an argument that goes", "(country: String)", ""],
    ["an enum value that goes", "OPEN CLOSED", "OPEN"],
    ["an input that must be given", "{ country: String }", "{ country: String locality: String! }"],
    ["a scope more", '[["beds:read"]]', '[["beds:read", "beds:hold"]]'],
    ["a scope of its own, instead", '[["beds:read"]]', '[["beds:hold"]]'],
    ["no scope any more", '@requiresScopes(scopes: [["beds:read"]])', "@authenticated"],
    ["nothing to be had a token for", "circle: Circle @authenticated", "circle: Circle"],
  ])("is found: %s", (_, from, to) => {
    expect(RELEASED).toContain(from);
    expect(breakingChanges(RELEASED, RELEASED.replace(from, to))).toHaveLength(1);
  });

  it.each<[string, string, string]>([
    ["a field more", "name: String", "name: String size: Int"],
    ["a choice more to make", "{ country: String }", "{ country: String locality: String }"],
    ["a promise more", "name: String", "name: String!"],
  ])("is nobody's harm: %s", (_, from, to) => {
    expect(breakingChanges(RELEASED, RELEASED.replace(from, to))).toEqual([]);
  });

  it("is settled by a declaration with a reason, which may not outlive it", () => {
    const [change] = breakingChanges(RELEASED, RELEASED.replace("name: String", ""));
    const reason = "Nobody reads it.";
    expect(unsettledChanges([change!], [{ change: change!, reason }])).toEqual([]);
    expect(unsettledChanges([change!], [])).toHaveLength(1);
    expect(unsettledChanges([change!], [{ change: change!, reason: " " }])).toHaveLength(1);
    expect(unsettledChanges([], [{ change: change!, reason }])).toHaveLength(1);
  });
});
