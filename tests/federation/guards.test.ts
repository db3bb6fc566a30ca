import type { GraphQLResolveInfo } from "graphql";
import { expect, it } from "vitest";
import { encodeId } from "../../src/kernel/ids.ts";
import { BadUserInput } from "../../src/kernel/errors.ts";
import { type Scope, SCOPES } from "../../src/kernel/scopes.ts";
import type { Context } from "../../src/platform/graphql/builder.ts";
import { findNode } from "../../src/platform/graphql/node.ts";
import { buildSchema } from "../../src/schema.ts";

const id = encodeId("Shelter", "018f0000-0000-4000-8000-000000000001");

/** A caller with these scopes, and whether the database was asked anything for it. */
function callerWith(...scopes: readonly Scope[]) {
  const asked: PropertyKey[] = [];
  const session = new Proxy({} as Context["session"], {
    get(_, name) {
      if (name === "scopes") return new Set(scopes);
      asked.push(name);
      throw new Error("the database was asked");
    },
  });
  return { session, asked };
}

it("of representations of which one is malformed nothing is looked up, and it is named by its place", async () => {
  const schema = buildSchema();
  const { resolve } = schema.getQueryType()!.getFields()["_entities"]!;
  const { session, asked } = callerWith(...SCOPES);
  const representations = [{ __typename: "Shelter", id }, { __typename: "Shelter" }];
  let refusal: unknown;
  try {
    resolve!({}, { representations }, { session }, { schema } as GraphQLResolveInfo);
  } catch (error) {
    refusal = error;
  }
  // Whatever was to be looked up together would have been by now.
  await new Promise(setImmediate);
  expect(refusal).toBeInstanceOf(BadUserInput);
  expect((refusal as BadUserInput).issues.map(({ path }) => path)).toEqual([
    ["representations", 1],
  ]);
  expect(asked).toEqual([]);
});

it("without a scope to read it nothing is looked up under an id, and with one it is", async () => {
  const [without, within] = [callerWith("handoffs:read", "audit:read"), callerWith("beds:hold")];
  expect(await findNode(without.session, id)).toBeNull();
  expect(await findNode(within.session, id, "Handoff")).toBeNull();
  expect([...without.asked, ...within.asked]).toEqual([]);
  await expect(findNode(within.session, id)).rejects.toThrow("the database was asked");
});
