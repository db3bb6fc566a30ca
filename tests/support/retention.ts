/** Midnight of that many days ago; a moment earlier is the day before. */
export const midnight = (days: number) =>
  `(((now() at time zone 'UTC')::date - ${days})::timestamp at time zone 'UTC')`;

export const HANDOFF = (status: string, consentEnds: string) => `
  insert into handoff (id, sender_id, recipient_id, status, needs, risk_profile, adults, children, placement, priority,
      country, destinations, documents_held, window_start, window_end, consent_purpose, consent_given_at,
      consent_expires_at, consent_by_caregiver, acknowledge_by, decide_by)
    values ($3, $1, $2, '${status}', '{SHELTER}', 'JOURNALIST', 1, 0, 'TOGETHER', 'URGENT', 'GE', '{AM}', '{NONE}',
      current_date, current_date + 1, 'SHELTER', now() - interval '300 days', ${consentEnds}, false, now(), now())`;

/** Of each table with a clock: how a row comes to be of which one says when its time began to run. */
export const PLANTS: Readonly<
  Record<string, readonly [days: number, (since: string) => string[]]>
> = {
  handoff: [
    30,
    (since) => [
      HANDOFF("COMPLETED", "now() + interval '9 days'"),
      `insert into handoff_candidate values ($3, $1, $2)`,
      `insert into handoff_reference values ($3, $1, gen_random_uuid())`,
      `insert into handoff_transition values ($3, 1, $1, 'REQUESTED', 'SENDER', ${since} - interval '9 days'),
        ($3, 2, $1, 'COMPLETED', 'RECIPIENT', ${since})`,
    ],
  ],
  bed_hold: [
    30,
    (since) => [
      `insert into bed_hold (id, holder_id, host_id, status, ends_on, ended_at)
        values ($3, $1, $2, 'RELEASED', current_date, ${since})`,
      `insert into bed_hold_reference values ($3, $1, $2, gen_random_uuid())`,
    ],
  ],
  bed_night: [
    30,
    (since) => [
      `insert into shelter (id, owner_id, label, country, locality, kind, features, beds)
        values ($3, $1, $3::text, 'AM', 'Yerevan', 'HOSTEL', '{}', 1)`,
      `insert into bed_night (shelter_id, night, owner_id, country, maximum)
        values ($3, ((${since}) at time zone 'UTC')::date, $1, 'AM', 1)`,
    ],
  ],
  idempotency_record: [
    30,
    (since) => [
      `insert into idempotency_record select id, uuid_send($3::uuid), '', null, ${since} from client where organisation_id = $1`,
    ],
  ],
  consulate_reveal: [
    30,
    (since) => [
      CONTACT("9999-01-01"),
      `insert into consulate_reveal (organisation_id, client_id, contact_id, purpose, at)
        select $1, id, $3, 'DETENTION', ${since} from client where organisation_id = $1`,
    ],
  ],
  consulate_contact: [
    30,
    (since) => [
      CONTACT("9999-01-01", "CLOSED"),
      `update consulate_contact set assured_at = ${since} where id = $3`,
    ],
  ],
  event: [
    30,
    (since) => [
      `insert into event (kind, subject_type, subject_id, owner_id, at) values ('BEDS_CHANGED', 'Shelter', $3, $1, ${since})`,
    ],
  ],
  advisory: [
    90,
    (since) => [
      `insert into advisory (id, issuer_id, country, risk_profiles, level, hazards, effective_from, expires_at)
        values ($3, $1, 'AM', '{JOURNALIST}', 'AVOID', '{DEPORTATION}', ${since} - interval '9 days', ${since})`,
      `insert into advisory_confirmation values ($3, $1, $2)`,
    ],
  ],
  sharing_grant: [
    365,
    (since) => [
      `insert into sharing_grant (id, owner_id, organisation_id, scopes, valid_from, revoked_at)
        values ($3, $1, $2, '{beds:read}', ${since} - interval '9 days', ${since})`,
    ],
  ],
};
export const CONTACT = (reviewBy: string, programme = "ACTIVE") => `
  insert into consulate_contact (id, owner_id, representing, country, locality, documents, risk_profiles, languages, programme, review_by)
    values ($3, $1, 'DE', 'AM', 'Yerevan', '{}', '{}', '{}', '${programme}', '${reviewBy}')`;
export const OVERDUE_HOLD = `
  insert into bed_hold (id, holder_id, host_id, status, expires_at, ends_on)
    values ($3, $1, $2, 'HELD', now() - interval '1 minute', current_date + 1)`;
export const OVERDUE_OFFER = HANDOFF("REQUESTED", "now() + interval '9 days'");

/** As much of an envelope as the server reads: what it is sealed to. */
export const sealedTo = (kid: string) =>
  `${Buffer.from(JSON.stringify({ kid })).toString("base64url")}.a.b.c.d`;
/** A grant by which the second organisation may have the first one's contacts revealed. */
export const REVEALED = [
  "insert into sharing_grant (id, owner_id, organisation_id, scopes) values ($3, $1, $2, '{consulates:reveal}')",
  "insert into sharing_reach (grant_id, organisation_id, owner_id, scope, valid_from) values ($3, $2, $1, 'consulates:reveal', now())",
];
