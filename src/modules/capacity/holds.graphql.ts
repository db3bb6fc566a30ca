import { encodeId, isReference } from "../../kernel/ids.ts";
import { IllegalTransition } from "../../kernel/refusals.ts";
import { builder, idempotencyKey } from "../../platform/graphql/builder.ts";
import { connectionOf, pageArgs, pageOf } from "../../platform/graphql/connection.ts";
import { groupLoaderOf, loaderOf, present } from "../../platform/graphql/loader.ts";
import { Node, nodeOf } from "../../platform/graphql/node.ts";
import { DomainErrorInterface, orRefusal, refusalOr } from "../../platform/graphql/refusals.ts";
import { Organisation, type OrganisationCard, organisationOf } from "../organisations/index.ts";
import { Advisory, loadAdvisory, RiskProfile } from "../advisories/index.ts";
import { changeBedHold, holdBeds, sendInstructions } from "./holds.actions.ts";
import {
  findHolds,
  findHoldsOf,
  findInstructions,
  findReferences,
  findStays,
  listHolds,
} from "./holds.queries.ts";
import type { BedHoldStatus, HoldMove } from "./capacity.rules.ts";
import { loadShelter, Shelter } from "./shelters.graphql.ts";
import { AdvisoryInForce, CapacityExhausted, KeptApart } from "./errors.ts";

type HoldRow = Awaited<ReturnType<typeof listHolds>>[number] & {
  /** Where they were read with it. */
  readonly holder?: OrganisationCard;
  readonly host?: OrganisationCard;
};
type StayRow = Awaited<ReturnType<typeof findStays>>[number];
const loadHold = loaderOf(findHolds, ({ id }) => id);
const loadStays = groupLoaderOf(findStays, ({ hold_id }) => hold_id);

const BedHoldStatusEnum = builder.enumType("BedHoldStatus", {
  values: ["HELD", "CONFIRMED", "RELEASED", "DECLINED", "EXPIRED", "ENDED"] as const,
});

const loadReference = loaderOf(findReferences, ({ hold_id }) => hold_id);
const loadInstructions = loaderOf(findInstructions, ({ hold_id }) => hold_id);
const loadHoldsOf = groupLoaderOf(findHoldsOf, ({ case_reference }) => case_reference);

const BedStay = builder.objectRef<StayRow>("BedStay");
BedStay.implement({
  authenticated: true,
  fields: (t) => ({
    shelter: t.field({
      type: Shelter,
      resolve: ({ shelter_id }, _, { session }) => present(loadShelter(session, shelter_id)),
    }),
    beds: t.exposeInt("beds"),
    checkIn: t.field({ type: "Date", resolve: ({ check_in }) => check_in }),
    checkOut: t.field({ type: "Date", resolve: ({ check_out }) => check_out }),
  }),
});

export const CaseReference = builder.objectRef<{ id: string }>("CaseReference");
const BedHold = builder.objectRef<HoldRow>("BedHold");
BedHold.implement({
  authenticated: true,
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => encodeId("BedHold", id) }),
    holder: t.field({
      type: Organisation,
      resolve: ({ holder, holder_id }, _, { session }) =>
        holder ?? organisationOf(session, holder_id),
    }),
    host: t.field({
      type: Organisation,
      resolve: ({ host, host_id }, _, { session }) => host ?? organisationOf(session, host_id),
    }),
    stays: t.field({
      type: [BedStay],
      resolve: ({ id }, _, { session }) => loadStays(session, id),
    }),
    status: t.field({
      type: BedHoldStatusEnum,
      resolve: ({ status }) => status as BedHoldStatus,
    }),
    expiresAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "Null once confirmed.",
      resolve: ({ expires_at }) => expires_at,
    }),
    caseReference: t.field({
      type: CaseReference,
      nullable: true,
      description: "The holder's own reference; null to the host.",
      resolve: async ({ id }, _, { session }) => {
        const reference = await loadReference(session, id);
        return reference && { id: reference.case_reference };
      },
    }),
    instructions: t.field({
      type: "SealedEnvelope",
      nullable: true,
      description:
        "Check-in instructions, sealed by the host to the holder, for it alone; gone with the hold.",
      resolve: async ({ id }, _, { session }) =>
        (await loadInstructions(session, id))?.envelope ?? null,
    }),
  }),
});
nodeOf("BedHold", loadHold, [["beds:hold"], ["beds:manage"]]);

