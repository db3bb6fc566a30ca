import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLResolveInfo,
  Kind,
  type OperationDefinitionNode,
  parse,
} from "graphql";
import { expect, it } from "vitest";
import { selectedOfNodes } from "../../src/platform/graphql/selection.ts";

const LEVELS = 12;

it("what is selected of a page is read once, by however many ways fragments lead to it", () => {
  const spread = (nth: number) => `...Below${nth} ...Below${nth}`;
  const levels = Array.from({ length: LEVELS }, (_, nth) => {
    const below = nth + 1 < LEVELS ? spread(nth + 1) : "... { deadline }";
    return `fragment Below${nth} on Handoff { ${below} }`;
  });
  const { definitions } = parse(
    `{ handoffs { edges { node { id ${spread(0)} } } } } ${levels.join(" ")}`,
  );
  const [{ selectionSet }, ...rest] = definitions as readonly [
    OperationDefinitionNode,
    ...FragmentDefinitionNode[],
  ];
  let read = 0;
  const fragments = new Proxy(Object.fromEntries(rest.map((one) => [one.name.value, one])), {
    get: (all, name) => (read++, all[String(name)]),
  });
  const fieldNodes = selectionSet.selections.filter(
    (one): one is FieldNode => one.kind === Kind.FIELD,
  );
  const selected = selectedOfNodes({ fieldNodes, fragments } as unknown as GraphQLResolveInfo);
  expect([...selected].toSorted()).toEqual(["deadline", "id"]);
  expect(read).toBe(2 * LEVELS);
});
