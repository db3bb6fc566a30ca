import { encodeId } from "../../kernel/ids.ts";
import type { Scope } from "../../kernel/scopes.ts";
import { builder, idempotencyKey } from "../../platform/graphql/builder.ts";
import { connectionOf, pageArgs, pageOf } from "../../platform/graphql/connection.ts";
import { loaderOf, present } from "../../platform/graphql/loader.ts";
import { Node, nodeOf } from "../../platform/graphql/node.ts";
import {
  Circle,
  loadCircle,
  Organisation,
  organisationOf,
  ScopeEnum,
} from "../organisations/index.ts";
import { grantScopes, revokeGrant } from "./grants.actions.ts";
import { findGrants, listGrants } from "./grants.queries.ts";

type GrantRow = Awaited<ReturnType<typeof findGrants>>[number];
const loadGrant = loaderOf(findGrants, ({ id }) => id);

const Grantee = builder.unionType("Grantee", {
  types: [Organisation, Circle],
  resolveType: (row) => ("handle" in row ? "Organisation" : "Circle"),
});

const SharingGrant = builder.objectRef<GrantRow>("SharingGrant");
SharingGrant.implement({
  description:
    "The owner lets one organisation, or a circle, use these scopes on the owner's resources. Nothing is shared without one. A grant to a circle covers the members of the moment it was given: who joins later gets nothing until the owner gives it again.",
  authenticated: true,
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => encodeId("SharingGrant", id) }),
    owner: t.field({
      type: Organisation,
      resolve: ({ owner_id }, _, { session }) => organisationOf(session, owner_id),
    }),
    grantee: t.field({
      type: Grantee,
      resolve: ({ organisation_id, circle_id }, _, { session }) =>
        organisation_id === null
          ? present(loadCircle(session, circle_id!))
          : organisationOf(session, organisation_id),
    }),
    scopes: t.field({
      type: [ScopeEnum],
      description: "What its owner lacks by now it gives in name only.",
      resolve: ({ scopes }) => scopes as Scope[],
    }),
    countries: t.field({
      type: ["CountryCode"],
      nullable: true,
      description: "Null: every country.",
      resolve: ({ countries }) => countries,
    }),
    validFrom: t.field({ type: "DateTime", resolve: ({ valid_from }) => valid_from }),
    validUntil: t.field({
      type: "DateTime",
      nullable: true,
      description: "Exclusive. Null: until revoked.",
      resolve: ({ valid_until }) => valid_until,
    }),
    revokedAt: t.field({
      type: "DateTime",
      nullable: true,
      resolve: ({ revoked_at }) => revoked_at,
    }),
  }),
});
nodeOf("SharingGrant", loadGrant, [["sharing:manage"]]);

const GrantDirection = builder.enumType("GrantDirection", {
  values: ["GIVEN", "RECEIVED"] as const,
});
const SharingGrantConnection = connectionOf("SharingGrant", SharingGrant);

builder.queryField("sharingGrants", (t) =>
  t.field({
    type: SharingGrantConnection,
    description:
      "GIVEN: all of the caller's own, the ended too, for a year. RECEIVED: those that reach it, now or from a later day on.",
    requiresScopes: [["sharing:manage"]],
    args: { direction: t.arg({ type: GrantDirection, required: true }), ...pageArgs(t.arg) },
    resolve: (_, { direction, ...page }, { session }) =>
      pageOf(
        page,
        (after, limit) => listGrants(session.read, direction, after, limit),
        ({ id }) => id,
      ),
  }),
);

const GrantScopesInput = builder.inputType("GrantScopesInput", {
  description: "Exactly one of organisationId and circleId.",
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    organisationId: t.id({ description: "Another than the caller's own." }),
    circleId: t.id(),
    scopes: t.field({
      type: [ScopeEnum],
      required: true,
      description:
        "One or more, each once, of BEDS_READ, BEDS_HOLD, CONSULATES_READ, CONSULATES_REVEAL and HANDOFFS_OFFER, those the owner has itself.",
    }),
    countries: t.field({
      type: ["CountryCode"],
      description: "One or more, each once. Null: every country.",
    }),
    validFrom: t.field({
      type: "DateTime",
      description: "At most 5 minutes in the past. Null: from now on.",
    }),
    validUntil: t.field({
      type: "DateTime",
      description: "Exclusive; in the future, and after validFrom. Null: until revoked.",
    }),
  }),
});
builder.mutationField("grantScopes", (t) =>
  t.field({
    type: SharingGrant,
    description:
      "NOT_FOUND for a grantee that the caller may not know of, BAD_USER_INPUT for a scope that its organisation lacks, LIMIT_EXCEEDED where all that it gave one organisation comes to more than 100 grants, or 5,000 pairs of scope and country, those that have ended, too, until they are revoked, and for a circle whose members, scopes and countries multiply to more than 10,000. RATE_LIMITED.",
    requiresScopes: [["sharing:manage"]],
    args: { input: t.arg({ type: GrantScopesInput, required: true }) },
    resolve: async (_, { input }, { session }) => {
      const id = await grantScopes(session, {
        ...input,
        organisationId: input.organisationId ?? null,
        circleId: input.circleId ?? null,
        countries: input.countries ?? null,
        validFrom: input.validFrom ?? null,
        validUntil: input.validUntil ?? null,
      });
      return present(loadGrant(session, id));
    },
  }),
);

const RevokeGrantInput = builder.inputType("RevokeGrantInput", {
  fields: (t) => ({ idempotencyKey: idempotencyKey(t), id: t.id({ required: true }) }),
});
builder.mutationField("revokeGrant", (t) =>
  t.field({
    type: SharingGrant,
    description: "From the commit on it lets nobody in. What is held already stays held.",
    requiresScopes: [["sharing:manage"]],
    args: { input: t.arg({ type: RevokeGrantInput, required: true }) },
    resolve: async (_, { input }, { session }) =>
      present(loadGrant(session, await revokeGrant(session, input))),
  }),
);
