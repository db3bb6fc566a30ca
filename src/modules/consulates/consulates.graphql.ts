import { encodeId } from "../../kernel/ids.ts";
import { NAME } from "../../kernel/names.ts";
import { builder, idempotencyKey } from "../../platform/graphql/builder.ts";
import { connectionOf, pageArgs, pageOf } from "../../platform/graphql/connection.ts";
import { ReplacedEnvelopeInput, replacedBy } from "../../platform/graphql/envelopes.ts";
import { groupLoaderOf, loaderOf, present } from "../../platform/graphql/loader.ts";
import { findNode, Node, nodeOf } from "../../platform/graphql/node.ts";
import { RiskProfile, type RiskProfileName } from "../advisories/index.ts";
import { Organisation, organisationOf } from "../organisations/index.ts";
import {
  assureConsulateContact,
  publishConsulateContact,
  sealConsulateContact,
} from "./consulates.actions.ts";
import { findContacts, findSealedContacts, searchContacts } from "./consulates.queries.ts";

type ContactRow = Awaited<ReturnType<typeof findContacts>>[number];
const loadSealed = groupLoaderOf(findSealedContacts, ({ contact_id }) => contact_id);
export const loadContact = loaderOf(findContacts, ({ id }) => id);

const TravelDocument = builder.enumType("TravelDocument", {
  description:
    "What a mission issues. SUBSTITUTE_TRAVEL_DOCUMENT: in place of a passport (laissez-passer, Passersatz). SCHENGEN_VISA: a uniform visa, for 90 days at most (Regulation (EC) No 810/2009). NATIONAL_VISA: for longer, under the law of one state.",
  values: [
    "HUMANITARIAN_VISA",
    "SUBSTITUTE_TRAVEL_DOCUMENT",
    "SCHENGEN_VISA",
    "NATIONAL_VISA",
  ] as const,
});
const ProgrammeStatus = builder.enumType("ProgrammeStatus", {
  values: {
    ACTIVE: {},
    PAUSED: { description: "Shown, but left out of matching." },
    CLOSED: {
      description:
        "The same; what was sealed for it is deleted, and 30 days later the contact, too.",
    },
  } as const,
});

const SealedContact =
  builder.objectRef<Awaited<ReturnType<typeof findSealedContacts>>[number]>("SealedContact");
SealedContact.implement({
  authenticated: true,
  fields: (t) => ({
    organisation: t.field({
      type: Organisation,
      description: "To whom it is sealed.",
      resolve: ({ recipient_id }, _, { session }) => organisationOf(session, recipient_id),
    }),
    digest: t.field({
      type: "EnvelopeDigest",
      resolve: ({ digest }) => digest.toString("base64url"),
    }),
    keyRetiredAt: t.field({
      type: "DateTime",
      nullable: true,
      description:
        "Of the key that it is sealed to: it opens no more, and is sealed anew. Null while the key is active.",
      resolve: (row) => row.retired_at,
    }),
  }),
});

export const ConsulateContact = builder.objectRef<ContactRow>("ConsulateContact");
ConsulateContact.implement({
  description:
    "What a mission does, in codes. Who is to be asked there, and how, exists only in envelopes.",
  authenticated: true,
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => encodeId("ConsulateContact", id) }),
    organisation: t.field({
      type: Organisation,
      description: "Whose contact it is.",
      resolve: ({ owner_id }, _, { session }) => organisationOf(session, owner_id),
    }),
    representing: t.field({
      type: "CountryCode",
      description: "Whose mission it is.",
      resolve: (row) => row.representing,
    }),
    country: t.field({
      type: "CountryCode",
      description: "Where the mission stands.",
      resolve: (row) => row.country,
    }),
    locality: t.exposeString("locality", { description: "City; nothing finer." }),
    documents: t.field({
      type: [TravelDocument],
      description: "What it is known to issue; never inferred.",
      resolve: ({ documents }) => documents as "NATIONAL_VISA"[],
    }),
    riskProfiles: t.field({
      type: [RiskProfile],
      description: "For whom.",
      resolve: (row) => row.risk_profiles as RiskProfileName[],
    }),
    languages: t.field({ type: ["LanguageTag"], resolve: ({ languages }) => languages }),
    leadTimeDays: t.exposeInt("lead_time_days", {
      nullable: true,
      description: "How many days a document takes there; null where that is not known.",
    }),
    programme: t.field({
      type: ProgrammeStatus,
      resolve: ({ programme }) => programme as "ACTIVE",
    }),
    assuredAt: t.field({
      type: "DateTime",
      description: "When its owner last said that it holds.",
      resolve: (row) => row.assured_at,
    }),
    reviewBy: t.field({
      type: "DateTime",
      description: "Until when its owner is to say so again.",
      resolve: (row) => row.review_by,
    }),
    stale: t.exposeBoolean("stale", {
      description: "Past reviewBy: shown, but left out of matching.",
    }),
    sealed: t.field({
      type: [SealedContact],
      description:
        "To its owner alone, which cannot read them: the envelopes that lie there, one for each organisation; what sealConsulateContact takes as replaces.",
      resolve: ({ id }, _, { session }) => loadSealed(session, id),
    }),
  }),
});
nodeOf("ConsulateContact", loadContact, [
  ["consulates:read"],
  ["consulates:reveal"],
  ["consulates:manage"],
]);
builder.asEntity(ConsulateContact, {
  key: builder.selection<{ id: string }>("id"),
  resolveReference: ({ id }, { session }) =>
    findNode(session, id, "ConsulateContact") as Promise<ContactRow | null>,
});

