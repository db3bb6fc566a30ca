import { encodeId } from "../../kernel/ids.ts";
import { builder, idempotencyKey } from "../../platform/graphql/builder.ts";
import { connectionOf, pageArgs, pageOf } from "../../platform/graphql/connection.ts";
import { groupLoaderOf, loaderOf, present } from "../../platform/graphql/loader.ts";
import { Node, nodeOf } from "../../platform/graphql/node.ts";
import { Organisation, organisationOf } from "../organisations/index.ts";
import { confirmAdvisory, publishAdvisory, withdrawAdvisory } from "./advisories.actions.ts";
import { findAdvisories, findWarnings, listAdvisories } from "./advisories.queries.ts";
import { RISK_PROFILES, type RiskProfileName } from "./advisories.rules.ts";

type AdvisoryRow = Awaited<ReturnType<typeof findAdvisories>>[number];
export const loadAdvisory = loaderOf(findAdvisories, ({ id }) => id);
/** Of a country. */
export const loadWarnings = groupLoaderOf(findWarnings, ({ country }) => country);

export const RiskProfile = builder.enumType("RiskProfile", {
  description: "Why a state wants somebody, as far as an advisory may turn on it.",
  values: RISK_PROFILES,
});
const AdvisoryLevel = builder.enumType("AdvisoryLevel", {
  description: "For people to weigh. Whether it blocks, inForce alone says.",
  values: ["CAUTION", "AVOID", "NO_NEW_ARRIVALS"] as const,
});
const Hazard = builder.enumType("Hazard", {
  description:
    "What is to be feared in the country. WANTED_LIST_SHARING: its authorities act on the wanted lists of the state that people flee. PROGRAMME_PAUSED: what would have let them in, or on, is not to be had.",
  values: [
    "DEPORTATION",
    "ABDUCTION",
    "FACE_RECOGNITION",
    "WANTED_LIST_SHARING",
    "BORDER_CLOSED",
    "PROGRAMME_PAUSED",
  ] as const,
});

export const Advisory = builder.objectRef<AdvisoryRow>("Advisory");
Advisory.implement({
  description:
    "Warns at once; blocks new holds and acceptances for its risk profiles only when a second organisation has confirmed it. Lapses by itself. Seen by, and binding, those who may know its issuer.",
  authenticated: true,
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => encodeId("Advisory", id) }),
    country: t.field({ type: "CountryCode", resolve: ({ country }) => country }),
    riskProfiles: t.field({
      type: [RiskProfile],
      resolve: ({ risk_profiles }) => risk_profiles as RiskProfileName[],
    }),
    level: t.field({ type: AdvisoryLevel, resolve: ({ level }) => level as "AVOID" }),
    hazards: t.field({ type: [Hazard], resolve: ({ hazards }) => hazards as "ABDUCTION"[] }),
    issuer: t.field({
      type: Organisation,
      resolve: ({ issuer_id }, _, { session }) => organisationOf(session, issuer_id),
    }),
    confirmations: t.exposeInt("confirmations", {
      description: "By other organisations than its issuer.",
    }),
    inForce: t.exposeBoolean("in_force", {
      description: "Confirmed, effective, neither withdrawn nor lapsed: it blocks.",
    }),
    effectiveFrom: t.field({ type: "DateTime", resolve: (row) => row.effective_from }),
    expiresAt: t.field({
      type: "DateTime",
      description: "Exclusive: it has lapsed then.",
      resolve: (row) => row.expires_at,
    }),
    withdrawnAt: t.field({
      type: "DateTime",
      nullable: true,
      resolve: (row) => row.withdrawn_at,
    }),
  }),
});
nodeOf("Advisory", loadAdvisory, [["advisories:read"]]);

const AdvisoryConnection = connectionOf("Advisory", Advisory);
builder.queryField("advisories", (t) =>
  t.field({
    type: AdvisoryConnection,
    description: "Neither withdrawn nor lapsed; those of a later day too.",
    requiresScopes: [["advisories:read"]],
    args: {
      country: t.arg({ type: "CountryCode", description: "Null: every one." }),
      ...pageArgs(t.arg),
    },
    resolve: (_, { country, ...page }, { session }) =>
      pageOf(
        page,
        (after, limit) => listAdvisories(session.read, country ?? null, after, limit),
        ({ id }) => id,
      ),
  }),
);

const PublishAdvisoryInput = builder.inputType("PublishAdvisoryInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    country: t.field({ type: "CountryCode", required: true }),
    riskProfiles: t.field({
      type: [RiskProfile],
      required: true,
      description: "One or more, each once.",
    }),
    level: t.field({ type: AdvisoryLevel, required: true }),
    hazards: t.field({ type: [Hazard], required: true, description: "One or more, each once." }),
    effectiveFrom: t.field({
      type: "DateTime",
      description: "At most 5 minutes in the past. Null: from now on.",
    }),
    expiresAt: t.field({
      type: "DateTime",
      required: true,
      description: "In the future, and after effectiveFrom by at most 180 days.",
    }),
  }),
});
builder.mutationField("publishAdvisory", (t) =>
  t.field({
    type: Advisory,
    description:
      "Warns at once those who may know of the caller; blocks nothing until another organisation confirms it. LIMIT_EXCEEDED while a hundred of the caller's have neither lapsed nor been withdrawn, RATE_LIMITED.",
    requiresScopes: [["advisories:publish"]],
    args: { input: t.arg({ type: PublishAdvisoryInput, required: true }) },
    resolve: async (_, { input }, { session }) => {
      const effectiveFrom = input.effectiveFrom ?? null;
      return present(
        loadAdvisory(session, await publishAdvisory(session, { ...input, effectiveFrom })),
      );
    },
  }),
);

const AdvisoryStepInput = builder.inputType("AdvisoryStepInput", {
  fields: (t) => ({ idempotencyKey: idempotencyKey(t), id: t.id({ required: true }) }),
});
builder.mutationField("confirmAdvisory", (t) =>
  t.field({
    type: Advisory,
    description:
      "By another organisation than its issuer: puts it in force. BAD_USER_INPUT for the issuer, and once it is withdrawn or has lapsed.",
    requiresScopes: [["advisories:publish"]],
    args: { input: t.arg({ type: AdvisoryStepInput, required: true }) },
    resolve: async (_, { input }, { session }) =>
      present(loadAdvisory(session, await confirmAdvisory(session, input))),
  }),
);
builder.mutationField("withdrawAdvisory", (t) =>
  t.field({
    type: Advisory,
    description: "By its issuer, for good; NOT_FOUND to everybody else.",
    requiresScopes: [["advisories:publish"]],
    args: { input: t.arg({ type: AdvisoryStepInput, required: true }) },
    resolve: async (_, { input }, { session }) =>
      present(loadAdvisory(session, await withdrawAdvisory(session, input))),
  }),
);