CaseReference.implement({
  description:
    "An opaque reference, a random UUID (RFC 9562, version 4), that only the organisation which wrote it can see. A partner's own subgraph extends it with its case record, in its own gateway.",
  authenticated: true,
  fields: (t) => ({
    id: t.exposeID("id"),
    bedHolds: t.field({
      type: [BedHold],
      description: "The caller's own, with beds:hold; without it none.",
      resolve: ({ id }, _, { session }) => loadHoldsOf(session, id),
    }),
  }),
});
// Any UUID is answered alike, with what the caller itself wrote under it: the row says nothing more.
builder.asEntity(CaseReference, {
  key: builder.selection<{ id: string }>("id"),
  resolveReference: ({ id }) => (isReference(id) ? { id } : null),
});

builder.objectType(CapacityExhausted, {
  name: "CapacityExhausted",
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
  authenticated: true,
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    advisory: t.field({
      type: Advisory,
      resolve: ({ advisoryId }, _, { session }) => present(loadAdvisory(session, advisoryId)),
    }),
  }),
});
builder.objectType(KeptApart, {
  name: "KeptApart",
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
  types: [BedHold, IllegalTransition],
  resolveType: refusalOr("BedHold"),
});

const HoldSide = builder.enumType("HoldSide", { values: ["HOLDER", "HOST"] as const });
const BedHoldConnection = connectionOf("BedHold", BedHold);

builder.queryField("bedHolds", (t) =>
  t.field({
    type: BedHoldConnection,
    description:
      "As holder with beds:hold, as host with beds:manage; the side without its scope is empty.",
    requiresScopes: [["beds:hold"], ["beds:manage"]],
    args: {
      side: t.arg({ type: HoldSide, required: true }),
      statuses: t.arg({ type: [BedHoldStatusEnum] }),
      ...pageArgs(t.arg),
    },
    resolve: (_, { side, statuses, ...page }, { session }) => {
      const of = { side, organisationId: session.organisationId, statuses: statuses ?? null };
      return pageOf<HoldRow>(
        page,
        (after, limit) => listHolds(session.read, of, after, limit),
        ({ id }) => id,
      );
    },
  }),
);

const BedStayInput = builder.inputType("BedStayInput", {
  fields: (t) => ({
    shelterId: t.id({ required: true }),
    beds: t.int({ required: true }),
    checkIn: t.field({ type: "Date", required: true }),
    checkOut: t.field({ type: "Date", required: true }),
  }),
});
export const HoldBedsInput = builder.inputType("HoldBedsInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    stays: t.field({
      type: [BedStayInput],
      required: true,
      description: "1 to 20, all at one host.",
    }),
    ttlMinutes: t.int({
      required: true,
      defaultValue: 60,
      description: "From 1 to 10080 (a week).",
    }),
    riskProfile: t.field({ type: RiskProfile, required: true }),
    caseReference: t.id({
      description: "The caller's own, a random UUID (RFC 9562, version 4); the host never sees it.",
    }),
    keepApartFrom: t.idList({
      description:
        "At most 50 of the caller's own case references or holds, that must not stay at the same shelter in the same nights.",
    }),
  }),
});

builder.mutationField("holdBeds", (t) =>
  t.field({
    type: HoldBedsResult,
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
  { field: "confirmBedHold", input: "ConfirmBedHoldInput", to: "CONFIRMED", scope: "beds:hold" },
  { field: "releaseBedHold", input: "ReleaseBedHoldInput", to: "RELEASED", scope: "beds:hold" },
  { field: "declineBedHold", input: "DeclineBedHoldInput", to: "DECLINED", scope: "beds:manage" },
] as const satisfies { field: string; input: string; to: HoldMove; scope: string }[];
for (const { field, input: name, to, scope } of MOVES) {
  const Input = builder.inputType(name, {
    fields: (t) => ({ idempotencyKey: idempotencyKey(t), id: t.id({ required: true }) }),
  });
  builder.mutationField(field, (t) =>
    t.field({
      type: BedHoldResult,
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
  }),
});
builder.mutationField("sendInstructions", (t) =>
  t.field({
    type: BedHoldResult,
    description: "By the host, while it is held or confirmed; sent again, the earlier are gone.",
    requiresScopes: [["beds:manage"]],
    args: { input: t.arg({ type: SendInstructionsInput, required: true }) },
    resolve: (_, { input }, { session }) =>
      orRefusal(
        async () => present(loadHold(session, await sendInstructions(session, input))),
        IllegalTransition,
      ),
  }),
);
