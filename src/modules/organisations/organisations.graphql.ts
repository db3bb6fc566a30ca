import { encodeId } from "../../kernel/ids.ts";
import type { Scope } from "../../kernel/scopes.ts";
import type { Session } from "../../platform/db/session.ts";
import { builder, idempotencyKey } from "../../platform/graphql/builder.ts";
import { connectionOf, pageArgs, pageOf } from "../../platform/graphql/connection.ts";
import { about } from "../../platform/graphql/costs.ts";
import { groupLoaderOf, loaderOf, present } from "../../platform/graphql/loader.ts";
import { findNode, Node, nodeOf } from "../../platform/graphql/node.ts";
import { Client, loadClient, ScopeEnum } from "./clients.graphql.ts";
import { findClientsOf } from "./clients.queries.ts";
import {
  findOrganisationId,
  lockDownOrganisation,
  type OrganisationRow,
  registerOrganisation,
  setOrganisationScopes,
  setOrganisationStatus,
} from "./organisations.actions.ts";
import {
  findCeilings,
  findOrganisations,
  listOrganisations,
  type OrganisationCard,
  type OrganisationRef,
} from "./organisations.queries.ts";
import { MOST_CLIENTS } from "./organisations.rules.ts";

const loadOrganisation = loaderOf(findOrganisations, ({ id }) => id);
const loadCeiling = loaderOf(findCeilings, ({ organisation_id }) => organisation_id);
const loadClientsOf = groupLoaderOf(findClientsOf, ({ organisation_id }) => organisation_id);

const OrganisationStatus = builder.enumType("OrganisationStatus", {
  values: {
    ACTIVE: {},
    SUSPENDED: {
      description:
        "Its tokens open nothing, its grants lie dormant, its accepted handoffs are ON_HOLD until a recipient resumes what it has received. What it warned of stands: an advisory in force blocks until it lapses, and nobody withdraws it.",
    },
    LOCKED_DOWN: {
      description: "The same, and its grants, given and received, were revoked for good.",
    },
  } as const,
});

export const Organisation = builder.objectRef<OrganisationCard>("Organisation");
Organisation.implement({
  description:
    "Seen only by organisations that a circle, a grant, a hold or a handoff ties to it, by those that named its thumbprint, and by network admins.",
  authenticated: true,
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => encodeId("Organisation", id) }),
    handle: t.exposeString("handle", { description: "Names it in the network, for good." }),
    status: t.field({ type: OrganisationStatus, resolve: ({ status }) => status as "ACTIVE" }),
    identityThumbprint: t.field({
      type: "Thumbprint",
      description:
        "Compare it out of band before the first grant: it vouches for every key of the organisation.",
      resolve: ({ identity_thumbprint }) => identity_thumbprint,
    }),
    identityKey: t.field({
      type: "PublicJwk",
      description:
        "It signs key statements, and is to sign nothing else. Its thumbprint is what was compared.",
      resolve: async ({ id, identity_jwk }, _, { session }) =>
        identity_jwk ?? (await organisationOf(session, id)).identity_jwk,
    }),
    scopes: t.field({
      type: [ScopeEnum],
      nullable: true,
      description: "Its ceiling. Null unless own, with clients:manage, or with network:admin.",
      resolve: async ({ id }, _, { session }) =>
        ((await loadCeiling(session, id))?.scopes ?? null) as Scope[] | null,
    }),
    clients: t.field({
      type: [Client],
      nullable: true,
      complexity: about(MOST_CLIENTS),
      description:
        "All that are not revoked, and the hundred that were revoked last. Null unless own, with clients:manage, or with network:admin.",
      resolve: async ({ id }, _, { session }) => {
        const clients = await loadClientsOf(session, id);
        return clients.length > 0 ? clients : null;
      },
    }),
  }),
});
nodeOf("Organisation", loadOrganisation);
builder.asEntity(Organisation, {
  key: builder.selection<{ id: string }>("id"),
  resolveReference: ({ id }, { session }) =>
    findNode(session, id, "Organisation") as Promise<OrganisationRow | null>,
});

/** @throws NotFound */
export const organisationOf = (session: Session, id: string): Promise<OrganisationRow> =>
  present(loadOrganisation(session, id));
/** @throws NotFound */
export const wholeOrganisation = (session: Session, ref: OrganisationRef) =>
  ref.handle === undefined ? organisationOf(session, ref.id) : ref;

const Viewer = builder.objectRef<object>("Viewer");
Viewer.implement({
  authenticated: true,
  fields: (t) => ({
    organisation: t.field({
      type: Organisation,
      resolve: (_, __, { session }) => organisationOf(session, session.organisationId),
    }),
    client: t.field({
      type: Client,
      resolve: (_, __, { session }) => present(loadClient(session, session.clientId)),
    }),
    scopes: t.field({
      type: [ScopeEnum],
      description: "What this call may do: the token's scopes ∩ the client's ∩ the organisation's.",
      resolve: (_, __, { session }) => [...session.scopes],
    }),
  }),
});
builder.queryField("viewer", (t) =>
  t.field({
    type: Viewer,
    description: "Who calls, and what it may do.",
    authenticated: true,
    resolve: () => ({}),
  }),
);

