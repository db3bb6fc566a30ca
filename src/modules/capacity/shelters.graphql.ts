import { daysBetween } from "../../kernel/days.ts";
import { BadUserInput, Forbidden } from "../../kernel/errors.ts";
import { encodeId } from "../../kernel/ids.ts";
import { NAME } from "../../kernel/names.ts";
import { builder, idempotencyKey } from "../../platform/graphql/builder.ts";
import { connectionOf, pageArgs, pageOf } from "../../platform/graphql/connection.ts";
import { groupLoaderOf, loaderOf, present } from "../../platform/graphql/loader.ts";
import { findNode, Node, nodeOf } from "../../platform/graphql/node.ts";
import { Organisation, wholeOrganisation } from "../organisations/index.ts";
import { SHELTER_FEATURES, SHELTER_KINDS } from "./capacity.rules.ts";
import { createShelter, renameShelter, setBeds } from "./shelters.actions.ts";
import {
  findNights,
  findShelters,
  listSheltersOf,
  nightsKey,
  type NightRow,
  type ShelterRow,
} from "./shelters.queries.ts";

/** Of one request. */
const MOST_NIGHTS = 400;
export const loadShelter = loaderOf(findShelters, ({ id }) => id);
const loadNights = groupLoaderOf(findNights, ({ key }) => key);

const ShelterKind = builder.enumType("ShelterKind", { values: SHELTER_KINDS });
export const ShelterFeature = builder.enumType("ShelterFeature", { values: SHELTER_FEATURES });
const BedNight = builder.objectRef<NightRow>("BedNight");
BedNight.implement({
  description: "In beds: available + held + occupied + outOfService = maximum, at every commit.",
  authenticated: true,
  fields: (t) => ({
    date: t.field({ type: "Date", resolve: ({ night }) => night! }),
    maximum: t.exposeInt("maximum"),
    available: t.int({
      resolve: ({ maximum, held, occupied, out_of_service }) =>
        maximum - held - occupied - out_of_service,
    }),
    held: t.exposeInt("held"),
    occupied: t.exposeInt("occupied"),
    outOfService: t.exposeInt("out_of_service"),
  }),
});

export const Shelter = builder.objectRef<ShelterRow>("Shelter");
Shelter.implement({
  description: "Where an organisation has beds. Where exactly, only sealed instructions say.",
  authenticated: true,
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => encodeId("Shelter", id) }),
    organisation: t.field({
      type: Organisation,
      resolve: ({ owner }, _, { session }) => wholeOrganisation(session, owner),
    }),
    label: t.exposeString("label", { description: "A code name; never an address." }),
    country: t.expose("country", { type: "CountryCode" }),
    locality: t.exposeString("locality", { description: "City or region; nothing finer." }),
    kind: t.expose("kind", { type: ShelterKind }),
    features: t.expose("features", { type: [ShelterFeature] }),
    maxStayNights: t.exposeInt("maxStayNights", {
      nullable: true,
      description: "Longest stay; null: as long as its nights are open.",
    }),
    assuredAt: t.expose("assuredAt", {
      type: "DateTime",
      description: "When its owner last confirmed the counts.",
    }),
    nights: t.field({
      type: [BedNight],
      description:
        "In order; those that are open, and the past ones of 30 days. `until` is exclusive, 1 to 400 days after `from`. Own, or shared with beds:hold; else FORBIDDEN.",
      args: {
        from: t.arg({ type: "Date", required: true }),
        until: t.arg({ type: "Date", required: true }),
      },
      complexity: ({ from, until }) => ({
        field: 1,
        multiplier: Math.min(Math.max(daysBetween(from, until), 1), MOST_NIGHTS),
      }),
      resolve: async ({ id }, { from, until }, { session }) => {
        const days = daysBetween(from, until);
        if (days < 1 || days > MOST_NIGHTS) {
          const message = `must be 1 to ${MOST_NIGHTS} days after from`;
          throw new BadUserInput([{ path: ["until"], message }]);
        }
        const rows = await loadNights(session, nightsKey(id, from, until));
        if (!rows[0]?.counted) throw new Forbidden();
        return rows.filter(({ night }) => night !== null);
      },
    }),
  }),
});

nodeOf("Shelter", loadShelter, [["beds:read"], ["beds:hold"], ["beds:manage"]]);
builder.asEntity(Shelter, {
  key: builder.selection<{ id: string }>("id"),
  resolveReference: ({ id }, { session }) =>
    findNode(session, id, "Shelter") as Promise<ShelterRow | null>,
});

