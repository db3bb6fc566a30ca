import { handoff, id } from "./walls.ts";

const nobody = "00000000-0000-4000-8000-000000000999";
const { owner, partner, former, stranger } = id;
/** The first of each table is not there. */
const astray = (table: string, columns: string, where = "true") =>
  columns.split(" ").map((column) => `update ${table} set ${column} = '${nobody}' where ${where}`);
const put = (into: string, values: string) => [`insert into ${into} values (${values})`];
const ofOwner = `organisation_id = '${owner}'`;
const hold = (holder: string, host: string) =>
  put("bed_hold", `gen_random_uuid(), '${holder}', '${host}', 'HELD', now(), current_date`);
const event = (owner: string, party: string) =>
  put(
    "event (kind, subject_type, subject_id, owner_id, party_id)",
    `'GRANT_CHANGED', 'SharingGrant', '${id.grant}', '${owner}', '${party}'`,
  );

/** What each foreign key is against, in each of the columns that it is of; of the rows of walls.ts. */
export const ASTRAY: Readonly<Record<string, readonly string[]>> = {
  a_budget_is_of_an_organisation: put("organisation_budget", `'${nobody}', 'holds', now()`),
  a_candidate_is_an_organisation: astray(
    "handoff_candidate",
    "organisation_id",
    `organisation_id = '${stranger}'`,
  ),
  a_candidate_is_of_a_handoff: astray("handoff_candidate", "sender_id"),
  a_chain_is_of_an_organisation: astray("audit_entry", "organisation_id"),
  a_circle_has_a_steward: astray("circle", "steward_id"),
  a_client_is_of_an_organisation: astray("client", "organisation_id", "name = 'dashboard'"),
  a_confirmation_is_by_an_organisation: astray("advisory_confirmation", "organisation_id"),
  a_confirmation_is_of_an_advisory: astray("advisory_confirmation", "advisory_id issuer_id"),
  a_contact_is_of_an_owner: astray("consulate_contact", "owner_id"),
  a_contact_is_sealed_to_a_recipient: astray(
    "consulate_envelope",
    "recipient_id",
    `recipient_id = '${former}'`,
  ),
  a_grant_is_given_by_its_owner: astray("sharing_grant", "owner_id"),
  a_grant_is_given_to_a_circle: astray("sharing_grant", "circle_id", "circle_id is not null"),
  a_grant_is_given_to_an_organisation: astray(
    "sharing_grant",
    "organisation_id",
    "circle_id is null",
  ),
  a_handoff_is_accepted_by_a_recipient: astray("handoff", "recipient_id"),
  a_handoff_is_offered_by_a_sender: [
    handoff("gen_random_uuid()", "null", "REQUESTED", 9).replace(owner, nobody),
  ],
  a_hold_is_at_a_host: hold(owner, nobody),
  a_hold_is_of_a_holder: hold(nobody, owner),
  a_key_is_of_a_client: astray("idempotency_record", "client_id"),
  a_key_is_of_an_organisation: astray("organisation_key", "organisation_id", "kid = 'gone-owner'"),
  a_log_is_of_an_organisation: astray("key_log_entry", "organisation_id"),
  a_member_is_an_organisation: astray("circle_member", "organisation_id", ofOwner),
  a_member_is_of_a_circle: astray("circle_member", "circle_id", ofOwner),
  a_night_is_of_a_shelter: [
    ...astray("bed_night", "owner_id"),
    "update bed_night set country = 'ZZ'",
    ...astray("bed_night", "shelter_id", `shelter_id = '${id.here}' and night = current_date`),
  ],
  a_reach_is_of_a_grant: astray("sharing_reach", "grant_id"),
  a_reach_is_on_an_owner: astray("sharing_reach", "owner_id"),
  a_reach_is_to_an_organisation: astray("sharing_reach", "organisation_id", "circle_id is null"),
  a_reach_through_a_circle_ends_with_membership: [
    ...astray("sharing_reach", "circle_id"),
    `update sharing_reach set organisation_id = '${stranger}' where circle_id is not null`,
  ],
  a_reference_is_of_a_handed_over_case: astray("handoff_reference", "handoff_id"),
  a_reference_is_of_a_hold: astray("bed_hold_reference", "holder_id host_id"),
  a_reference_is_of_its_writer: astray("handoff_reference", "organisation_id"),
  a_reveal_is_by_a_client: astray("consulate_reveal", "client_id"),
  a_reveal_is_of_a_contact: astray("consulate_reveal", "contact_id"),
  a_reveal_is_to_an_organisation: astray("consulate_reveal", "organisation_id"),
  a_revocation_is_of_an_organisation: astray("revocation", "organisation_id"),
  a_revoked_token_is_of_an_organisation: astray("revoked_token", "organisation_id"),
  a_shelter_is_of_an_owner: put(
    "shelter (owner_id, label, country, locality, kind, features, beds)",
    `'${nobody}', 'Elm', 'AM', 'Yerevan', 'HOSTEL', '{}', 1`,
  ),
  a_stay_is_of_a_hold: astray("bed_stay", "holder_id host_id"),
  a_transition_is_of_a_handoff: astray("handoff_transition", "handoff_id sender_id"),
  an_account_is_of_an_organisation: astray("organisation_account", "organisation_id", ofOwner),
  an_acquaintance_is_of_an_organisation: put("acquaintance", `'${nobody}', '${owner}'`),
  an_acquaintance_is_with_an_organisation: put("acquaintance", `'${owner}', '${nobody}'`),
  an_advisory_is_issued_by_an_organisation: put(
    "advisory (issuer_id, country, risk_profiles, level, hazards, expires_at)",
    `'${nobody}', 'GE', '{OTHER}', 'AVOID', '{DEPORTATION}', now() + interval '1 day'`,
  ),
  an_envelope_is_of_a_contact: astray(
    "consulate_envelope",
    "contact_id",
    `contact_id = '${id.contact}' and recipient_id = '${former}'`,
  ),
  an_envelope_is_of_a_handoff: astray(
    "handoff_envelope",
    "handoff_id",
    `handoff_id = '${id.accepted}'`,
  ),
  an_envelope_is_sealed_to_a_recipient: astray("handoff_envelope", "recipient_id"),
  an_event_is_about_an_owner: event(nobody, owner),
  an_event_tells_the_other_side: event(owner, nobody),
  an_introduction_is_of_an_organisation: astray("introduction", "organisation_id"),
  an_introduction_is_to_an_organisation: astray("introduction", "introduced_id"),
  every_stay_of_a_hold_is_at_its_host: [
    ...astray("bed_stay", "shelter_id"),
    `with house as (insert into shelter (owner_id, label, country, locality, kind, features, beds)
        values ('${partner}', 'Elm', 'AM', 'Yerevan', 'HOSTEL', '{}', 1) returning id)
      update bed_stay set shelter_id = house.id from house`,
  ],
  instructions_are_of_a_hold: astray("bed_hold_instruction", "holder_id host_id"),
};

