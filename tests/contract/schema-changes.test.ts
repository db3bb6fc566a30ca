import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { breakingChanges, type Declared, unsettledChanges } from "./schema-changes.ts";

const read = (file: string) => readFileSync(`schema/${file}`, "utf8");

it("the schema breaks nothing that partners rely on, but what was declared", () => {
  const declared = JSON.parse(read("breaking-changes.json")) as Declared[];
  const changes = breakingChanges(read("released.graphql"), read("network.graphql"));
  expect(unsettledChanges(changes, declared)).toEqual([]);
});

it("each key, default and scope of the schema itself would be missed", () => {
  const network = read("network.graphql").replaceAll(/"""[^]*?"""/g, "");
  const removable = / @key\(.*?\)| = (?!\S+ \|)[\w"]+(?=[,)\n])|@requiresScopes\(.*?\]\]\)/g;
  const found = [...network.matchAll(removable)];
  const places = new Map(found.map(({ 0: place, index }) => [place, index]));
  expect([found.length > 70, places.size > 20]).toEqual([true, true]);
  for (const [place, index] of places) {
    const without = `${network.slice(0, index)}${network.slice(index + place.length)}`;
    expect([place, breakingChanges(network, without).length]).toEqual([place, 1]);
  }
});

const RELEASED = `
  type Query { beds(country: String, first: Int! = 20): Int @requiresScopes(scopes: [["beds:read"]]) circle: Circle @authenticated }
  type Circle @key(fields: "id") @authenticated { id: ID! name: String kind: Kind }
  enum Kind { OPEN CLOSED }
  input Search { country: String beds: Int! = 1 }
  interface Named { id: ID! }
  type Kin implements Named @authenticated { id: ID! }
  union Grantee = Circle | Kin`;

describe("a change", () => {
  it.each<[string, string, string]>([
    ["a field that goes", " name: String ", " "],
    ["a type that changes", "name: String", "name: Int"],
    ["a value that may be missing now", "id: ID!", "id: ID"],
    ["an argument that must be given", "(country: String,", "(country: String!,"],
    ["an argument that goes", "(country: String, ", "("],
    ["an enum value that goes", "OPEN CLOSED", "OPEN"],
    ["an input that must be given", "{ country: String", "{ country: String locality: String!"],
    ["an argument that had a default", "first: Int! = 20", "first: Int!"],
    ["another default of an argument", "first: Int! = 20", "first: Int! = 5"],
    ["an input that had a default", "beds: Int! = 1", "beds: Int!"],
    ["another default of an input", "beds: Int! = 1", "beds: Int! = 2"],
    ["a key that goes", '@key(fields: "id") ', ""],
    ["a key that resolves nothing any more", '(fields: "id")', '(fields: "id", resolvable: false)'],
    ["another key", '(fields: "id")', '(fields: "id name")'],
    ["a member of a union that goes", "Grantee = Circle | Kin", "Grantee = Circle"],
    ["an interface that goes", "implements Named ", ""],
    ["a type that goes", "input Search", "input Look"],
    ["another kind of type", "enum Kind { OPEN CLOSED }", "scalar Kind"],
    ["a list for one", "name: String", "name: [String]"],
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
    ["a choice more to make", "{ country: String", "{ country: String locality: String"],
    ["a default where there was none", "country: String ", 'country: String = "AM" '],
    ["a key more", '@key(fields: "id")', '@key(fields: "id") @key(fields: "name")'],
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
