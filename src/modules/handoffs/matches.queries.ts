import { type Kysely, sql } from "kysely";
import type { DB } from "../../platform/db/schema.ts";
import { type Availability, FOUND, WITH_SHELTER } from "../capacity/index.ts";

/** Of each kind, for one handoff. */
const MOST_MATCHES = 20;

/**
 * Beds free on every night of the window, for all at one shelter or, APART, for one of them, where no
 * advisory in force forbids it. One statement for any number of handoffs and destinations.
 */
export async function findBedMatches(db: Kysely<DB>, handoffIds: readonly string[]) {
  const { rows } = await sql<Availability & { readonly handoff_id: string }>`
    select h.id as handoff_id, h.risk_profile as "riskProfile", ${sql.raw(FOUND)}
      from handoff h
      cross join unnest(h.destinations) d
      cross join lateral find_beds(d, null, '{}',
        greatest(h.window_start, (now() at time zone 'UTC')::date - 1), h.window_end,
        case h.placement when 'TOGETHER' then h.adults + h.children else 1 end, null, ${MOST_MATCHES}) f
      ${sql.raw(WITH_SHELTER)}
      where h.id = any(${handoffIds}::uuid[]) and 'SHELTER' = any (h.needs)
        and h.window_end >= (now() at time zone 'UTC')::date
        and not exists (
          select from advisory a
            where a.country = d and h.risk_profile = any (a.risk_profiles) and advisory_in_force(a))
      order by h.id, s.id
  `.execute(db);
  return rows;
}

interface ContactMatch {
  readonly handoff_id: string;
  readonly contact_id: string;
}

/**
 * Missions where the people are or are going to that are known to issue what is needed, for the risk
 * profile; neither stale nor paused.
 */
export async function findContactMatches(
  db: Kysely<DB>,
  handoffIds: readonly string[],
): Promise<ContactMatch[]> {
  const { rows } = await sql<ContactMatch>`
    select h.id as handoff_id, c.id as contact_id
      from handoff h
      cross join lateral (
        select c.id from consulate_contact c
          where (c.country = h.country or c.country = any (h.destinations))
            and h.risk_profile = any (c.risk_profiles)
            and c.programme = 'ACTIVE' and c.review_by > now()
            and c.documents && (
              case when 'TRAVEL_DOCUMENT' = any (h.needs)
                then array['SUBSTITUTE_TRAVEL_DOCUMENT'] else '{}'::text[] end
              || case when 'HUMANITARIAN_VISA' = any (h.needs)
                then array['HUMANITARIAN_VISA'] else '{}'::text[] end)
          order by c.id limit ${MOST_MATCHES}) c
      where h.id = any(${handoffIds}::uuid[]) and h.needs && '{TRAVEL_DOCUMENT,HUMANITARIAN_VISA}'
      order by h.id, c.id
  `.execute(db);
  return rows;
}
