import { hash, randomUUID } from "node:crypto";
import { decodeId } from "../../src/kernel/ids.ts";
import { takeBeds } from "../../src/modules/capacity/holds.queries.ts";
import type { Statement } from "../../src/platform/db/pipeline.ts";

/** One statement an operation, which answers with the `data` of the same GraphQL operation as JSON. */
export interface Prepared {
  readonly name: string;
  readonly text: string;
}

type Variables = {
  search: { country: string; checkIn: string; checkOut: string; beds: number };
  input: {
    idempotencyKey: string;
    ttlMinutes: number;
    riskProfile: string;
    stays: [{ shelterId: string; beds: number; checkIn: string; checkOut: string }];
  };
};

const page = (field: string, node: string, from: string) => `
  select json_build_object('${field}', json_build_object(
      'edges', coalesce(json_agg(json_build_object('node', ${node})) filter (where p.place <= 20), '[]'),
      'pageInfo', json_build_object('hasNextPage', count(*) > 20)))::text as data
  from (select *, row_number() over (order by id) as place from (${from}) q) p`;

const SHELTER = `json_build_object('id', p.id, 'label', p.label, 'country', p.country, 'locality', p.locality,
  'kind', p.kind, 'features', p.features, 'organisation', json_build_object('handle', p.handle))`;
const BAND = `case when p.free >= 6 then 'MANY' when p.free >= 3 then 'SOME' when p.free >= 1 then 'FEW' else 'NONE' end`;
const HANDOFF = `json_build_object('id', p.id, 'status', p.status, 'priority', p.priority, 'needs', p.needs,
  'party', json_build_object('adults', p.adults, 'children', p.children, 'placement', p.placement),
  'consent', json_build_object('purpose', p.consent_purpose, 'givenAt', p.consent_given_at,
    'expiresAt', p.consent_expires_at, 'caregiver', p.consent_by_caregiver),
  'sender', json_build_object('handle', p.handle), 'acknowledgeBy', p.acknowledge_by, 'decideBy', p.decide_by)`;

/** Past the walls: whose rows are wanted is a parameter, and believed. */
export const BARE = {
  search: {
    name: "search",
    text: `
  with reach as materialized (
    select owner_id, bool_or(scope = 'beds:hold') as counted from sharing_reach
      where organisation_id = $1 and scope in ('beds:read', 'beds:hold') and (country is null or country = $2)
      group by 1
    union all select $1, true)
  ${page(
    "bedAvailability",
    `json_build_object('band', ${BAND}, 'beds', case when p.counted then p.free end, 'shelter', ${SHELTER})`,
    `select s.id, s.label, s.country, s.locality, s.kind, s.features, o.handle, v.free, r.counted
      from shelter s
      join reach r on r.owner_id = s.owner_id
      join organisation o on o.id = s.owner_id
      cross join lateral (
        select case when count(*) < $4::date - $3::date then 0
            else min(n.maximum - n.held - n.occupied - n.out_of_service) end as free
          from bed_night n where n.shelter_id = s.id and n.night >= $3::date and n.night < $4::date) v
      where s.country = $2 and s.owner_id = any(array(select owner_id from reach))
        and case when r.counted then v.free >= $5 else v.free > 0 and ${"v.free >= case when $5 >= 6 then 6 when $5 >= 3 then 3 else 1 end"} end
      order by s.id limit 21`,
  )}`,
  },
  inbox: {
    name: "inbox",
    text: page(
      "handoffs",
      HANDOFF,
      `select h.*, o.handle from (
        (select * from handoff where recipient_id = $1 order by id limit 21)
        union all
        (select h.* from handoff_candidate c join handoff h on h.id = c.handoff_id
          where c.organisation_id = $1 and h.recipient_id is null order by c.handoff_id limit 21)) h
        join organisation o on o.id = h.sender_id order by h.id limit 21`,
    ),
  },
  hold: {
    name: "hold",
    text: `
  with host as (select s.owner_id, o.handle from shelter s join organisation o on o.id = s.owner_id where s.id = $2),
  key as (insert into idempotency_record (client_id, key_hash, request_hash, result)
    select c.id, sha256($6::bytea), sha256($6::bytea), '{}' from client c where c.organisation_id = $1),
  night as (update bed_night n set held = held + $3::integer
    where n.shelter_id = $2 and n.night >= $4::date and n.night < $5::date
      and n.maximum - n.held - n.occupied - n.out_of_service >= $3::integer returning 1),
  hold as (insert into bed_hold (id, holder_id, host_id, status, expires_at, ends_on)
    select gen_random_uuid(), $1, host.owner_id, 'HELD', now() + interval '60 minutes', $5::date from host
      where (select count(*) from night) = $5::date - $4::date returning *),
  stay as (insert into bed_stay (hold_id, position, holder_id, host_id, shelter_id, beds, check_in, check_out)
    select id, 1, holder_id, host_id, $2, $3::integer, $4::date, $5::date from hold),
  told as (insert into event (kind, subject_type, subject_id, owner_id, party_id)
    select 'BED_HOLD_CHANGED', 'BedHold', id, host_id, holder_id from hold)
  select json_build_object('holdBeds', json_build_object('__typename', 'BedHold', 'id', hold.id,
    'status', hold.status, 'expiresAt', hold.expires_at, 'host', json_build_object('handle', host.handle)))::text as data
  from hold, host`,
  },
} satisfies Record<string, Prepared>;

