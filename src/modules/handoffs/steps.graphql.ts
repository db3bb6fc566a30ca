import { EnvelopeReplaced, IllegalTransition } from "../../kernel/refusals.ts";
import { builder, idempotencyKey } from "../../platform/graphql/builder.ts";
import { replacedBy, replaces } from "../../platform/graphql/envelopes.ts";
import { present } from "../../platform/graphql/loader.ts";
import { DomainErrorInterface, orRefusal, refusalOr } from "../../platform/graphql/refusals.ts";
import { RiskProfile } from "../advisories/index.ts";
import { AdvisoryInForce, CapacityExhausted, HoldBedsInput, KeptApart } from "../capacity/index.ts";
import { AlreadyAccepted } from "./errors.ts";
import {
  DocumentHeld,
  Handoff,
  HandoffReason,
  loadHandoff,
  Need,
  Placement,
  Priority,
} from "./handoffs.graphql.ts";
import { acceptHandoff, offerHandoff } from "./offers.actions.ts";
import { sealHandoff, stepHandoff } from "./steps.actions.ts";

builder.objectType(AlreadyAccepted, {
  name: "AlreadyAccepted",
  description: "Another candidate was first.",
  authenticated: true,
  interfaces: [DomainErrorInterface],
});

const OfferHandoffResult = builder.unionType("OfferHandoffResult", {
  types: [Handoff, AdvisoryInForce],
  resolveType: refusalOr("Handoff"),
});
const AcceptHandoffResult = builder.unionType("AcceptHandoffResult", {
  types: [
    Handoff,
    AlreadyAccepted,
    AdvisoryInForce,
    IllegalTransition,
    CapacityExhausted,
    KeptApart,
  ],
  resolveType: refusalOr("Handoff"),
});
const HandoffResult = builder.unionType("HandoffResult", {
  types: [Handoff, IllegalTransition, EnvelopeReplaced],
  resolveType: refusalOr("Handoff"),
});

const PartyInput = builder.inputType("PartyInput", {
  description: "1 to 50 people.",
  fields: (t) => ({
    adults: t.int({ required: true }),
    children: t.int({ required: true }),
    placement: t.field({ type: Placement, required: true, defaultValue: "TOGETHER" }),
  }),
});
const ConsentInput = builder.inputType("ConsentInput", {
  fields: (t) => ({
    purpose: t.field({ type: Need, required: true, description: "One of needs." }),
    givenAt: t.field({
      type: "DateTime",
      required: true,
      description: "At most 5 minutes in the future.",
    }),
    expiresAt: t.field({
      type: "DateTime",
      required: true,
      description: "In the future, by 366 days at most.",
    }),
    caregiver: t.boolean({
      required: true,
      defaultValue: false,
      description: "True where children travel alone: a caregiver gave it for them.",
    }),
  }),
});
const OfferHandoffInput = builder.inputType("OfferHandoffInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    candidateIds: t.idList({
      required: true,
      description:
        "1 to 20, each once, each of which gave the caller HANDOFFS_OFFER for a destination.",
    }),
    needs: t.field({ type: [Need], required: true, description: "One or more, each once." }),
    riskProfile: t.field({ type: RiskProfile, required: true }),
    party: t.field({ type: PartyInput, required: true }),
    priority: t.field({ type: Priority, required: true }),
    country: t.field({
      type: "CountryCode",
      required: true,
      description: "Where the people are.",
    }),
    destinations: t.field({
      type: ["CountryCode"],
      required: true,
      description: "1 to 20, each once, any of which would do.",
    }),
    documentsHeld: t.field({
      type: [DocumentHeld],
      required: true,
      description: "One or more, each once; NONE alone.",
    }),
    windowStart: t.field({ type: "Date", required: true, description: "The first night." }),
    windowEnd: t.field({
      type: "Date",
      required: true,
      description: "Exclusive. 1 to 366 days after windowStart, and not in the past.",
    }),
    consent: t.field({ type: ConsentInput, required: true }),
    caseReference: t.id({
      description:
        "The caller's own, a random UUID (RFC 9562, version 4) in lower case. It has one live offer at a time.",
    }),
  }),
});
builder.mutationField("offerHandoff", (t) =>
  t.field({
    type: OfferHandoffResult,
    description:
      "To each candidate, none of which sees another. AdvisoryInForce where advisories close every destination. NOT_FOUND for a candidate that did not let the caller offer, BAD_USER_INPUT also for a case reference with a live offer, RATE_LIMITED.",
    requiresScopes: [["handoffs:offer"]],
    args: { input: t.arg({ type: OfferHandoffInput, required: true }) },
    resolve: (_, { input }, { session }) =>
      orRefusal(async () => {
        const caseReference = input.caseReference ?? null;
        return present(
          loadHandoff(session, await offerHandoff(session, { ...input, caseReference })),
        );
      }, AdvisoryInForce),
  }),
);