builder.queryField("organisation", (t) =>
  t.field({
    type: Organisation,
    nullable: true,
    description:
      "By exactly one of the three; null for whom the caller may not know of. Naming a thumbprint introduces its organisation to the caller, which sees it from then on; RATE_LIMITED for those of strangers.",
    authenticated: true,
    args: {
      id: t.arg.id(),
      handle: t.arg.string(),
      thumbprint: t.arg({ type: "Thumbprint" }),
    },
    resolve: async (_, args, { session }) => {
      const given = Object.entries(args).filter(([, value]) => value !== null);
      const id = await findOrganisationId(session, Object.fromEntries(given));
      return id === null ? null : loadOrganisation(session, id);
    },
  }),
);

const OrganisationConnection = connectionOf("Organisation", Organisation);
builder.queryField("organisations", (t) =>
  t.field({
    type: OrganisationConnection,
    description: "Those the caller may know of, itself included.",
    requiresScopes: [["organisations:read"]],
    args: pageArgs(t.arg),
    resolve: (_, page, { session }) =>
      pageOf<OrganisationCard>(
        page,
        (after, limit) => listOrganisations(session.read, after, limit),
        ({ id }) => id,
      ),
  }),
);

const RegisterOrganisationInput = builder.inputType("RegisterOrganisationInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    handle: t.string({
      required: true,
      description: "3 to 40 of a-z, 0-9 and `-`, from a letter on, without `-` at its end.",
    }),
    identityKey: t.field({
      type: "PublicJwk",
      required: true,
      description: "Its thumbprint was compared out of band before.",
    }),
    issuer: t.string({
      required: true,
      description:
        "`iss` of its tokens: an https URL without query and fragment (RFC 8414), at most 1,000 characters after https://.",
    }),
    jwksUri: t.string({
      description:
        "https, without credentials; fetched from public addresses alone. Or signingKeys, or both.",
    }),
    signingKeys: t.field({
      type: ["PublicJwk"],
      description: "At most 10, none of them the identity key; they sign its tokens.",
    }),
    scopes: t.field({
      type: [ScopeEnum],
      required: true,
      description: "Its ceiling: one or more, each once.",
    }),
  }),
});
builder.mutationField("registerOrganisation", (t) =>
  t.field({
    type: Organisation,
    description:
      "With its first client `admin`, which has the scopes of administration. BAD_USER_INPUT for a handle, identity key or issuer that is taken, for a scope that the caller's own organisation lacks, for an identity key that is to sign tokens, too (KEY_REUSED), and without CLIENTS_MANAGE.",
    requiresScopes: [["network:admin"]],
    args: { input: t.arg({ type: RegisterOrganisationInput, required: true }) },
    resolve: async (_, { input }, { session }) => {
      const { jwksUri = null, signingKeys } = input;
      const registration = { ...input, jwksUri, signingKeys: signingKeys ?? [] };
      return organisationOf(session, await registerOrganisation(session, registration));
    },
  }),
);

const SetOrganisationScopesInput = builder.inputType("SetOrganisationScopesInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    organisationId: t.id({ required: true }),
    scopes: t.field({
      type: [ScopeEnum],
      required: true,
      description: "Its whole ceiling: one or more, each once.",
    }),
  }),
});
builder.mutationField("setOrganisationScopes", (t) =>
  t.field({
    type: Organisation,
    description:
      "What it loses, its clients and the grants it gave lose too. BAD_USER_INPUT for a scope that the caller's own organisation lacks, and for its own without NETWORK_ADMIN.",
    requiresScopes: [["network:admin"]],
    args: { input: t.arg({ type: SetOrganisationScopesInput, required: true }) },
    resolve: (_, { input }, { session }) => setOrganisationScopes(session, input),
  }),
);

const SetOrganisationStatusInput = builder.inputType("SetOrganisationStatusInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    organisationId: t.id({ required: true, description: "Another than the caller's own." }),
    status: t.field({ type: OrganisationStatus, required: true }),
  }),
});
builder.mutationField("setOrganisationStatus", (t) =>
  t.field({
    type: Organisation,
    description:
      "With the next statement, on every replica. Back to ACTIVE, what lay dormant is there again; what was revoked is not.",
    requiresScopes: [["network:admin"]],
    args: { input: t.arg({ type: SetOrganisationStatusInput, required: true }) },
    resolve: (_, { input }, { session }) => setOrganisationStatus(session, input),
  }),
);

const LockDownInput = builder.inputType("LockDownInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    organisationId: t.id({ required: true, description: "The caller's own." }),
  }),
});
builder.mutationField("lockDownOrganisation", (t) =>
  t.field({
    type: Organisation,
    description:
      "The panic button: from its reply on, nothing of the organisation works or is shared, on every replica; its advisories alone stand. A network admin alone undoes it. Ask for nothing in the answer but what stands in the organisation itself: its keys, scopes and clients are UNAUTHENTICATED by then.",
    requiresScopes: [["clients:manage"]],
    args: { input: t.arg({ type: LockDownInput, required: true }) },
    resolve: (_, { input }, { session }) => lockDownOrganisation(session, input),
  }),
);