const ConsulateSearch = builder.inputType("ConsulateSearch", {
  fields: (t) => ({
    representing: t.field({ type: "CountryCode", description: "Null: any." }),
    country: t.field({ type: "CountryCode", description: "Null: any." }),
    documents: t.field({ type: [TravelDocument], description: "Any of them. Null or empty: any." }),
    riskProfile: t.field({ type: RiskProfile, description: "Null: any." }),
    includeStale: t.boolean({
      required: true,
      defaultValue: false,
      description: "Those past reviewBy, too.",
    }),
  }),
});
const ConsulateContactConnection = connectionOf("ConsulateContact", ConsulateContact);
builder.queryField("consulateContacts", (t) =>
  t.field({
    type: ConsulateContactConnection,
    description: "The caller's own and those shared with it; paused and closed ones say so.",
    requiresScopes: [["consulates:read"]],
    args: { search: t.arg({ type: ConsulateSearch, required: true }), ...pageArgs(t.arg) },
    resolve: (_, { search, ...page }, { session }) => {
      const wanted = {
        representing: search.representing ?? null,
        country: search.country ?? null,
        documents: search.documents ?? [],
        riskProfile: search.riskProfile ?? null,
        includeStale: search.includeStale,
      };
      return pageOf(
        page,
        (after, limit) => searchContacts(session.read, wanted, after, limit),
        ({ id }) => id,
      );
    },
  }),
);

const PublishConsulateContactInput = builder.inputType("PublishConsulateContactInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    representing: t.field({
      type: "CountryCode",
      required: true,
      description: "Whose mission it is.",
    }),
    country: t.field({
      type: "CountryCode",
      required: true,
      description: "Where the mission stands.",
    }),
    locality: t.string({
      required: true,
      description: `City; nothing finer. ${NAME}.`,
    }),
    documents: t.field({
      type: [TravelDocument],
      required: true,
      description: "Each once; none where that is not known.",
    }),
    riskProfiles: t.field({
      type: [RiskProfile],
      required: true,
      description: "Each once; with none, no search for one finds it.",
    }),
    languages: t.field({
      type: ["LanguageTag"],
      required: true,
      description:
        "At most 20, each once, of at most 35 characters, without extensions and private use.",
    }),
    leadTimeDays: t.int({ description: "From 0 to 730. Null where that is not known." }),
    reviewBy: t.field({
      type: "DateTime",
      required: true,
      description: "In the future, by 366 days at most.",
    }),
    envelopes: t.field({
      type: ["SealedEnvelope"],
      required: true,
      description:
        "At most 20, one for each organisation that a grant lets reveal it. Their sub is the contact's id, known from the answer: usually none here, then sealConsulateContact.",
    }),
  }),
});
builder.mutationField("publishConsulateContact", (t) =>
  t.field({
    type: ConsulateContact,
    description:
      "Seen by those whom the caller shares it with. BAD_USER_INPUT for an envelope to anybody else, LIMIT_EXCEEDED while the caller has 2,000, the closed ones too until they are gone.",
    requiresScopes: [["consulates:manage"]],
    args: { input: t.arg({ type: PublishConsulateContactInput, required: true }) },
    resolve: async (_, { input }, { session }) => {
      const leadTimeDays = input.leadTimeDays ?? null;
      const id = await publishConsulateContact(session, { ...input, leadTimeDays });
      return present(loadContact(session, id));
    },
  }),
);

const AssureConsulateContactInput = builder.inputType("AssureConsulateContactInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    id: t.id({ required: true }),
    programme: t.field({ type: ProgrammeStatus, required: true }),
    reviewBy: t.field({
      type: "DateTime",
      required: true,
      description: "In the future, by 366 days at most.",
    }),
  }),
});
builder.mutationField("assureConsulateContact", (t) =>
  t.field({
    type: ConsulateContact,
    description:
      "By its owner: that it still holds, or that its programme is paused or closed. RATE_LIMITED.",
    requiresScopes: [["consulates:manage"]],
    args: { input: t.arg({ type: AssureConsulateContactInput, required: true }) },
    resolve: async (_, { input }, { session }) =>
      present(loadContact(session, await assureConsulateContact(session, input))),
  }),
);

const SealConsulateContactInput = builder.inputType("SealConsulateContactInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    id: t.id({ required: true }),
    envelopes: t.field({
      type: ["SealedEnvelope"],
      required: true,
      description: "1 to 20; their sub is this id.",
    }),
    replaces: t.field({
      type: [ReplacedEnvelopeInput],
      description:
        "What the caller knows to lie there, for each envelope in their order. BAD_USER_INPUT says ENVELOPE_REPLACED where it is something else by then, and nothing was sealed. Null puts each over whatever lies there, also over what a colleague has sealed since.",
    }),
  }),
});
builder.mutationField("sealConsulateContact", (t) =>
  t.field({
    type: ConsulateContact,
    description:
      "By its owner. Say what they replace: an envelope takes the place of the earlier one for the same organisation. BAD_USER_INPUT for one to an organisation that no grant lets reveal it, and while its programme is CLOSED. RATE_LIMITED.",
    requiresScopes: [["consulates:manage"]],
    args: { input: t.arg({ type: SealConsulateContactInput, required: true }) },
    resolve: async (_, { input }, { session }) =>
      present(
        loadContact(
          session,
          await sealConsulateContact(session, {
            ...input,
            replaces: input.replaces?.map((one) => replacedBy(one)!),
          }),
        ),
      ),
  }),
);
