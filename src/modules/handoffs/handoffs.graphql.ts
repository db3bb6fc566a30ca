import { encodeId } from "../../kernel/ids.ts";
import { builder } from "../../platform/graphql/builder.ts";
import { connectionOf, pageArgs, pageOf } from "../../platform/graphql/connection.ts";
import { about, ENVELOPE_COST, MOST_OF_CASE, ofCase } from "../../platform/graphql/costs.ts";
import { caseLoaderOf, groupLoaderOf, loaderOf } from "../../platform/graphql/loader.ts";
import { findNode, Node, nodeOf } from "../../platform/graphql/node.ts";
import { selectedOfNodes } from "../../platform/graphql/selection.ts";
import { RiskProfile } from "../advisories/index.ts";
import { CaseReference } from "../capacity/index.ts";
import { Organisation, organisationOf, wholeOrganisation } from "../organisations/index.ts";
import {
  findAcknowledgements,
  findEnvelopes,
  findFilesToRetiredKeys,
  findHandoffReferences,
  findHandoffs,
  findHandoffsOf,
  findReceipts,
  findSealedFiles,
  findTransitions,
  type HandoffRow,
  listInbox,
  listOutbox,
} from "./handoffs.queries.ts";
import {
  DOCUMENTS_HELD,
  HANDOFF_REASONS,
  type HandoffStatus,
  LIVE,
  NEEDS,
} from "./handoffs.rules.ts";

type TransitionRow = Awaited<ReturnType<typeof findTransitions>>[number];
export const loadHandoff = loaderOf(findHandoffs, ({ id }) => id);
const loadTransitions = groupLoaderOf(findTransitions, ({ handoff_id }) => handoff_id);
const loadReference = loaderOf(findHandoffReferences, ({ handoff_id }) => handoff_id);
const loadAcknowledgement = loaderOf(findAcknowledgements, ({ handoff_id }) => handoff_id);
const loadEnvelope = loaderOf(findEnvelopes, ({ handoff_id }) => handoff_id);
const loadSealedFile = loaderOf(findSealedFiles, ({ handoff_id }) => handoff_id);
const loadRetiredKey = loaderOf(findFilesToRetiredKeys, ({ handoff_id }) => handoff_id);
const loadReceipt = loaderOf(findReceipts, ({ id }) => id);
const loadHandoffsOf = caseLoaderOf(findHandoffsOf);

const HandoffStatusEnum = builder.enumType("HandoffStatus", {
  description:
    "Each tells by whom and from where it is reached. Any other step is an IllegalTransition, never a silent no-op.",
  values: {
    REQUESTED: { description: "By the sender (offerHandoff). Any candidate may accept or reject." },
    ACCEPTED: {
      description:
        "By the first candidate (acceptHandoff), from REQUESTED: now it is the recipient. The sender seals the file to it.",
    },
    IN_PROGRESS: {
      description:
        "By the recipient (receiveHandoff), from ACCEPTED with the file there: responsibility has moved. 30 days after its last step and the end of its consent it is gone for both sides, and no event tells: end it before.",
    },
    ON_HOLD: {
      description:
        "By the recipient (holdHandoff), from ACCEPTED or IN_PROGRESS, or by the network: one side is suspended or locked down, or advisories in force close every destination. resumeHandoff leads back to where it was; what was only REQUESTED goes back by itself, and no HANDOFF_CHANGED tells of either: ADVISORY_CHANGED does to whoever may see the advisory, and the list to everybody.",
    },
    COMPLETED: {
      description: "By the recipient (completeHandoff), from IN_PROGRESS. Final, like those below.",
    },
    REJECTED: { description: "By the last candidate left (rejectHandoff), from REQUESTED." },
    CANCELLED: {
      description: "By the sender (cancelHandoff, withdrawConsent), from any that is not final.",
    },
    FAILED: {
      description:
        "By the recipient (failHandoff), from ACCEPTED, IN_PROGRESS or ON_HOLD: responsibility is the sender's again.",
    },
    EXPIRED: {
      description:
        "By the clock: REQUESTED at decideBy, ACCEPTED where no file was sealed within the time to acknowledge, counted anew when it is resumed, or one lay there for 14 days or until its consent ended, and was purged then, ten minutes later at most.",
    },
  } as const satisfies Record<HandoffStatus, object>,
});
const HandoffParty = builder.enumType("HandoffParty", {
  values: {
    SENDER: {},
    RECIPIENT: { description: "Or a candidate." },
    CLOCK: { description: "A deadline has passed." },
    NETWORK: { description: "A side was suspended or locked down, or an advisory is in force." },
  } as const,
});
export const Need = builder.enumType("Need", {
  description: "SHELTER, TRAVEL_DOCUMENT and HUMANITARIAN_VISA are matched, by HandoffMatches.",
  values: NEEDS,
});
export const Priority = builder.enumType("Priority", {
  description: "Acknowledge within 24 h, 72 h, 14 d (IASC); decide within twice that.",
  values: ["EMERGENCY", "URGENT", "ROUTINE"] as const,
});
export const Placement = builder.enumType("Placement", {
  values: {
    TOGETHER: { description: "All at one shelter." },
    APART: { description: "At several, where that is easier." },
  } as const,
});
export const DocumentHeld = builder.enumType("DocumentHeld", {
  description: "By anybody of the party. INTERNAL_PASSPORT: for use at home; few borders take it.",
  values: DOCUMENTS_HELD,
});
export const HandoffReason = builder.enumType("HandoffReason", {
  description:
    "Given with a step. The network itself gives NO_ANSWER, CONSENT_WITHDRAWN, ORGANISATION_SUSPENDED and UNSAFE_COUNTRY.",
  values: HANDOFF_REASONS,
});

