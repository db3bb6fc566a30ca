import { NotFound } from "../../kernel/errors.ts";
import { encodeId } from "../../kernel/ids.ts";
import { SCOPES, type Scope } from "../../kernel/scopes.ts";
import type { Session } from "../../platform/db/session.ts";
import { builder } from "../../platform/graphql/builder.ts";
import { loaderOf } from "../../platform/graphql/loader.ts";
import { findClients, findOrganisations } from "./organisations.queries.ts";

type OrganisationRow = Awaited<ReturnType<typeof findOrganisations>>[number];
type ClientRow = Awaited<ReturnType<typeof findClients>>[number];
const loadOrganisation = loaderOf(findOrganisations, ({ id }) => id);
const loadClient = loaderOf(findClients, ({ id }) => id);

export const ScopeEnum = builder.enumType("Scope", {
  description: "As an OAuth scope string: BEDS_READ is `beds:read`.",
  values: Object.fromEntries(
    SCOPES.map((scope) => [scope.toUpperCase().replaceAll(":", "_"), { value: scope }]),
  ) as Record<string, { value: Scope }>,
});
const OrganisationStatus = builder.enumType("OrganisationStatus", {
  values: ["ACTIVE", "SUSPENDED", "LOCKED_DOWN"] as const,
});
const ClientKind = builder.enumType("ClientKind", {
  values: ["DASHBOARD", "BOT", "ADMIN"] as const,
});

export const Organisation = builder.objectRef<OrganisationRow>("Organisation");
Organisation.implement({
  description:
    "Seen only by organisations that share a circle, a grant or a live handoff with it, or that already hold its thumbprint.",
  authenticated: true,
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => encodeId("Organisation", id) }),
    handle: t.exposeString("handle"),
    status: t.field({ type: OrganisationStatus, resolve: ({ status }) => status as "ACTIVE" }),
    identityThumbprint: t.exposeString("identity_thumbprint", {
      description: "RFC 7638. Compare it out of band before the first grant.",
    }),
  }),
});

const Client = builder.objectRef<ClientRow>("Client");
Client.implement({
  description: "A registered application of an organisation. It is the token's client_id.",
  authenticated: true,
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => encodeId("Client", id) }),
    clientId: t.exposeString("name"),
    kind: t.field({ type: ClientKind, resolve: ({ kind }) => kind as "BOT" }),
    scopes: t.field({ type: [ScopeEnum], resolve: ({ scopes }) => scopes as Scope[] }),
    revokedAt: t.field({
      type: "DateTime",
      nullable: true,
      resolve: ({ revoked_at }) => revoked_at,
    }),
  }),
});

/** Of an id that a row of the caller's names: it cannot be missing. */
export async function organisationOf(session: Session, id: string): Promise<OrganisationRow> {
  const row = await loadOrganisation(session, id);
  if (!row) throw new NotFound();
  return row;
}

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
      resolve: async (_, __, { session }) => {
        const row = await loadClient(session, session.clientId);
        if (!row) throw new NotFound();
        return row;
      },
    }),
    scopes: t.field({
      type: [ScopeEnum],
      description: "What this call may do: the token's scopes ∩ the client's ∩ the organisation's.",
      resolve: (_, __, { session }) => [...session.scopes],
    }),
  }),
});

builder.queryField("viewer", (t) =>
  t.field({ type: Viewer, authenticated: true, resolve: () => ({}) }),
);