const ShelterConnection = connectionOf("Shelter", Shelter);

builder.queryField("shelters", (t) =>
  t.field({
    type: ShelterConnection,
    description: "The caller's own.",
    requiresScopes: [["beds:manage"]],
    args: pageArgs(t.arg),
    resolve: (_, page, { session }) =>
      pageOf(
        page,
        (after, limit) => listSheltersOf(session.read, session.organisationId, after, limit),
        ({ id }) => id,
      ),
  }),
);

const CreateShelterInput = builder.inputType("CreateShelterInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    label: t.string({
      required: true,
      description: `A code name; never an address. One shelter's of its owner. ${NAME}.`,
    }),
    country: t.field({ type: "CountryCode", required: true }),
    locality: t.string({
      required: true,
      description: `City or region; nothing finer. ${NAME}.`,
    }),
    kind: t.field({ type: ShelterKind, required: true }),
    features: t.field({ type: [ShelterFeature], required: true, description: "Each once." }),
    beds: t.int({ required: true, description: "What its nights begin with, from 0 to 10000." }),
    maxStayNights: t.int({ description: "From 1 to 366. Null: no bound of its own." }),
  }),
});
builder.mutationField("createShelter", (t) =>
  t.field({
    type: Shelter,
    description:
      "Its nights are open from yesterday to a year ahead (UTC), and a new one each day, set as the one before it. BAD_USER_INPUT for a label that the caller has given already, LIMIT_EXCEEDED for the 2001st shelter.",
    requiresScopes: [["beds:manage"]],
    args: { input: t.arg({ type: CreateShelterInput, required: true }) },
    resolve: async (_, { input }, { session }) => {
      const id = await createShelter(session, {
        ...input,
        maxStayNights: input.maxStayNights ?? null,
      });
      return present(loadShelter(session, id));
    },
  }),
);

const RenameShelterInput = builder.inputType("RenameShelterInput", {
  description: "At least one of label and locality.",
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    shelterId: t.id({ required: true }),
    label: t.string({
      description: `A code name; never an address. One shelter's of its owner. ${NAME}. Null: as it is.`,
    }),
    locality: t.string({
      description: `City or region; nothing finer. ${NAME}. Null: as it is.`,
    }),
  }),
});
builder.mutationField("renameShelter", (t) =>
  t.field({
    type: Shelter,
    description:
      "For a name that was mistyped, or gives the place away: its holds and beds stay as they are, and whoever it is shared with is told to read it anew. What partners have read before, and backups, still say the earlier one; whoever had beds there reads the new one, shared or not, until 30 days after; an import that finds its shelters by their labels makes a second one. BAD_USER_INPUT for a label that another shelter of the caller has, RATE_LIMITED.",
    requiresScopes: [["beds:manage"]],
    args: { input: t.arg({ type: RenameShelterInput, required: true }) },
    resolve: async (_, { input }, { session }) => {
      const { label = null, locality = null } = input;
      const id = await renameShelter(session, { ...input, label, locality });
      return present(loadShelter(session, id));
    },
  }),
);

const SetBedsInput = builder.inputType("SetBedsInput", {
  description: "At least one of maximum and outOfService.",
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    shelterId: t.id({ required: true }),
    from: t.field({
      type: "Date",
      required: true,
      description: "The first night: yesterday (UTC) or later.",
    }),
    until: t.field({
      type: "Date",
      required: true,
      description: "Exclusive; at most 366 days from today.",
    }),
    maximum: t.int({ description: "From 0 to 10000. Null: as it is." }),
    outOfService: t.int({ description: "From 0 to 10000. Null: as it is." }),
  }),
});
builder.mutationField("setBeds", (t) =>
  t.field({
    type: Shelter,
    description:
      "The same for each night; it also confirms the counts (assuredAt). BAD_USER_INPUT, and nothing is set, where a night would fall below what is held, occupied or out of service: outOfService takes what is free at once, declineBedHold what is held, and releaseBedHold, by its holder alone, what is occupied. RATE_LIMITED.",
    requiresScopes: [["beds:manage"]],
    args: { input: t.arg({ type: SetBedsInput, required: true }) },
    resolve: async (_, { input }, { session }) => {
      const { maximum = null, outOfService = null } = input;
      const id = await setBeds(session, { ...input, maximum, outOfService });
      return present(loadShelter(session, id));
    },
  }),
);
