import { LimitExceeded } from "../../kernel/errors.ts";
import { encodeId, uuidOf } from "../../kernel/ids.ts";
import type { Scope } from "../../kernel/scopes.ts";
import { builder } from "../../platform/graphql/builder.ts";
import { connectionOf, pageArgs, pageOf } from "../../platform/graphql/connection.ts";
import { about } from "../../platform/graphql/costs.ts";
import { loaderOf, present } from "../../platform/graphql/loader.ts";
import { Organisation, organisationOf, ScopeEnum } from "../organisations/index.ts";
import { signCheckpoint } from "./audit.actions.ts";
import {
  type AuditRow,
  findBlastRadius,
  findOrganisationsOfChain,
  listAuditTrail,
} from "./audit.queries.ts";

const loadOfChain = loaderOf(findOrganisationsOfChain, ({ id }) => id);

const AuditEntry = builder.objectRef<AuditRow>("AuditEntry");
AuditEntry.implement({
  description:
    "One thing that was done to what is the caller's own, or by it. The entries are a hash chain: `hash` is the SHA-256 of `record`.",
  authenticated: true,
  fields: (t) => ({
    sequence: t.exposeInt("sequence", { description: "From 1 on, without a gap." }),
    at: t.field({ type: "DateTime", resolve: ({ at }) => at }),
    clientId: t.string({
      nullable: true,
      description:
        "Whose client did it; null to others than the actor's own organisation, and where the clock or the network did it.",
      resolve: ({ client_name }) => client_name,
    }),
    organisation: t.field({
      type: Organisation,
      description:
        "Who did it; where the clock did, whose chain this is. Told also when nothing else ties it to the caller any more.",
      resolve: ({ actor_id }, _, { session }) => present(loadOfChain(session, actor_id)),
    }),
    owner: t.field({
      type: Organisation,
      description: "Whose it was.",
      resolve: ({ owner_id }, _, { session }) => present(loadOfChain(session, owner_id)),
    }),
    action: t.exposeString("action", {
      description:
        "The mutation, or what the clock did. `purge:<what>:<count>`: so many rows of the organisation were deleted at the end of their time.",
    }),
    scope: t.field({
      type: ScopeEnum,
      description: "That allowed it.",
      resolve: ({ scope }) => scope as Scope,
    }),
    subjectId: t.id({ resolve: (row) => encodeId(row.subject_type, row.subject_id) }),
    record: t.exposeString("record", {
      description:
        "What is hashed: eleven lines, `wayhouse-audit-1`, chain, sequence, at (RFC 3339, UTC, microseconds), actor, client or nothing, owner, action, scope, subject and the hash of the entry before in hex (64 zeros before the first).",
    }),
    previousHash: t.exposeString("previous_hash", { description: "Hex." }),
    hash: t.exposeString("hash", { description: "SHA-256 of `record`, hex." }),
  }),
});
const AuditEntryConnection = connectionOf("AuditEntry", AuditEntry);

builder.queryField("auditTrail", (t) =>
  t.field({
    type: AuditEntryConnection,
    description: "The caller's own chain, in order of sequence.",
    requiresScopes: [["audit:read"]],
    args: pageArgs(t.arg, 100),
    resolve: (_, page, { session }) =>
      pageOf(
        page,
        (after, limit) =>
          listAuditTrail(session.read, session.organisationId, Number(after ?? 0), limit),
        ({ sequence }) => String(sequence),
        /^\d{1,9}$/,
      ),
  }),
);

const AuditCheckpoint =
  builder.objectRef<Awaited<ReturnType<typeof signCheckpoint>>>("AuditCheckpoint");
AuditCheckpoint.implement({
  description:
    "Where the caller's own chain ends. Kept elsewhere, it shows any later change of what came before.",
  authenticated: true,
  fields: (t) => ({
    sequence: t.exposeInt("sequence", { description: "0 before the first entry." }),
    hash: t.exposeString("hash", { description: "Hex." }),
    signature: t.exposeString("signature", {
      description:
        "JWS by the node's key (EdDSA, typ `audit-checkpoint+jws`) over exactly sub (the chain's organisation, as `record` names it), sequence, hash and iat.",
    }),
    nodeKey: t.field({
      type: "PublicJwk",
      description:
        "Compare its thumbprint out of band, once: it stays the same, unless the operator tells you of another one, out of band too.",
      resolve: ({ nodeKey }) => nodeKey,
    }),
  }),
});
builder.queryField("auditCheckpoint", (t) =>
  t.field({
    type: AuditCheckpoint,
    requiresScopes: [["audit:read"]],
    resolve: (_, __, { session, nodeKey }) => signCheckpoint(session, nodeKey, new Date()),
  }),
);

/** Of one organisation: as much as one answer tells of owners and actions. */
const MOST_TOUCHED = 2_000;

const BlastRadiusEntry =
  builder.objectRef<Awaited<ReturnType<typeof findBlastRadius>>[number]>("BlastRadiusEntry");
BlastRadiusEntry.implement({
  description: "How often an organisation's clients did one thing to what is another's.",
  authenticated: true,
  fields: (t) => ({
    owner: t.field({
      type: Organisation,
      resolve: ({ owner_id }, _, { session }) => organisationOf(session, owner_id),
    }),
    action: t.exposeString("action", { description: "The mutation." }),
    count: t.exposeInt("count"),
    lastAt: t.field({
      type: "DateTime",
      description: "Rounded down to the hour.",
      resolve: ({ last_at }) => last_at,
    }),
  }),
});
builder.queryField("blastRadius", (t) =>
  t.field({
    type: [BlastRadiusEntry],
    complexity: about(100),
    description:
      "What an organisation touched that was not its own, one entry for each owner and action, the latest first: the first question after it is lost. Counts alone: what it was, each owner's own chain tells. LIMIT_EXCEEDED where it comes to more than 2,000 entries: then ask from a later time on.",
    requiresScopes: [["network:admin"]],
    args: {
      organisationId: t.arg.id({ required: true }),
      since: t.arg({
        type: "DateTime",
        required: true,
        description: "Taken back to the full hour (UTC).",
      }),
    },
    resolve: async (_, { organisationId, since }, { session }) => {
      const { id } = await organisationOf(session, uuidOf("Organisation", organisationId));
      const entries = await findBlastRadius(session.read, id, since, MOST_TOUCHED + 1);
      if (entries.length > MOST_TOUCHED)
        throw new LimitExceeded(`It touched more than ${MOST_TOUCHED}: ask from a later time on.`);
      return entries;
    },
  }),
);