const AcceptHandoffInput = builder.inputType("AcceptHandoffInput", {
  description: "With holdBeds both or neither; it needs beds:hold, too.",
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    id: t.id({ required: true }),
    caseReference: t.id({
      description:
        "The caller's own, a random UUID (RFC 9562, version 4) in lower case; never the sender's. Null: that of holdBeds, which has this one where it has none.",
    }),
    holdBeds: t.field({
      type: HoldBedsInput,
      description: "Its riskProfile is the handoff's; its idempotencyKey is not looked at.",
    }),
  }),
});
/** Without its key: that of the acceptance names the call. */
const holdWithin = ({ idempotencyKey: _, ...hold }: typeof HoldBedsInput.$inferInput) => ({
  ...hold,
  caseReference: hold.caseReference ?? null,
  keepApartFrom: hold.keepApartFrom ?? [],
});

builder.mutationField("acceptHandoff", (t) =>
  t.field({
    type: AcceptHandoffResult,
    description:
      "The first candidate wins. BAD_USER_INPUT where consent has ended. With holdBeds it is refused as holdBeds is, RATE_LIMITED too, and FORBIDDEN without beds:hold.",
    requiresScopes: [["handoffs:receive"]],
    args: { input: t.arg({ type: AcceptHandoffInput, required: true }) },
    resolve: (_, { input }, { session }) => {
      return orRefusal(
        async () => {
          const id = await acceptHandoff(session, {
            ...input,
            caseReference: input.caseReference ?? null,
            holdBeds: input.holdBeds ? holdWithin(input.holdBeds) : null,
          });
          return present(loadHandoff(session, id));
        },
        AlreadyAccepted,
        AdvisoryInForce,
        IllegalTransition,
        CapacityExhausted,
        KeptApart,
      );
    },
  }),
);

const HandoffStepInput = builder.inputType("HandoffStepInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    id: t.id({ required: true }),
    reason: t.field({
      type: HandoffReason,
      description:
        "Kept with the handoff where the step changes its state, not where a candidate acknowledges it or only drops out. withdrawConsent has its own.",
    }),
    envelopeDigest: t.field({
      type: "EnvelopeDigest",
      description:
        "Of receiveHandoff alone: the envelope that was read, and is safe where it was read. EnvelopeReplaced where another lies there. Null receives whatever lies there, though it was never read.",
    }),
  }),
});
const STEPS = [
  ["acknowledgeHandoff", "handoffs:receive", "It is read and will be decided."],
  ["rejectHandoff", "handoffs:receive", "The last candidate left; an earlier one only drops out."],
  [
    "receiveHandoff",
    "handoffs:receive",
    "Responsibility moves; the envelope is gone for good. Name it by envelopeDigest: the sender may have sealed another since it was read. BAD_USER_INPUT where consent has ended.",
  ],
  [
    "holdHandoff",
    "handoffs:receive",
    "ON_HOLD until it is resumed. LIMIT_EXCEEDED where it has changed 200 times.",
  ],
  [
    "resumeHandoff",
    "handoffs:receive",
    "Back to where it was. IllegalTransition while an advisory forbids it, and back to ACCEPTED while its sender is suspended or locked down and could not seal the file. BAD_USER_INPUT where consent has ended.",
  ],
  ["completeHandoff", "handoffs:receive", "What was needed is done."],
  [
    "failHandoff",
    "handoffs:receive",
    "Responsibility returns to the sender. BAD_USER_INPUT without a reason.",
  ],
  ["cancelHandoff", "handoffs:offer", "By the sender, from any state that is not final."],
  ["withdrawConsent", "handoffs:offer", "Destroys the envelope first, then cancels."],
] as const;
for (const [field, scope, description] of STEPS) {
  builder.mutationField(field, (t) =>
    t.field({
      type: HandoffResult,
      description,
      requiresScopes: [[scope]],
      args: { input: t.arg({ type: HandoffStepInput, required: true }) },
      resolve: (_, { input }, { session }) =>
        orRefusal(
          async () => {
            const { envelopeDigest, reason = null, ...rest } = input;
            // Left out where it is null: a key goes on naming the call that it named before there was a digest.
            const call = { ...rest, reason, ...(envelopeDigest && { envelopeDigest }) };
            return present(loadHandoff(session, await stepHandoff(session, field, call)));
          },
          IllegalTransition,
          EnvelopeReplaced,
        ),
    }),
  );
}

const SealHandoffInput = builder.inputType("SealHandoffInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    id: t.id({ required: true }),
    envelope: t.field({
      type: "SealedEnvelope",
      required: true,
      description: "Sealed to an active sealing key of the recipient; its sub is this id.",
    }),
    replaces: replaces(t),
  }),
});
builder.mutationField("sealHandoff", (t) =>
  t.field({
    type: HandoffResult,
    description:
      "The case file, for the recipient alone until it has received it. Say what it replaces: sealed again, the earlier is gone. BAD_USER_INPUT names what is wrong with an envelope, which the server cannot open, or says that consent has ended. RATE_LIMITED.",
    requiresScopes: [["handoffs:offer"]],
    args: { input: t.arg({ type: SealHandoffInput, required: true }) },
    resolve: (_, { input }, { session }) =>
      orRefusal(
        async () => {
          const sealing = { ...input, replaces: replacedBy(input.replaces) };
          return present(loadHandoff(session, await sealHandoff(session, sealing)));
        },
        IllegalTransition,
        EnvelopeReplaced,
      ),
  }),
);