const another = (table: string) =>
  `insert into ${table} overriding system value select * from ${table}`;
const organisation = (handle: string, thumbprint: string) =>
  put(
    "organisation (handle, identity_thumbprint, identity_jwk)",
    `'${handle}', '${thumbprint}', '{}'`,
  );

/** What is there but once, beside each row by its own key. */
export const TWICE: Readonly<Record<string, readonly string[]>> = {
  a_client_id_names_one_client_of_its_organisation: put(
    "client (organisation_id, name, kind, scopes)",
    `'${owner}', 'bot', 'BOT', '{}'`,
  ),
  a_handle_names_one_organisation: organisation("owner", "new"),
  a_key_is_published_and_retired_once: put(
    "key_log_entry",
    `'${owner}', 2, 'seal-owner', 'PUBLISHED', 's', 'p', 'h'`,
  ),
  a_label_names_one_shelter_of_its_owner: put(
    "shelter (owner_id, label, country, locality, kind, features, beds)",
    `'${owner}', 'Plum', 'AM', 'Yerevan', 'HOSTEL', '{}', 1`,
  ),
  a_reach_stands_once: [another("sharing_reach")],
  an_identity_key_vouches_for_one_organisation: organisation("new", "owner"),
  an_issuer_speaks_for_one_organisation: [
    "update organisation_account set issuer = 'https://same.example'",
  ],
  ...Object.fromEntries(
    `acquaintance advisory advisory_confirmation audit_entry bed_hold bed_hold_instruction bed_hold_reference
      bed_night bed_stay circle circle_member client consulate_contact consulate_envelope consulate_reveal event
      handoff handoff_candidate handoff_envelope handoff_reference handoff_transition idempotency_record
      introduction key_log_entry network organisation organisation_account organisation_budget organisation_key
      retention revocation revoked_token sharing_grant shelter used_proof`
      .split(/\s+/)
      .map((table) => [`${table}_pkey`, [another(table)]]),
  ),
};
