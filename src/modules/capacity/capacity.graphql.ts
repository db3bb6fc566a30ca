import { encodeId } from "../../kernel/ids.ts";
import { builder } from "../../platform/graphql/builder.ts";
import { connectionOf, pageOf } from "../../platform/graphql/connection.ts";
import { groupLoaderOf, loaderOf, present } from "../../platform/graphql/loader.ts";
import type { Session } from "../../platform/db/session.ts";
import { Organisation, organisationOf } from "../organisations/index.ts";
import { changeBedHold, holdBeds } from "./capacity.actions.ts";
import { findHolds, findStays, listHolds, searchBeds } from "./capacity.queries.ts";
import type { BedHoldStatus, HoldMove } from "./capacity.rules.ts";
import { loadShelter, Shelter, ShelterFeature } from "./shelters.graphql.ts";
import { CapacityExhausted, type DomainError, IllegalTransition, Refused } from "./errors.ts";

type HoldRow = Awaited<ReturnType<typeof findHolds>>[number];
type StayRow = Awaited<ReturnType<typeof findStays>>[number];
type AvailabilityRow = Awaited<ReturnType<typeof searchBeds>>[number];
const loadHold = loaderOf(findHolds, ({ id }) => id);
const loadStays = groupLoaderOf(findStays, ({ hold_id }) => hold_id);

const AvailabilityBand = builder.enumType("AvailabilityBand", {
  description: "Free beds: NONE 0, FEW 1 to 2, SOME 3 to 5, MANY 6 or more.",
  values: ["NONE", "FEW", "SOME", "MANY"] as const,
});
const BedHoldStatusEnum = builder.enumType("BedHoldStatus", {
  values: ["HELD", "CONFIRMED", "RELEASED", "DECLINED", "EXPIRED", "ENDED"] as const,
});

const BedAvailability = builder.objectRef<AvailabilityRow>("BedAvailability");
BedAvailability.implement({
  authenticated: true,
  fields: (t) => ({
    shelter: t.field({
      type: Shelter,
      resolve: ({ shelter_id }, _, { session }) => present(loadShelter(session, shelter_id)),
    }),
    band: t.field({
      type: AvailabilityBand,
      description:
        "Free on every night of the stay, as a band: exact counts would show a group moving.",
      resolve: ({ band }) => band as "FEW",
    }),
    beds: t.exposeInt("beds", {
      nullable: true,
      description: "Exact only where beds:hold is shared, and on the caller's own.",
    }),
  }),
});

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

const BedHold = builder.objectRef<HoldRow>("BedHold");
BedHold.implement({
  authenticated: true,
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => encodeId("BedHold", id) }),
    holder: t.field({
      type: Organisation,
      resolve: ({ holder_id }, _, { session }) => organisationOf(session, holder_id),
    }),
    host: t.field({
      type: Organisation,
      resolve: ({ host_id }, _, { session }) => organisationOf(session, host_id),
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
  }),
});

const DomainErrorInterface = builder.interfaceRef<DomainError>("DomainError");
DomainErrorInterface.implement({
  fields: (t) => ({ message: t.exposeString("message") }),
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
builder.objectType(IllegalTransition, {
  name: "IllegalTransition",
  authenticated: true,
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    from: t.exposeString("from"),
    allowed: t.field({ type: ["String"], resolve: ({ allowed }) => [...allowed] }),
  }),
});
const HoldBedsResult = builder.unionType("HoldBedsResult", {
  types: [BedHold, CapacityExhausted],
  resolveType: (value) => (value instanceof CapacityExhausted ? "CapacityExhausted" : "BedHold"),
});
const BedHoldResult = builder.unionType("BedHoldResult", {
  types: [BedHold, IllegalTransition],
  resolveType: (value) => (value instanceof IllegalTransition ? "IllegalTransition" : "BedHold"),
});

/** Runs an action; its refusal is an answer like its success. */
async function holdOrRefusal<Refusal extends DomainError>(
  session: Session,
  action: Promise<string>,
  refusal: new (...args: never[]) => Refusal,
): Promise<HoldRow | Refusal> {
  try {
    return await present(loadHold(session, await action));
  } catch (error) {
    if (error instanceof Refused && error.refusal instanceof refusal) return error.refusal;
    throw error;
  }
}

const BedSearch = builder.inputType("BedSearch", {
  fields: (t) => ({
    country: t.field({ type: "CountryCode", required: true }),
    locality: t.string(),
    checkIn: t.field({ type: "Date", required: true }),
    checkOut: t.field({
      type: "Date",
      required: true,
      description: "Exclusive: the day of departure.",
    }),
    beds: t.int({ required: true, defaultValue: 1 }),
    features: t.field({ type: [ShelterFeature] }),
  }),
});
const AvailabilityConnection = connectionOf("BedAvailability", BedAvailability);

builder.queryField("bedAvailability", (t) =>
  t.field({
    type: AvailabilityConnection,
    requiresScopes: [["beds:read"]],
    args: {
      search: t.arg({ type: BedSearch, required: true }),
      first: t.arg.int({ required: true, defaultValue: 20 }),
      after: t.arg.string(),
    },
    resolve: (_, { search, ...page }, { session }) => {
      const wanted = {
        ...search,
        locality: search.locality ?? null,
        features: search.features ?? [],
      };
      return pageOf(
        page,
        (after, limit) => searchBeds(session.read, wanted, after, limit),
        ({ shelter_id }) => shelter_id,
      );
    },
  }),
);

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
      first: t.arg.int({ required: true, defaultValue: 20 }),
      after: t.arg.string(),
    },
    resolve: (_, { side, statuses, ...page }, { session }) => {
      const of = { side, organisationId: session.organisationId, statuses: statuses ?? null };
      return pageOf(
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
const HoldBedsInput = builder.inputType("HoldBedsInput", {
  fields: (t) => ({
    idempotencyKey: t.string({ required: true, description: "8 to 128 visible ASCII characters." }),
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
  }),
});

builder.mutationField("holdBeds", (t) =>
  t.field({
    type: HoldBedsResult,
    requiresScopes: [["beds:hold"]],
    args: { input: t.arg({ type: HoldBedsInput, required: true }) },
    resolve: (_, { input }, { session }) =>
      holdOrRefusal(session, holdBeds(session, input), CapacityExhausted),
  }),
);

const MOVES = [
  { field: "confirmBedHold", input: "ConfirmBedHoldInput", to: "CONFIRMED", scope: "beds:hold" },
  { field: "releaseBedHold", input: "ReleaseBedHoldInput", to: "RELEASED", scope: "beds:hold" },
  { field: "declineBedHold", input: "DeclineBedHoldInput", to: "DECLINED", scope: "beds:manage" },
] as const satisfies { field: string; input: string; to: HoldMove; scope: string }[];
for (const { field, input: name, to, scope } of MOVES) {
  const Input = builder.inputType(name, {
    fields: (t) => ({ idempotencyKey: t.string({ required: true }), id: t.id({ required: true }) }),
  });
  builder.mutationField(field, (t) =>
    t.field({
      type: BedHoldResult,
      requiresScopes: [[scope]],
      args: { input: t.arg({ type: Input, required: true }) },
      resolve: (_, { input }, { session }) =>
        holdOrRefusal(session, changeBedHold(session, input, to), IllegalTransition),
    }),
  );
}