const Party = builder.objectRef<HandoffRow["party"]>("Party");
Party.implement({
  authenticated: true,
  fields: (t) => ({
    adults: t.exposeInt("adults"),
    children: t.exposeInt("children"),
    placement: t.expose("placement", { type: Placement }),
  }),
});
const Consent = builder.objectRef<HandoffRow["consent"]>("Consent");
Consent.implement({
  description: "Of the people concerned, for one purpose and for a time.",
  authenticated: true,
  fields: (t) => ({
    purpose: t.expose("purpose", { type: Need }),
    givenAt: t.expose("givenAt", { type: "DateTime" }),
    expiresAt: t.expose("expiresAt", { type: "DateTime" }),
    caregiver: t.exposeBoolean("caregiver", { description: "Given by a caregiver, for children." }),
    withdrawnAt: t.expose("withdrawnAt", { type: "DateTime", nullable: true }),
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
    status: t.expose("status", { type: HandoffStatusEnum }),
    sender: t.field({
      type: Organisation,
      resolve: ({ sender }, _, { session }) => wholeOrganisation(session, sender),
    }),
    recipient: t.field({
      type: Organisation,
      nullable: true,
      description: "Set once accepted; candidates see each other never.",
      resolve: ({ recipientId }, _, { session }) =>
        recipientId === null ? null : organisationOf(session, recipientId),
    }),
    needs: t.expose("needs", { type: [Need] }),
    riskProfile: t.expose("riskProfile", { type: RiskProfile }),
    party: t.expose("party", { type: Party }),
    priority: t.expose("priority", { type: Priority }),
    country: t.expose("country", { type: "CountryCode", description: "Where the people are." }),
    destinations: t.expose("destinations", {
      type: ["CountryCode"],
      description: "Any of which would do.",
    }),
    documentsHeld: t.expose("documentsHeld", { type: [DocumentHeld] }),
    windowStart: t.expose("windowStart", { type: "Date", description: "The first night." }),
    windowEnd: t.expose("windowEnd", {
      type: "Date",
      description: "Exclusive: the day of departure.",
    }),
    consent: t.expose("consent", { type: Consent }),
    acknowledgedAt: t.field({
      type: "DateTime",
      nullable: true,
      description:
        "To the sender: by whichever candidate did so first, then by the recipient. To all others their own.",
      resolve: async ({ id, sender, recipientId, acknowledgedAt }, _, { session }) =>
        acknowledgedAt === null || [sender.id, recipientId].includes(session.organisationId)
          ? acknowledgedAt
          : ((await loadAcknowledgement(session, id))?.acknowledgedAt ?? null),
    }),
    acknowledgeBy: t.expose("acknowledgeBy", {
      type: "DateTime",
      description: "By its priority; nothing ends when it passes.",
    }),
    decideBy: t.expose("decideBy", {
      type: "DateTime",
      description: "Twice the time to acknowledge; what is REQUESTED then is EXPIRED.",
    }),
    reason: t.field({
      type: HandoffReason,
      nullable: true,
      description: "Of the last step that gave one; of a rejection, to its sender alone.",
      resolve({ status, reason, sender }, _, { session }) {
        if (status === "EXPIRED") return "NO_ANSWER";
        // The last candidate's: those that dropped out before read the handoff still, and never see one another.
        return status === "REJECTED" && sender.id !== session.organisationId ? null : reason;
      },
    }),
    caseReference: t.field({
      type: CaseReference,
      nullable: true,
      description: "The caller's own reference, sender's or recipient's; never the other side's.",
      resolve: ({ id }, _, { session }) => loadReference(session, id),
    }),
    envelope: t.field({
      type: "SealedEnvelope",
      nullable: true,
      complexity: ENVELOPE_COST,
      description:
        "Case file sealed to the recipient, for it alone, with handoffs:receive: from acceptance until receipt, then gone for good. Gone before that with an end, a suspension of either side or its consent, and 14 days after it was sealed.",
      resolve: async ({ id }, _, { session }) =>
        (await loadEnvelope(session, id))?.envelope ?? null,
    }),
    envelopeDigest: t.field({
      type: "EnvelopeDigest",
      nullable: true,
      description:
        "Of the envelope that lies there, to its sender alone, with handoffs:read or handoffs:offer, which cannot read it: ACCEPTED and null, it is to be sealed. Null to all others: a recipient makes it of what it has read.",
      resolve: async ({ id }, _, { session }) =>
        (await loadSealedFile(session, id))?.digest.toString("base64url") ?? null,
    }),
    envelopeKeyRetiredAt: t.field({
      type: "DateTime",
      nullable: true,
      description:
        "Of the key that the envelope is sealed to, to both sides: its recipient may be able to open it no more, and its sender seals it anew. Null while the key is active, and where no envelope lies.",
      resolve: async ({ id }, _, { session }) =>
        (await loadRetiredKey(session, id))?.retired_at ?? null,
    }),
    receivedDigest: t.field({
      type: "EnvelopeDigest",
      nullable: true,
      description:
        "Of the envelope that was received, to both sides: which one it was, of several that may have been sealed. Null until receipt.",
      resolve: async ({ id }, _, { session }) =>
        (await loadReceipt(session, id))?.digest?.toString("base64url") ?? null,
    }),
    history: t.field({
      type: [HandoffTransition],
      complexity: about(50),
      description: "In order, from REQUESTED on.",
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
    description:
      "The caller's own, as sender and as recipient; none without a scope for handoffs. At most 30, those that are not final first; LIMIT_EXCEEDED where more than 30 are not, or where it has more than 200.",
    complexity: about(MOST_OF_CASE),
    resolve: async ({ id }, _, { session }) => ofCase(await loadHandoffsOf(session, id), LIVE),
  }),
);
const HandoffBox = builder.enumType("HandoffBox", { values: ["INBOX", "OUTBOX"] as const });
const HandoffConnection = connectionOf("Handoff", Handoff);
builder.queryField("handoffs", (t) =>
  t.field({
    type: HandoffConnection,
    description:
      "INBOX: offered to the caller, or accepted by it. OUTBOX: its own offers. What has ended is told for 30 days.",
    requiresScopes: [["handoffs:read"]],
    args: {
      box: t.arg({ type: HandoffBox, required: true }),
      statuses: t.arg({
        type: [HandoffStatusEnum],
        description: "As they are now. Null: every one; empty: none.",
      }),
      ...pageArgs(t.arg),
    },
    resolve: (_, { box, statuses = null, ...page }, { session }, info) => {
      const selected = selectedOfNodes(info);
      return pageOf<HandoffRow>(
        page,
        (after, limit) =>
          box === "INBOX"
            ? listInbox(session, selected, statuses, after, limit)
            : listOutbox(session.read, selected, statuses, after, limit),
        ({ id }) => id,
      );
    },
  }),
);
