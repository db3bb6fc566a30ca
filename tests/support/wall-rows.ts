import { type Case, handoff, id, orAdmins, type Rights, WITH_ANY } from "./walls.ts";

const PUBLISH = ["advisories:publish"] as const;
const BEDS = ["beds:read", "beds:hold", "beds:manage"] as const;
const [HOLD, MANAGE] = [["beds:hold"], ["beds:manage"]] as const;
const LISTED = ["beds:read", "beds:hold"] as const;
const CONSULATES = ["consulates:read", "consulates:reveal", "consulates:manage"] as const;
const SHARED_CONTACT = ["consulates:read", "consulates:reveal"] as const;
const HANDOFFS = ["handoffs:read", "handoffs:offer", "handoffs:receive"] as const;
const [OFFER, RECEIVE] = [["handoffs:offer"], ["handoffs:receive"]] as const;
const [CLIENTS, KEYS] = [["clients:manage"], ["keys:manage"]] as const;
const SHARING = ["sharing:manage"] as const;
const KNOWN = ["organisations:read"] as const;
const AS_ADMIN = ["organisations:read network:admin"] as const;
const tied: Rights = { owner: WITH_ANY, partner: WITH_ANY, former: WITH_ANY };

const { owner, partner, former, stranger } = id;
const row = (table: string, where: string) => `select from ${table} where ${where}`;
const is = (table: string, id: string) => row(table, `id = '${id}'`);

/** Each row, and who sees it. */
export const SEEN: Case[] = [
  ["select from network", orAdmins()],
  [is("organisation", owner), orAdmins(tied)],
  // Who shares a partner with it is not tied to that.
  [is("organisation", partner), orAdmins(tied)],
  [is("organisation", id.suspended), orAdmins({ partner: WITH_ANY })],
  [row("organisation_account", `organisation_id = '${owner}'`), orAdmins({ owner: WITH_ANY })],
  [row("organisation_key", "kid = 'sign-owner'"), orAdmins({ owner: WITH_ANY })],
  [row("organisation_key", "kid = 'seal-owner'"), orAdmins(tied)],
  [row("key_log_entry", `organisation_id = '${owner}'`), orAdmins(tied)],
  [is("client", owner), orAdmins({ owner: WITH_ANY })],
  [is("client", id.dashboard), orAdmins({ owner: CLIENTS })],
  [row("revoked_token", `organisation_id = '${owner}'`), { owner: CLIENTS }],
  [row("introduction", `organisation_id = '${owner}'`), { owner: WITH_ANY }],
  [row("idempotency_record", `client_id = '${owner}'`), { owner: WITH_ANY }],
  [row("audit_entry", `organisation_id = '${owner}'`), { owner: ["audit:read"] }],
  [is("circle", id.circle), orAdmins(tied)],
  [
    row("circle_member", `circle_id = '${id.circle}'`),
    orAdmins({ owner: WITH_ANY, partner: WITH_ANY }),
  ],
  [is("sharing_grant", id.grant), { owner: SHARING, partner: SHARING }],
  [is("sharing_grant", id.overGrant), { owner: SHARING }],
  [row("sharing_reach", `grant_id = '${id.grant}'`), { owner: WITH_ANY, partner: WITH_ANY }],
  [is("shelter", id.here), { owner: BEDS, partner: LISTED, former: HOLD }],
  [is("shelter", id.there), { owner: BEDS, partner: ["beds:read"], former: HOLD }],
  [is("shelter", id.heldOnce), { owner: BEDS, partner: LISTED, former: HOLD }],
  [is("shelter", id.formers), { former: BEDS, partner: LISTED }],
  [row("bed_night", `shelter_id = '${id.here}'`), { owner: BEDS, partner: HOLD }],
  [row("bed_night", `shelter_id = '${id.there}'`), { owner: BEDS }],
  [is("bed_hold", id.hold), { owner: MANAGE, former: HOLD }],
  [row("bed_stay", `hold_id = '${id.hold}'`), { owner: MANAGE, former: HOLD }],
  [row("bed_hold_reference", `hold_id = '${id.hold}'`), { former: HOLD }],
  [row("bed_hold_instruction", `hold_id = '${id.hold}'`), { former: HOLD }],
  [row("bed_hold_instruction", `hold_id = '${id.ownHold}'`), { owner: HOLD }],
  [row("bed_hold_instruction", `hold_id = '${id.overHold}'`), {}],
  [is("consulate_contact", id.contact), { owner: CONSULATES, partner: SHARED_CONTACT }],
  [is("consulate_contact", id.contactThere), { owner: CONSULATES, partner: ["consulates:read"] }],
  [is("advisory", id.advisory), tied],
  [row("advisory_confirmation", `advisory_id = '${id.advisory}'`), { partner: WITH_ANY }],
  [is("handoff", id.accepted), { owner: HANDOFFS, partner: HANDOFFS }],
  [is("handoff", id.requested), { owner: HANDOFFS, partner: HANDOFFS, former: HANDOFFS }],
  [
    row("handoff_candidate", `handoff_id = '${id.accepted}' and organisation_id = '${partner}'`),
    { owner: HANDOFFS, partner: HANDOFFS },
  ],
  [
    row("handoff_transition", `handoff_id = '${id.accepted}'`),
    { owner: HANDOFFS, partner: HANDOFFS },
  ],
  [row("handoff_reference", `handoff_id = '${id.accepted}'`), { owner: HANDOFFS }],
  [row("handoff_envelope", `handoff_id = '${id.accepted}'`), { partner: RECEIVE }],
  [row("handoff_envelope", `handoff_id = '${id.lapsed}'`), {}],
];

