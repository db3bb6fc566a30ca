import { encodeId } from "../../kernel/ids.ts";
import { EnvelopeReplaced, IllegalTransition } from "../../kernel/refusals.ts";
import type { Scope } from "../../kernel/scopes.ts";
import { builder, idempotencyKey } from "../../platform/graphql/builder.ts";
import { replacedBy, replaces } from "../../platform/graphql/envelopes.ts";
import { present } from "../../platform/graphql/loader.ts";
import { DomainErrorInterface, orRefusal, refusalOr } from "../../platform/graphql/refusals.ts";
import { Advisory, loadAdvisory, RiskProfile } from "../advisories/index.ts";
import { type HoldMove, LONGEST_HOLD_MINUTES, USUAL_HOLD_MINUTES } from "./capacity.rules.ts";
import { AdvisoryInForce, CapacityExhausted, KeptApart } from "./errors.ts";
import { changeBedHold, holdBeds, sendInstructions } from "./holds.actions.ts";
import { BedHold, loadHold } from "./holds.graphql.ts";

builder.objectType(CapacityExhausted, {
  name: "CapacityExhausted",
  description: "Too few beds are free, or a night is not open yet; nothing was held.",
  authenticated: true,
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    shelterId: t.id({
      description: "The first stay that could not be met.",
      resolve: ({ shelterId }) => encodeId("Shelter", shelterId),
    }),
  }),
});
builder.objectType(AdvisoryInForce, {
  name: "AdvisoryInForce",
  description: "It forbids the country for the risk profile.",
  authenticated: true,
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    advisory: t.field({
      type: Advisory,
      description: "One of those that do.",
      resolve: ({ advisoryId }, _, { session }) => present(loadAdvisory(session, advisoryId)),
    }),
  }),
});
builder.objectType(KeptApart, {
  name: "KeptApart",
  description: "Somebody stays there from whom the party is to be kept apart; nothing was held.",
  authenticated: true,
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    shelterId: t.id({
      description: "Where one of keepApartFrom stays in the same nights.",
      resolve: ({ shelterId }) => encodeId("Shelter", shelterId),
    }),
  }),
});
const HoldBedsResult = builder.unionType("HoldBedsResult", {
  types: [BedHold, AdvisoryInForce, CapacityExhausted, KeptApart],
  resolveType: refusalOr("BedHold"),
});
const BedHoldResult = builder.unionType("BedHoldResult", {
  types: [BedHold, IllegalTransition, EnvelopeReplaced],
  resolveType: refusalOr("BedHold"),
});

const BedStayInput = builder.inputType("BedStayInput", {
  fields: (t) => ({
    shelterId: t.id({ required: true }),
    beds: t.int({ required: true, description: "From 1 to 10000." }),
    checkIn: t.field({
      type: "Date",
      required: true,
      description: "The first night: yesterday (UTC) or later.",
    }),
    checkOut: t.field({
      type: "Date",
      required: true,
      description: "Exclusive. 1 to 366 nights after checkIn, or the shelter's maxStayNights.",
    }),
  }),
});
export const HoldBedsInput = builder.inputType("HoldBedsInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    stays: t.field({
      type: [BedStayInput],
      required: true,
      description: "1 to 20, all at one host, at most 1000 nights in all.",
    }),
    ttlMinutes: t.int({
      required: true,
      defaultValue: USUAL_HOLD_MINUTES,
      description: `From 1 to ${LONGEST_HOLD_MINUTES} (a week).`,
    }),
    riskProfile: t.field({ type: RiskProfile, required: true }),
    caseReference: t.id({
      description:
        "The caller's own, a random UUID (RFC 9562, version 4) in lower case; the host never sees it.",
    }),
    keepApartFrom: t.idList({
      description:
        "At most 50 of the caller's own case references or holds, that must not stay at the same shelter in the same nights. NOT_FOUND for a hold that is not there; a reference without holds keeps from nobody.",
    }),
  }),
});

builder.mutationField("holdBeds", (t) =>
  t.field({
    type: HoldBedsResult,
    description:
      "All stays or none. NOT_FOUND for a shelter that is not shared for it with the caller, RATE_LIMITED.",
    requiresScopes: [["beds:hold"]],
    args: { input: t.arg({ type: HoldBedsInput, required: true }) },
    resolve: (_, { input }, { session }) =>
      orRefusal(
        async () => {
          const { id, hold } = await holdBeds(session, {
            ...input,
            caseReference: input.caseReference ?? null,
            keepApartFrom: input.keepApartFrom ?? [],
          });
          return hold ?? present(loadHold(session, id));
        },
        AdvisoryInForce,
        CapacityExhausted,
        KeptApart,
      ),
  }),
);

const MOVES = [
  [
    "confirmBedHold",
    "CONFIRMED",
    "beds:hold",
    "By the holder. IllegalTransition too where the host shares the beds no longer: allowed is to release it.",
  ],
  ["releaseBedHold", "RELEASED", "beds:hold", "By the holder, confirmed or not."],
  [
    "declineBedHold",
    "DECLINED",
    "beds:manage",
    "By the host, while it is not confirmed. Confirmed beds are taken back by nobody: their holder releases them, and whoever must ask for that sends it instructions.",
  ],
] as const satisfies [field: string, to: HoldMove, scope: Scope, description: string][];
for (const [field, to, scope, description] of MOVES) {
  const Input = builder.inputType(`${field[0]!.toUpperCase()}${field.slice(1)}Input`, {
    fields: (t) => ({ idempotencyKey: idempotencyKey(t), id: t.id({ required: true }) }),
  });
  builder.mutationField(field, (t) =>
    t.field({
      type: BedHoldResult,
      description,
      requiresScopes: [[scope]],
      args: { input: t.arg({ type: Input, required: true }) },
      resolve: (_, { input }, { session }) =>
        orRefusal(
          async () => present(loadHold(session, await changeBedHold(session, input, to))),
          IllegalTransition,
        ),
    }),
  );
}

const SendInstructionsInput = builder.inputType("SendInstructionsInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    id: t.id({ required: true }),
    envelope: t.field({
      type: "SealedEnvelope",
      required: true,
      description: "Sealed to an active sealing key of the holder; its sub is this id.",
    }),
    replaces: replaces(t),
  }),
});
builder.mutationField("sendInstructions", (t) =>
  t.field({
    type: BedHoldResult,
    description:
      "By the host, while it is held or confirmed. Say what they replace: sent again, the earlier are gone. RATE_LIMITED.",
    requiresScopes: [["beds:manage"]],
    args: { input: t.arg({ type: SendInstructionsInput, required: true }) },
    resolve: (_, { input }, { session }) =>
      orRefusal(
        async () => {
          const sealing = { ...input, replaces: replacedBy(input.replaces) };
          return present(loadHold(session, await sendInstructions(session, sealing)));
        },
        IllegalTransition,
        EnvelopeReplaced,
      ),
  }),
);
