import { encodeId } from "../../kernel/ids.ts";
import { builder } from "../../platform/graphql/builder.ts";
import { connectionOf, pageArgs, pageOf } from "../../platform/graphql/connection.ts";
import { groupLoaderOf, loaderOf } from "../../platform/graphql/loader.ts";
import { findNode, Node, nodeOf } from "../../platform/graphql/node.ts";
import { RiskProfile, type RiskProfileName } from "../advisories/index.ts";
import { CaseReference } from "../capacity/index.ts";
import { Organisation, type OrganisationCard, organisationOf } from "../organisations/index.ts";
import {
  findEnvelopes,
  findHandoffReferences,
  findHandoffs,
  findHandoffsOf,
  findTransitions,
  listInbox,
  listOutbox,
} from "./handoffs.queries.ts";
import { HANDOFF_STATUSES, type HandoffStatus } from "./handoffs.rules.ts";

export type HandoffRow = Awaited<ReturnType<typeof findHandoffs>>[number] & {
  /** Where it was read with it. */
  readonly sender?: OrganisationCard;
};
type TransitionRow = Awaited<ReturnType<typeof findTransitions>>[number];
export const loadHandoff = loaderOf(findHandoffs, ({ id }) => id);
const loadTransitions = groupLoaderOf(findTransitions, ({ handoff_id }) => handoff_id);
const loadReference = loaderOf(findHandoffReferences, ({ handoff_id }) => handoff_id);
const loadEnvelope = loaderOf(findEnvelopes, ({ handoff_id }) => handoff_id);
const loadHandoffsOf = groupLoaderOf(findHandoffsOf, ({ case_reference }) => case_reference);

const HandoffStatusEnum = builder.enumType("HandoffStatus", {
  description:
    "Who may fire each edge is in the design; an illegal one is an IllegalTransition, never a silent no-op.",
  values: HANDOFF_STATUSES,
});
const HandoffParty = builder.enumType("HandoffParty", {
  values: ["SENDER", "RECIPIENT", "CLOCK", "NETWORK"] as const,
});
export const Need = builder.enumType("Need", {
  values: [
    "SHELTER",
    "TRAVEL_DOCUMENT",
    "HUMANITARIAN_VISA",
    "LEGAL_DEFENCE",
    "TRANSPORT",
    "MEDICAL",
    "PSYCHOSOCIAL",
    "INTERPRETING",
    "CASH",
  ] as const,
});
export const Priority = builder.enumType("Priority", {
  description: "Acknowledge within 24 h, 72 h, 14 d (IASC).",
  values: ["EMERGENCY", "URGENT", "ROUTINE"] as const,
});
export const Placement = builder.enumType("Placement", {
  values: ["TOGETHER", "APART"] as const,
});
export const DocumentHeld = builder.enumType("DocumentHeld", {
  values: [
    "NONE",
    "INTERNAL_PASSPORT",
    "FOREIGN_PASSPORT",
    "SUBSTITUTE_TRAVEL_DOCUMENT",
    "HUMANITARIAN_VISA",
  ] as const,
});
export const HandoffReason = builder.enumType("HandoffReason", {
  values: [
    "NO_CAPACITY",
    "OUT_OF_SCOPE",
    "UNSAFE_COUNTRY",
    "CONSENT_WITHDRAWN",
    "NO_ANSWER",
    "ORGANISATION_SUSPENDED",
    "PERSON_DECLINED",
    "PLAN_CHANGED",
    "DELIVERED",
    "OTHER",
  ] as const,
});

const Party = builder.objectRef<HandoffRow>("Party");
Party.implement({
  authenticated: true,
  fields: (t) => ({
    adults: t.exposeInt("adults"),
    children: t.exposeInt("children"),
    placement: t.field({
      type: Placement,
      resolve: ({ placement }) => placement as "TOGETHER",
    }),
  }),
});
const Consent = builder.objectRef<HandoffRow>("Consent");
Consent.implement({
  description: "Of the people concerned, for one purpose and for a time.",
  authenticated: true,
  fields: (t) => ({
    purpose: t.field({ type: Need, resolve: (row) => row.consent_purpose as "SHELTER" }),
    givenAt: t.field({ type: "DateTime", resolve: (row) => row.consent_given_at }),
    expiresAt: t.field({ type: "DateTime", resolve: (row) => row.consent_expires_at }),
    caregiver: t.boolean({
      description: "Given by a caregiver, for children.",
      resolve: (row) => row.consent_by_caregiver,
    }),
    withdrawnAt: t.field({
      type: "DateTime",
      nullable: true,
      resolve: (row) => row.consent_withdrawn_at,
    }),
  }),
});
const HandoffTransition = builder.objectRef<TransitionRow>("HandoffTransition");
HandoffTransition.implement({
  authenticated: true,
  fields: (t) => ({
    to: t.field({ type: HandoffStatusEnum, resolve: ({ status }) => status as HandoffStatus }),
    by: t.field({ type: HandoffParty, resolve: ({ party }) => party as "CLOCK" }),
    at: t.field({
      type: "DateTime",
      description: "Rounded down to the hour.",
      resolve: ({ at }) => at,
    }),
  }),
});

