import { encodeId } from "../../kernel/ids.ts";
import { NAME } from "../../kernel/names.ts";
import { builder, idempotencyKey } from "../../platform/graphql/builder.ts";
import { about } from "../../platform/graphql/costs.ts";
import { groupLoaderOf, loaderOf, present } from "../../platform/graphql/loader.ts";
import { Node, nodeOf } from "../../platform/graphql/node.ts";
import { createCircle, setCircleMembers } from "./circles.actions.ts";
import { findCircles, findMembers, findStewards, listCircles } from "./circles.queries.ts";
import { Organisation, organisationOf } from "./organisations.graphql.ts";

type CircleRow = Awaited<ReturnType<typeof findCircles>>[number];
export const loadCircle = loaderOf(findCircles, ({ id }) => id);
const loadSteward = loaderOf(findStewards, ({ circle_id }) => circle_id);
const loadMembers = groupLoaderOf(findMembers, ({ circle_id }) => circle_id);

export const Circle = builder.objectRef<CircleRow>("Circle");
Circle.implement({
  description: "Organisations that know of each other, and that a grant can be given to as one.",
  authenticated: true,
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => encodeId("Circle", id) }),
    name: t.exposeString("name", { description: "Not unique." }),
    steward: t.field({
      type: Organisation,
      description:
        "Always a member. Told also to who has left the circle and once gave it a grant.",
      resolve: ({ id }, _, { session }) => present(loadSteward(session, id)),
    }),
    members: t.field({
      type: [Organisation],
      complexity: about(50),
      description: "The steward among them; none for who has left it.",
      resolve: async ({ id }, _, { session }) =>
        Promise.all(
          (await loadMembers(session, id)).map(({ organisation_id }) =>
            organisationOf(session, organisation_id),
          ),
        ),
    }),
  }),
});
nodeOf("Circle", loadCircle, [["organisations:read"]]);

builder.queryField("circles", (t) =>
  t.field({
    type: [Circle],
    complexity: about(10),
    description: "Those the caller is in; a network admin's are all, 200 at most.",
    requiresScopes: [["organisations:read"]],
    resolve: (_, __, { session }) => listCircles(session.read),
  }),
);

const CreateCircleInput = builder.inputType("CreateCircleInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    name: t.string({ required: true, description: `${NAME}.` }),
    stewardId: t.id({ required: true, description: "Is a member, listed or not." }),
    memberIds: t.idList({ required: true, description: "At most 200." }),
  }),
});
builder.mutationField("createCircle", (t) =>
  t.field({
    type: Circle,
    description:
      "Its members know of one another from then on; nothing else is shared by it. NOT_FOUND for a member that is not there, LIMIT_EXCEEDED for the 201st circle of the network.",
    requiresScopes: [["network:admin"]],
    args: { input: t.arg({ type: CreateCircleInput, required: true }) },
    resolve: async (_, { input }, { session }) =>
      present(loadCircle(session, await createCircle(session, input))),
  }),
);

const SetCircleMembersInput = builder.inputType("SetCircleMembersInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    circleId: t.id({ required: true }),
    memberIds: t.idList({
      required: true,
      description: "All of them, at most 200; the steward stays.",
    }),
  }),
});
builder.mutationField("setCircleMembers", (t) =>
  t.field({
    type: Circle,
    description:
      "Who leaves loses what was granted to the circle, for good; who joins gets none of it until its owner grants it again. NOT_FOUND for a member that is not there.",
    requiresScopes: [["network:admin"]],
    args: { input: t.arg({ type: SetCircleMembersInput, required: true }) },
    resolve: async (_, { input }, { session }) =>
      present(loadCircle(session, await setCircleMembers(session, input))),
  }),
);
