import { decodeId } from "../../kernel/ids.ts";
import { builder, idempotencyKey } from "../../platform/graphql/builder.ts";
import { connectionOf, pageArgs, pageOf } from "../../platform/graphql/connection.ts";
import { groupLoaderOf } from "../../platform/graphql/loader.ts";
import { publishKey, retireKey } from "./keys.actions.ts";
import { findSealingKeys, type KeyRow, listKeyLog } from "./keys.queries.ts";
import { Organisation, organisationOf } from "./organisations.graphql.ts";

const loadSealingKeys = groupLoaderOf(findSealingKeys, ({ organisation_id }) => organisation_id);

const KeyUse = builder.enumType("KeyUse", {
  values: {
    SIGN: { description: "Tokens, and what is sealed." },
    SEAL: { description: "Others seal to it." },
  } as const,
});
const KeyChange = builder.enumType("KeyChange", { values: ["PUBLISHED", "RETIRED"] as const });

const PublicKey = builder.objectRef<KeyRow>("PublicKey");
PublicKey.implement({
  description: "Of an organisation, to sign or to seal.",
  authenticated: true,
  fields: (t) => ({
    kid: t.field({ type: "Thumbprint", resolve: ({ kid }) => kid }),
    use: t.field({ type: KeyUse, resolve: ({ use }) => use as "SEAL" }),
    jwk: t.field({ type: "PublicJwk", resolve: ({ jwk }) => jwk }),
    publishedAt: t.field({ type: "DateTime", resolve: (row) => row.published_at }),
    retiredAt: t.field({ type: "DateTime", nullable: true, resolve: (row) => row.retired_at }),
    statement: t.string({
      description: "JWS by the identity key over this key.",
      resolve: ({ statement }) => statement ?? "",
    }),
  }),
});

builder.objectField(Organisation, "sealingKeys", (t) =>
  t.field({
    type: [PublicKey],
    description: "The active ones, ten at most. Check them by the key log before sealing to one.",
    resolve: ({ id }, _, { session }) => loadSealingKeys(session, id),
  }),
);

type EntryRow = Awaited<ReturnType<typeof listKeyLog>>[number];
const KeyLogEntry = builder.objectRef<EntryRow>("KeyLogEntry");
KeyLogEntry.implement({
  description:
    "Append-only; each entry holds the hash of the one before, so that clients notice a swapped key.",
  authenticated: true,
  fields: (t) => ({
    sequence: t.exposeInt("sequence", { description: "From 1 on, without a gap." }),
    organisation: t.field({
      type: Organisation,
      resolve: ({ organisation_id }, _, { session }) => organisationOf(session, organisation_id),
    }),
    kid: t.field({ type: "Thumbprint", resolve: ({ kid }) => kid }),
    change: t.field({ type: KeyChange, resolve: ({ change }) => change as "PUBLISHED" }),
    statement: t.exposeString("statement", {
      description: "JWS by the identity key, as publishKey and retireKey take it.",
    }),
    previousHash: t.exposeString("previous_hash", {
      description: "Hex; 64 zeros before the first.",
    }),
    hash: t.exposeString("hash", {
      description:
        "SHA-256, hex, over `wayhouse-keylog-1`, identity thumbprint, sequence, kid, change, statement and previousHash, joined by a line feed.",
    }),
  }),
});
const KeyLogEntryConnection = connectionOf("KeyLogEntry", KeyLogEntry);

builder.queryField("keyLog", (t) =>
  t.field({
    type: KeyLogEntryConnection,
    description:
      "Of every organisation the caller may know of, or of one of them, else none: its entries in order of sequence.",
    requiresScopes: [["organisations:read"]],
    args: {
      organisationId: t.arg.id({ description: "Null: every one." }),
      ...pageArgs(t.arg, 100),
    },
    resolve: (_, { organisationId = null, ...page }, { session }) => {
      const decoded = organisationId === null ? null : decodeId(organisationId);
      // Whatever is no organisation has no log, like one that is not the caller's to see.
      const nobody = organisationId !== null && decoded?.type !== "Organisation";
      return pageOf(
        page,
        async (after, limit) =>
          nobody ? [] : listKeyLog(session.read, decoded?.uuid ?? null, after, limit),
        ({ organisation_id, sequence }) => `${organisation_id}:${sequence}`,
        /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:\d{1,9}$/,
      );
    },
  }),
);

const PublishKeyInput = builder.inputType("PublishKeyInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    jwk: t.field({
      type: "PublicJwk",
      required: true,
      description: "The public half: a private member is BAD_USER_INPUT.",
    }),
    use: t.field({ type: KeyUse, required: true }),
    statement: t.string({
      required: true,
      description:
        "JWS of at most 4 KiB, typ `key-statement+jws`, by the identity key: exactly iss (identity thumbprint), change PUBLISHED, use, kid, jwk, sequence, previousHash (of the log's last entry, or 64 zeros) and iat.",
    }),
  }),
});
builder.mutationField("publishKey", (t) =>
  t.field({
    type: PublicKey,
    description:
      "Appends to the caller's own log. BAD_USER_INPUT for a key that was published before, retired or not, for an eleventh active one of its use, for the identity key (KEY_REUSED), and for a statement that does not fit the log's end, RATE_LIMITED.",
    requiresScopes: [["keys:manage"]],
    args: { input: t.arg({ type: PublishKeyInput, required: true }) },
    resolve: (_, { input }, { session }) => publishKey(session, input),
  }),
);

const RetireKeyInput = builder.inputType("RetireKeyInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    kid: t.field({ type: "Thumbprint", required: true }),
    statement: t.string({
      required: true,
      description: "As for publishKey, RETIRED, without jwk.",
    }),
  }),
});
builder.mutationField("retireKey", (t) =>
  t.field({
    type: PublicKey,
    description:
      "For good: nothing more is sealed to it, and no token that it signed opens anything. Of what lies there sealed to it an event tells both sides: envelopeKeyRetiredAt, instructionsKeyRetiredAt. BAD_USER_INPUT for a key that is retired already, for the last signing key of an issuer without a JWKS URI, and for a statement that does not fit the log's end.",
    requiresScopes: [["keys:manage"]],
    args: { input: t.arg({ type: RetireKeyInput, required: true }) },
    resolve: (_, { input }, { session }) => retireKey(session, input),
  }),
);