export function bareValues(operation: keyof typeof BARE, organisation: string, given: unknown) {
  const { search, input } = given as Variables;
  if (operation === "search")
    return [organisation, search.country, search.checkIn, search.checkOut, search.beds];
  if (operation === "inbox") return [organisation];
  const { shelterId, beds, checkIn, checkOut } = input.stays[0];
  return [organisation, decodeId(shelterId)!.uuid, beds, checkIn, checkOut, input.idempotencyKey];
}

const FOUND = page(
  "bedAvailability",
  `json_build_object('band', p.band, 'beds', p.beds, 'shelter', ${SHELTER})`,
  `select s.id, s.label, s.country, s.locality, s.kind, s.features, f.owner_handle as handle, f.band, f.beds
    from find_beds($1, null, '{}', $2, $3, $4, null, 21) f cross join lateral (select (f.shelter).*) s`,
);
const OFFERED = page(
  "handoffs",
  HANDOFF,
  "select h.*, h.sender_handle as handle from list_inbox(null, null, 21) h",
);
const held = (
  taken: string,
) => `select json_build_object('holdBeds', json_build_object('__typename', 'BedHold',
  'id', t.id, 'status', t.status, 'expiresAt', t."expiresAt",
  'host', json_build_object('handle', t."host.handle")))::text as data from (${taken}) t`;

/** As the API's role, once it has entered: what Wayhouse asks itself, told as JSON; the last one answers. */
export function walled(operation: keyof typeof BARE, given: unknown, may: string): Statement[] {
  const { search, input } = given as Variables;
  if (operation === "search") {
    const { country, checkIn, checkOut, beds } = search;
    return [{ text: FOUND, values: [country, checkIn, checkOut, beds] }];
  }
  if (operation === "inbox") return [{ text: OFFERED, values: [] }];
  const { idempotencyKey, ttlMinutes, riskProfile, stays } = input;
  const [key, request] = [idempotencyKey, JSON.stringify(stays)].map((text) =>
    hash("sha256", text, "buffer"),
  );
  const id = randomUUID();
  const { text, values } = takeBeds(
    {
      id,
      ttlMinutes,
      riskProfile,
      caseReference: null,
      stays: stays.map((stay) => ({ ...stay, shelterId: decodeId(stay.shelterId)!.uuid })),
      references: [],
      holds: [],
    },
    { action: "holdBeds", scope: "beds:hold" },
  );
  const claim = {
    text: "select claim_write($1, $2, $3, $4, $5, $6, $7)",
    values: ["beds:hold", may, key, request, JSON.stringify({ id }), "holds", 1_000_000],
  };
  return [claim, { text: held(text), values }];
}