export const Handoff = builder.objectRef<HandoffRow>("Handoff");
Handoff.implement({
  description:
    "Responsibility for a case moves from one organisation to another. The case itself never enters the graph.",
  authenticated: true,
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => encodeId("Handoff", id) }),
    status: t.field({ type: HandoffStatusEnum, resolve: (row) => row.status_now }),
    sender: t.field({
      type: Organisation,
      resolve: ({ sender, sender_id }, _, { session }) =>
        sender ?? organisationOf(session, sender_id),
    }),
    recipient: t.field({
      type: Organisation,
      nullable: true,
      description: "Set once accepted; candidates see each other never.",
      resolve: ({ recipient_id }, _, { session }) =>
        recipient_id === null ? null : organisationOf(session, recipient_id),
    }),
    needs: t.field({ type: [Need], resolve: ({ needs }) => needs as "SHELTER"[] }),
    riskProfile: t.field({
      type: RiskProfile,
      resolve: (row) => row.risk_profile as RiskProfileName,
    }),
    party: t.field({ type: Party, resolve: (row) => row }),
    priority: t.field({ type: Priority, resolve: ({ priority }) => priority as "URGENT" }),
    country: t.field({
      type: "CountryCode",
      description: "Where the people are.",
      resolve: ({ country }) => country,
    }),
    destinations: t.field({
      type: ["CountryCode"],
      description: "Any of which would do.",
      resolve: ({ destinations }) => destinations,
    }),
    documentsHeld: t.field({
      type: [DocumentHeld],
      resolve: (row) => row.documents_held as "NONE"[],
    }),
    windowStart: t.field({ type: "Date", resolve: (row) => row.window_start }),
    windowEnd: t.field({ type: "Date", resolve: (row) => row.window_end }),
    consent: t.field({ type: Consent, resolve: (row) => row }),
    acknowledgedAt: t.field({
      type: "DateTime",
      nullable: true,
      resolve: (row) => row.acknowledged_at,
    }),
    acknowledgeBy: t.field({ type: "DateTime", resolve: (row) => row.acknowledge_by }),
    decideBy: t.field({
      type: "DateTime",
      description: "Twice the time to acknowledge; then it is EXPIRED.",
      resolve: (row) => row.decide_by,
    }),
    reason: t.field({
      type: HandoffReason,
      nullable: true,
      resolve: ({ status_now, reason }) =>
        status_now === "EXPIRED" ? "NO_ANSWER" : (reason as "OTHER" | null),
    }),
    caseReference: t.field({
      type: CaseReference,
      nullable: true,
      description: "The caller's own reference, sender's or recipient's; never the other side's.",
      resolve: async ({ id }, _, { session }) => {
        const reference = await loadReference(session, id);
        return reference && { id: reference.case_reference };
      },
    }),
    envelope: t.field({
      type: "SealedEnvelope",
      nullable: true,
      description:
        "Case file sealed to the recipient, for it alone: from acceptance until receipt, then gone for good.",
      resolve: async ({ id }, _, { session }) =>
        (await loadEnvelope(session, id))?.envelope ?? null,
    }),
    history: t.field({
      type: [HandoffTransition],
      resolve: ({ id }, _, { session }) => loadTransitions(session, id),
    }),
  }),
});
nodeOf("Handoff", loadHandoff, [["handoffs:read"], ["handoffs:offer"], ["handoffs:receive"]]);
builder.asEntity(Handoff, {
  key: builder.selection<{ id: string }>("id"),
  resolveReference: ({ id }, { session }) =>
    findNode(session, id, "Handoff") as Promise<HandoffRow | null>,
});

builder.objectField(CaseReference, "handoffs", (t) =>
  t.field({
    type: [Handoff],
    description: "The caller's own, as sender and as recipient.",
    resolve: ({ id }, _, { session }) => loadHandoffsOf(session, id),
  }),
);

const HandoffBox = builder.enumType("HandoffBox", { values: ["INBOX", "OUTBOX"] as const });
const HandoffConnection = connectionOf("Handoff", Handoff);
builder.queryField("handoffs", (t) =>
  t.field({
    type: HandoffConnection,
    description: "INBOX: offered to the caller, or accepted by it. OUTBOX: its own offers.",
    requiresScopes: [["handoffs:read"]],
    args: {
      box: t.arg({ type: HandoffBox, required: true }),
      statuses: t.arg({ type: [HandoffStatusEnum] }),
      ...pageArgs(t.arg),
    },
    resolve: (_, { box, statuses = null, ...page }, { session }) =>
      pageOf<HandoffRow>(
        page,
        (after, limit) =>
          box === "INBOX"
            ? listInbox(session.read, statuses, after, limit)
            : listOutbox(session.read, session.organisationId, statuses, after, limit),
        ({ id }) => id,
      ),
  }),
);