/** An event of its shelter's owner, or else of `owner`: its kind, its subject, the other side, and who is told. */
export const TOLD: [string, string, string, string | null, Rights][] = [
  ["HANDOFF_CHANGED", "Handoff", id.accepted, partner, { owner: HANDOFFS, partner: HANDOFFS }],
  // To a candidate that was passed over as well: that it is over.
  ["HANDOFF_CHANGED", "Handoff", id.accepted, former, { owner: HANDOFFS, former: HANDOFFS }],
  ["HANDOFF_CHANGED", "Handoff", id.accepted, stranger, { owner: HANDOFFS }],
  ["BED_HOLD_CHANGED", "BedHold", id.hold, former, { owner: MANAGE, former: HOLD }],
  ["BED_HOLD_CHANGED", "BedHold", id.hold, stranger, { owner: MANAGE }],
  ["GRANT_CHANGED", "SharingGrant", id.grant, partner, { owner: SHARING, partner: SHARING }],
  // Whom it reached once: that it is over.
  ["GRANT_CHANGED", "SharingGrant", id.grant, stranger, { owner: SHARING, stranger: SHARING }],
  ["GRANT_CHANGED", "SharingGrant", id.grant, null, { owner: SHARING }],
  [
    "CLIENT_CHANGED",
    "Client",
    id.dashboard,
    partner,
    { owner: ["clients:manage", "network:admin"] },
  ],
  ["ORGANISATION_CHANGED", "Circle", id.circle, partner, { owner: KNOWN }],
  ["BEDS_CHANGED", "Shelter", id.here, null, { owner: BEDS, partner: LISTED, former: HOLD }],
  [
    "BEDS_CHANGED",
    "Shelter",
    id.there,
    null,
    { owner: BEDS, partner: ["beds:read"], former: HOLD },
  ],
  // Its row is seen by whoever held beds there as well.
  ["BEDS_CHANGED", "Shelter", id.heldOnce, null, { owner: BEDS, partner: LISTED }],
  ["BEDS_CHANGED", "Shelter", id.formers, null, { former: BEDS, partner: LISTED }],
  [
    "CONSULATE_CHANGED",
    "ConsulateContact",
    id.contact,
    null,
    { owner: CONSULATES, partner: SHARED_CONTACT },
  ],
  ["CONSULATE_CHANGED", "ConsulateContact", id.contact, stranger, { owner: CONSULATES }],
  [
    "CONSULATE_CHANGED",
    "ConsulateContact",
    id.contact,
    partner,
    { owner: CONSULATES, partner: SHARED_CONTACT },
  ],
  ["REVEAL_WANTED", "ConsulateContact", id.contact, partner, { owner: ["consulates:manage"] }],
  [
    "REVEALED",
    "ConsulateContact",
    id.contact,
    partner,
    { owner: CONSULATES, partner: SHARED_CONTACT },
  ],
  ["REVEALED", "ConsulateContact", id.contact, stranger, { owner: CONSULATES }],
  [
    "ADVISORY_CHANGED",
    "Advisory",
    id.advisory,
    null,
    { owner: ["advisories:read"], partner: ["advisories:read"], former: ["advisories:read"] },
  ],
  [
    "ORGANISATION_CHANGED",
    "Organisation",
    owner,
    null,
    { owner: KNOWN, partner: KNOWN, former: KNOWN, stranger: AS_ADMIN },
  ],
  ["ORGANISATION_CHANGED", "Organisation", owner, partner, { owner: KNOWN, partner: KNOWN }],
  ["ORGANISATION_CHANGED", "Organisation", owner, stranger, { owner: KNOWN, stranger: AS_ADMIN }],
  ["ORGANISATION_CHANGED", "Network", owner, partner, {}],
];

