import { id } from "./walls.ts";

const set = (table: string, ...values: string[]) =>
  values.map((value) => `update ${table} set ${value}`);
const countries = (table: string, column: string) =>
  set(table, `${column} = 'Am'`, `${column} = 'ARM'`);
const names = (table: string, column: string) =>
  set(table, `${column} = ''`, `${column} = repeat('x', 81)`);
const between = (table: string, column: string, fewest: number, most: number) =>
  set(table, `${column} = ${fewest - 1}`, `${column} = ${most + 1}`);
const unknown = (table: string, column: string) => set(table, `${column} = 'UNKNOWN'`);

/** What each check is against, at its very bounds; of the rows of walls.ts. */
export const BROKEN: Readonly<Record<string, readonly string[]>> = {
  a_clock_does_not_run_backwards: set("retention", "keep = interval '-1 second'"),
  a_client_is_a_dashboard_bot_or_admin: unknown("client", "kind"),
  a_client_name_is_a_short_slug: set(
    "client",
    "name = ''",
    "name = 'Bot'",
    "name = '-bot'",
    "name = repeat('x', 129)",
  ),
  a_document_takes_some_days: between("consulate_contact", "lead_time_days", 0, 730),
  a_grant_ends_after_it_begins: set("sharing_grant", "valid_until = valid_from"),
  a_grant_has_exactly_one_grantee: set(
    "sharing_grant",
    "organisation_id = null, circle_id = null",
    `organisation_id = '${id.stranger}', circle_id = '${id.circle}'`,
  ),
  a_grant_names_countries_or_means_every_one: set("sharing_grant", "countries = '{}'"),
  a_grant_names_scopes: set("sharing_grant", "scopes = '{}'"),
  a_handle_is_a_short_slug: set(
    "organisation",
    "handle = 'ab'",
    "handle = '1ab'",
    "handle = 'Abc'",
    "handle = 'ab-'",
    "handle = 'a' || repeat('x', 40)",
  ),
  a_handoff_has_a_known_priority: unknown("handoff", "priority"),
  a_handoff_is_held_from_where_it_can_go_back: set(
    "handoff",
    "status = 'ON_HOLD', held_from = 'REQUESTED'",
  ),
  a_handoff_is_in_a_known_state: [
    `update handoff set status = 'UNKNOWN' where id = '${id.accepted}'`,
  ],
  a_handoff_names_destinations: set("handoff", "destinations = '{}'"),
  a_handoff_names_needs: set("handoff", "needs = '{}'"),
  a_held_bed_expires: set("bed_hold", "expires_at = null"),
  a_hold_is_in_a_known_state: unknown("bed_hold", "status"),
  a_key_is_published_or_retired: unknown("key_log_entry", "change"),
  a_key_signs_or_seals: unknown("organisation_key", "use"),
  a_label_is_a_short_code_name: names("shelter", "label"),
  a_locality_is_a_city_or_region: names("shelter", "locality"),
  a_log_counts_from_one: set("key_log_entry", "sequence = 0"),
  a_mission_issues_known_documents: set("consulate_contact", "documents = '{UNKNOWN}'"),
  a_mission_represents_a_country: countries("consulate_contact", "representing"),
  a_mission_stands_in_a_city: names("consulate_contact", "locality"),
  a_mission_stands_in_a_country: countries("consulate_contact", "country"),
  a_network_is_active_or_locked_down: unknown("network", "status"),
  a_party_is_somebody: set(
    "handoff",
    "adults = -1, children = 2",
    "adults = 2, children = -1",
    "adults = 0, children = 0",
    "adults = 50, children = 1",
  ),
  a_party_stays_together_or_apart: unknown("handoff", "placement"),
  a_programme_is_active_paused_or_closed: unknown("consulate_contact", "programme"),
  a_receipt_names_an_envelope: set(
    "handoff",
    ...[31, 33].map((bytes) => `received_digest = decode(repeat('00', ${bytes}), 'hex')`),
  ),
  a_shared_budget_has_a_known_purpose: [
    `insert into organisation_budget values ('${id.owner}', 'unknown', now())`,
  ],
  a_shelter_has_a_sane_number_of_beds: between("shelter", "beds", 0, 10_000),
  a_shelter_is_of_a_known_kind: unknown("shelter", "kind"),
  a_shelter_stands_in_a_country: countries("shelter", "country"),
  a_stay_ends_after_it_begins: set("bed_stay", "check_out = check_in"),
  a_stay_lasts_at_least_a_night: between("shelter", "max_stay_nights", 1, 366),
  a_stay_takes_at_least_a_bed: between("bed_stay", "beds", 1, 10_000),
  a_transition_is_by_a_known_party: unknown("handoff_transition", "party"),
  a_window_ends_after_it_begins: set("handoff", "window_end = window_start"),
  an_advisory_always_expires: set(
    "advisory",
    "expires_at = effective_from",
    "expires_at = effective_from + interval '180 days 1 second'",
  ),
  an_advisory_concerns_risk_profiles: set(
    "advisory",
    "risk_profiles = '{}'",
    "risk_profiles = '{UNKNOWN}'",
  ),
  an_advisory_has_a_known_level: unknown("advisory", "level"),
  an_advisory_is_about_a_country: countries("advisory", "country"),
  an_advisory_names_hazards: set("advisory", "hazards = '{}'"),
  an_organisation_is_active_suspended_or_locked_down: unknown("organisation", "status"),
  beds_are_never_fewer_than_none: set(
    "bed_night",
    "maximum = -1, held = -1",
    "held = -1",
    "occupied = -1",
    "out_of_service = -1",
  ),
  beds_promised_never_exceed_beds: set(
    "bed_night",
    "held = maximum + 1",
    "held = 1, occupied = maximum",
    "held = 0, occupied = 1, out_of_service = maximum",
  ),
  nobody_confirms_its_own_advisory: set("advisory_confirmation", "organisation_id = issuer_id"),
  nobody_hands_over_to_itself: set("handoff", "recipient_id = sender_id"),
  nobody_is_offered_its_own_handoff: set("handoff_candidate", "organisation_id = sender_id"),
  nobody_shares_with_itself: set("sharing_grant", "organisation_id = owner_id, circle_id = null"),
  there_is_one_network: ["insert into network (id) values (false)"],
  what_is_on_hold_can_go_back: set(
    "handoff",
    "status = 'ON_HOLD', held_from = null",
    "held_from = 'ACCEPTED'",
  ),
  who_decided_is_a_recipient: set("handoff", "recipient_id = null, status = 'ACCEPTED'"),
};
