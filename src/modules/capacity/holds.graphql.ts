import { encodeId, isReference } from "../../kernel/ids.ts";
import { builder } from "../../platform/graphql/builder.ts";
import { connectionOf, pageArgs, pageOf } from "../../platform/graphql/connection.ts";
import { about, ENVELOPE_COST, MOST_OF_CASE, ofCase } from "../../platform/graphql/costs.ts";
import { caseLoaderOf, groupLoaderOf, loaderOf, present } from "../../platform/graphql/loader.ts";
import { Node, nodeOf } from "../../platform/graphql/node.ts";
import { Organisation, wholeOrganisation } from "../organisations/index.ts";
import {
  findHolds,
  findHoldsOf,
  findInstructions,
  findInstructionsToRetiredKeys,
  findSealedInstructions,
  findReferences,
  findStays,
  type HoldRow,
  listHolds,
} from "./holds.queries.ts";
import { type BedHoldStatus, HOLD_EDGES } from "./capacity.rules.ts";
import { loadShelter, Shelter } from "./shelters.graphql.ts";

type StayRow = Awaited<ReturnType<typeof findStays>>[number];
export const loadHold = loaderOf(findHolds, ({ id }) => id);
const loadStays = groupLoaderOf(findStays, ({ hold_id }) => hold_id);

const BedHoldStatusEnum = builder.enumType("BedHoldStatus", {
  values: {
    HELD: { description: "By the holder, until expiresAt: the beds are nobody else's." },
    CONFIRMED: { description: "By the holder, from HELD: the beds are occupied." },
    RELEASED: { description: "By the holder, from HELD or CONFIRMED: the beds are free again." },
    DECLINED: { description: "By the host, from HELD: the beds are free again." },
    EXPIRED: { description: "By the clock, from HELD at expiresAt: the beds are free again." },
    ENDED: {
      description: "By the clock, from CONFIRMED when the day of the last check-out is over (UTC).",
    },
  } as const satisfies Record<BedHoldStatus, object>,
});

const loadReference = loaderOf(findReferences, ({ hold_id }) => hold_id);
const loadSealed = loaderOf(findSealedInstructions, ({ hold_id }) => hold_id);
const loadRetiredKey = loaderOf(findInstructionsToRetiredKeys, ({ hold_id }) => hold_id);
const loadInstructions = loaderOf(findInstructions, ({ hold_id }) => hold_id);
const loadHoldsOf = caseLoaderOf(findHoldsOf);

const BedStay = builder.objectRef<StayRow>("BedStay");
BedStay.implement({
  authenticated: true,
  fields: (t) => ({
    shelter: t.field({
      type: Shelter,
      resolve: ({ shelter_id }, _, { session }) => present(loadShelter(session, shelter_id)),
    }),
    beds: t.exposeInt("beds"),
    checkIn: t.field({
      type: "Date",
      description: "The first night.",
      resolve: ({ check_in }) => check_in,
    }),
    checkOut: t.field({
      type: "Date",
      description: "Exclusive: the day of departure.",
      resolve: ({ check_out }) => check_out,
    }),
  }),
});

export const CaseReference = builder.objectRef<{ id: string }>("CaseReference");
export const BedHold = builder.objectRef<HoldRow>("BedHold");
BedHold.implement({
  description:
    "Beds of one host that are kept for one holder: all stays or none. A step from a state that has no such edge is an IllegalTransition.",
  authenticated: true,
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => encodeId("BedHold", id) }),
    holder: t.field({
      type: Organisation,
      resolve: ({ holder }, _, { session }) => wholeOrganisation(session, holder),
    }),
    host: t.field({
      type: Organisation,
      resolve: ({ host }, _, { session }) => wholeOrganisation(session, host),
    }),
    stays: t.field({
      type: [BedStay],
      resolve: ({ id }, _, { session }) => loadStays(session, id),
    }),
    status: t.expose("status", { type: BedHoldStatusEnum }),
    expiresAt: t.expose("expiresAt", {
      type: "DateTime",
      nullable: true,
      description: "When it ends by itself; null once it is confirmed, released or declined.",
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
      complexity: ENVELOPE_COST,
      description:
        "Check-in instructions, sealed by the host to the holder, for it alone; gone with the hold.",
      resolve: async ({ id }, _, { session }) =>
        (await loadInstructions(session, id))?.envelope ?? null,
    }),
    instructionsDigest: t.field({
      type: "EnvelopeDigest",
      nullable: true,
      description:
        "Of the instructions that lie there, to the host alone, which cannot read them: null, none were sent. Null to the holder.",
      resolve: async ({ id }, _, { session }) =>
        (await loadSealed(session, id))?.digest.toString("base64url") ?? null,
    }),
    instructionsKeyRetiredAt: t.field({
      type: "DateTime",
      nullable: true,
      description:
        "Of the key that the instructions are sealed to, to both sides: the holder may be able to open them no more, and the host sends them anew. Null while the key is active, and where none lie.",
      resolve: async ({ id }, _, { session }) =>
        (await loadRetiredKey(session, id))?.retired_at ?? null,
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
      description:
        "The caller's own, with beds:hold; without it none. At most 30, those that are held or confirmed first; LIMIT_EXCEEDED where more than 30 are, or where it has more than 200.",
      complexity: about(MOST_OF_CASE),
      resolve: async ({ id }, _, { session }) =>
        ofCase(await loadHoldsOf(session, id), HOLD_EDGES.RELEASED.from),
    }),
  }),
});
// Any UUID is answered alike, with what the caller itself wrote under it: the row says nothing more.
builder.asEntity(CaseReference, {
  key: builder.selection<{ id: string }>("id"),
  resolveReference: ({ id }) => (isReference(id) ? { id } : null),
});

const HoldSide = builder.enumType("HoldSide", { values: ["HOLDER", "HOST"] as const });
const BedHoldConnection = connectionOf("BedHold", BedHold);

builder.queryField("bedHolds", (t) =>
  t.field({
    type: BedHoldConnection,
    description:
      "As holder with beds:hold, as host with beds:manage; the side without its scope is empty. What has ended is told for 30 days.",
    requiresScopes: [["beds:hold"], ["beds:manage"]],
    args: {
      side: t.arg({ type: HoldSide, required: true }),
      statuses: t.arg({
        type: [BedHoldStatusEnum],
        description: "As they are now. Null: every one; empty: none.",
      }),
      ...pageArgs(t.arg),
    },
    resolve: (_, { side, statuses, ...page }, { session }) => {
      const of = { side, statuses: statuses ?? null };
      return pageOf<HoldRow>(
        page,
        (after, limit) => listHolds(session.read, of, after, limit),
        ({ id }) => id,
      );
    },
  }),
);
