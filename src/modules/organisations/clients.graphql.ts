import { encodeId } from "../../kernel/ids.ts";
import { SCOPES, type Scope } from "../../kernel/scopes.ts";
import { builder, idempotencyKey } from "../../platform/graphql/builder.ts";
import { loaderOf, present } from "../../platform/graphql/loader.ts";
import { Node, nodeOf } from "../../platform/graphql/node.ts";
import {
  type ClientRow,
  registerClient,
  revokeClient,
  setClientDpop,
  setClientScopes,
} from "./clients.actions.ts";
import { findClients } from "./clients.queries.ts";

export const loadClient = loaderOf(findClients, ({ id }) => id);

export const ScopeEnum = builder.enumType("Scope", {
  description: "As an OAuth scope string: BEDS_READ is `beds:read`.",
  values: Object.fromEntries(
    SCOPES.map((scope) => [scope.toUpperCase().replaceAll(":", "_"), { value: scope }]),
  ) as Record<string, { value: Scope }>,
});
const ClientKind = builder.enumType("ClientKind", {
  description:
    "What it is for. What it may do, its scopes alone say; an organisation keeps one ADMIN with CLIENTS_MANAGE.",
  values: ["DASHBOARD", "BOT", "ADMIN"] as const,
});

export const Client = builder.objectRef<ClientRow>("Client");
Client.implement({
  description:
    "A registered application of an organisation. It is the token's client_id. Seen by itself, with clients:manage by its organisation, and with network:admin.",
  authenticated: true,
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => encodeId("Client", id) }),
    clientId: t.exposeString("name"),
    kind: t.field({ type: ClientKind, resolve: ({ kind }) => kind as "BOT" }),
    scopes: t.field({
      type: [ScopeEnum],
      description: "Its ceiling; what its organisation lacks it has in name only.",
      resolve: ({ scopes }) => scopes as Scope[],
    }),
    requireDpop: t.exposeBoolean("require_dpop", {
      description:
        "True: its tokens open nothing unless they are bound to a key and come with a proof of it (DPoP, RFC 9449).",
    }),
    revokedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "From then on its tokens open nothing.",
      resolve: ({ revoked_at }) => revoked_at,
    }),
  }),
});
nodeOf("Client", loadClient);

const RegisterClientInput = builder.inputType("RegisterClientInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    clientId: t.string({
      required: true,
      description:
        "1 to 128 of a-z, 0-9, `.`, `_` and `-`, from a letter or digit on; unique in its organisation, for good.",
    }),
    kind: t.field({ type: ClientKind, required: true }),
    scopes: t.field({
      type: [ScopeEnum],
      required: true,
      description: "Its ceiling: one or more, each once.",
    }),
    requireDpop: t.boolean({
      description: "True: as setClientDpop, from its first token on.",
    }),
  }),
});
builder.mutationField("registerClient", (t) =>
  t.field({
    type: Client,
    description:
      "BAD_USER_INPUT for a scope that the organisation lacks and for a clientId it has already, LIMIT_EXCEEDED while it has a hundred that are not revoked, RATE_LIMITED.",
    requiresScopes: [["clients:manage"]],
    args: { input: t.arg({ type: RegisterClientInput, required: true }) },
    resolve: async (_, { input }, { session }) => {
      const { requireDpop, ...rest } = input;
      // Left out where it is null: one call, and one under its key.
      const made = { ...rest, ...(typeof requireDpop === "boolean" && { requireDpop }) };
      return present(loadClient(session, await registerClient(session, made)));
    },
  }),
);

const SetClientScopesInput = builder.inputType("SetClientScopesInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    id: t.id({ required: true }),
    scopes: t.field({
      type: [ScopeEnum],
      required: true,
      description: "Its whole ceiling: one or more, each once.",
    }),
  }),
});
builder.mutationField("setClientScopes", (t) =>
  t.field({
    type: Client,
    description:
      "BAD_USER_INPUT for a scope that the organisation lacks, and where nobody would be left to manage clients. RATE_LIMITED where it has one that the client has not: what takes scopes from it is never counted.",
    requiresScopes: [["clients:manage"]],
    args: { input: t.arg({ type: SetClientScopesInput, required: true }) },
    resolve: (_, { input }, { session }) => setClientScopes(session, input),
  }),
);

const SetClientDpopInput = builder.inputType("SetClientDpopInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    id: t.id({ required: true }),
    requireDpop: t.boolean({ required: true }),
  }),
});
builder.mutationField("setClientDpop", (t) =>
  t.field({
    type: Client,
    description:
      "While required, a token of the client that is bound to no key (DPoP, RFC 9449) opens nothing, and its streams end. RATE_LIMITED where it is required no more: requiring it is never counted.",
    requiresScopes: [["clients:manage"]],
    args: { input: t.arg({ type: SetClientDpopInput, required: true }) },
    resolve: (_, { input }, { session }) => setClientDpop(session, input),
  }),
);

const RevokeClientInput = builder.inputType("RevokeClientInput", {
  fields: (t) => ({ idempotencyKey: idempotencyKey(t), id: t.id({ required: true }) }),
});
builder.mutationField("revokeClient", (t) =>
  t.field({
    type: Client,
    description:
      "For good: from the commit on its tokens open nothing. BAD_USER_INPUT for the last ADMIN client with CLIENTS_MANAGE.",
    requiresScopes: [["clients:manage"]],
    args: { input: t.arg({ type: RevokeClientInput, required: true }) },
    resolve: (_, { input }, { session }) => revokeClient(session, input),
  }),
);