const grown = `now() + interval '1 day'`;
/** Without returning: what is written need not be seen. */
const put = (into: string, values: string) => `insert into ${into} values (${values})`;
const update = (table: string, set: string, where: string) =>
  `update ${table} set ${set} where ${where}`;

/** Each write, and whom the policies let do it. */
export const WRITTEN: Case[] = [
  [
    put(
      "advisory (issuer_id, country, risk_profiles, level, hazards, expires_at)",
      `'${owner}', 'GE', '{OTHER}', 'AVOID', '{DEPORTATION}', ${grown}`,
    ),
    { owner: PUBLISH },
  ],
  [
    `select from advisory where id = '${id.advisory}' for update`,
    { owner: PUBLISH, partner: PUBLISH, former: PUBLISH },
  ],
  [update("advisory", "withdrawn_at = now()", `id = '${id.advisory}'`), { owner: PUBLISH }],
  [
    put("advisory_confirmation", `'${id.unconfirmed}', '${owner}', '${partner}'`),
    { partner: PUBLISH },
  ],
  [
    put(
      "shelter (owner_id, label, country, locality, kind, features, beds)",
      `'${owner}', 'Elm', 'AM', 'Yerevan', 'HOSTEL', '{}', 1`,
    ),
    { owner: MANAGE },
  ],
  [update("shelter", "assured_at = now()", `id = '${id.here}'`), { owner: MANAGE }],
  [update("bed_night", "out_of_service = 1", `shelter_id = '${id.here}'`), { owner: MANAGE }],
  [put("circle (name, steward_id)", `'Test', '${stranger}'`), orAdmins()],
  [
    `select from circle where id = '${id.circle}' for update`,
    orAdmins({ owner: WITH_ANY, partner: WITH_ANY }),
  ],
  [put("circle_member", `'${id.circle}', '${stranger}'`), orAdmins()],
  [`delete from circle_member where organisation_id = '${partner}'`, orAdmins()],
  [
    put("client (organisation_id, name, kind, scopes)", `'${owner}', 'new', 'BOT', '{}'`),
    { owner: CLIENTS },
  ],
  [
    put("client (organisation_id, name, kind, scopes)", `'${owner}', 'new', 'ADMIN', '{}'`),
    { owner: CLIENTS },
  ],
  [
    put("client (organisation_id, name, kind, scopes)", `'${owner}', 'admin', 'BOT', '{}'`),
    { owner: CLIENTS },
  ],
  [
    put("client (organisation_id, name, kind, scopes)", `'${owner}', 'admin', 'ADMIN', '{}'`),
    orAdmins({ owner: CLIENTS }),
  ],
  [update("client", "scopes = '{}'", `id = '${id.dashboard}'`), { owner: CLIENTS }],
  [put("revoked_token", `'${owner}', 'another', ${grown}`), { owner: CLIENTS }],
  [
    put("idempotency_record (client_id, key_hash, request_hash)", `'${owner}', 'another', 'r'`),
    { owner: WITH_ANY },
  ],
  [
    put("organisation_key (organisation_id, kid, use, jwk)", `'${owner}', 'new', 'SEAL', '{}'`),
    orAdmins({ owner: KEYS }),
  ],
  [update("organisation_key", "retired_at = now()", "kid = 'seal-owner'"), { owner: KEYS }],
  [put("key_log_entry", `'${owner}', 2, 'new', 'PUBLISHED', 's', 'p', 'h'`), { owner: KEYS }],
  [
    put("organisation (handle, identity_thumbprint, identity_jwk)", `'new', 'new', '{}'`),
    orAdmins(),
  ],
  [update("organisation", "status = 'SUSPENDED'", `id = '${owner}'`), orAdmins({ owner: CLIENTS })],
  [put("organisation_account", `'${id.newcomer}', 'https://new.example', null, '{}'`), orAdmins()],
  [update("organisation_account", "scopes = '{}'", `organisation_id = '${owner}'`), orAdmins()],
  [update("network", "status = 'LOCKED_DOWN'", "true"), orAdmins()],
  [
    put(
      "sharing_grant (owner_id, organisation_id, scopes)",
      `'${owner}', '${stranger}', '{beds:read}'`,
    ),
    { owner: SHARING },
  ],
  [update("sharing_grant", "revoked_at = now()", "true"), { owner: SHARING, former: SHARING }],
  [
    put(
      "sharing_reach",
      `'${id.grant}', '${partner}', '${owner}', null, 'beds:read', 'FR', now(), null`,
    ),
    { owner: SHARING },
  ],
  [`delete from sharing_reach where grant_id = '${id.grant}'`, { owner: SHARING }],
  [
    put(
      "consulate_contact (owner_id, representing, country, locality, documents, risk_profiles, languages, review_by)",
      `'${owner}', 'DE', 'GE', 'Tbilisi', '{}', '{}', '{}', ${grown}`,
    ),
    { owner: ["consulates:manage"] },
  ],
  [
    update("consulate_contact", "assured_at = now()", `id = '${id.contact}'`),
    { owner: ["consulates:manage"] },
  ],
  [handoff("gen_random_uuid()", "null", "REQUESTED", 9), { owner: OFFER }],
  [
    update("handoff", "reason = 'OTHER'", `id = '${id.accepted}'`),
    { owner: OFFER, partner: RECEIVE },
  ],
  [
    update("handoff", "reason = 'OTHER'", `id = '${id.requested}'`),
    { owner: OFFER, partner: RECEIVE },
  ],
  // Of whatever it may be: not by whoever was passed over.
  [update("handoff", "reason = 'OTHER'", "true"), { owner: OFFER, partner: RECEIVE }],
  [put("handoff_candidate", `'${id.requested}', '${owner}', '${stranger}'`), { owner: OFFER }],
  [
    update(
      "handoff_candidate",
      "dropped_out = true",
      `handoff_id = '${id.requested}' and organisation_id = '${partner}'`,
    ),
    { partner: RECEIVE },
  ],
  [
    put("handoff_transition", `'${id.accepted}', 9, '${owner}', 'FAILED', 'SENDER'`),
    { owner: HANDOFFS, partner: HANDOFFS },
  ],
  [
    put("handoff_reference", `'${id.requested}', '${owner}', gen_random_uuid()`),
    { owner: WITH_ANY },
  ],
  [put("handoff_envelope", `'${id.unsealed}', '${partner}', 'sealed'`), { owner: OFFER }],
  [put("handoff_envelope", `'${id.unsealed}', '${former}', 'sealed'`), {}],
];
