import { type Kysely, sql } from "kysely";
import { refuse } from "../../kernel/errors.ts";
import type { DB } from "../../platform/db/schema.ts";
import { faultsOfStay } from "./capacity.rules.ts";

export interface BedSearch {
  readonly country: string;
  readonly locality: string | null;
  readonly checkIn: string;
  /** Exclusive. */
  readonly checkOut: string;
  readonly beds: number;
  readonly features: readonly string[];
  /** Null: whoever it is for. */
  readonly riskProfile: string | null;
  readonly includeUnsafe: boolean;
}
interface AvailabilityRow {
  readonly shelter_id: string;
  readonly band: string;
  readonly beds: number | null;
  /** Whom the search is for, as far as it said. */
  readonly risk_profile: string | null;
}

/** @throws BadUserInput. In order of id, after `after`; one statement whatever the data. */
export async function searchBeds(
  db: Kysely<DB>,
  search: BedSearch,
  after: string | null,
  limit: number,
) {
  const faults = faultsOfStay(search, new Date().toISOString().slice(0, 10));
  refuse(faults.map(({ path, message }) => ({ path: ["search", ...path], message })));
  const { rows } = await sql<AvailabilityRow>`
    select *, ${search.riskProfile}::text as risk_profile from search_beds(${search.country}, ${search.locality}, ${search.features},
      ${search.checkIn}, ${search.checkOut}, ${search.beds}, ${after}, ${limit})
    where ${search.includeUnsafe} or not exists (
      select from advisory a
        where a.country = ${search.country} and ${search.riskProfile}::text = any (a.risk_profiles)
          and advisory_in_force(a))
  `.execute(db);
  return rows;
}
