import { type Kysely, type Selectable, sql } from "kysely";
import { refuse } from "../../kernel/errors.ts";
import type { DB } from "../../platform/db/schema.ts";
import { cardOf } from "../organisations/index.ts";
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
/** Of `find_beds`, as `FOUND` selects it. */
export interface Found extends Selectable<DB["shelter"]> {
  readonly band: string;
  readonly free_beds: number | null;
  readonly owner_handle: string;
  readonly owner_status: string;
  readonly owner_thumbprint: string;
}
export const FOUND = sql`(f.shelter).*, f.owner_handle, f.owner_status, f.owner_thumbprint, f.band, f.beds as free_beds`;

/** `riskProfile`: of those it is for; null: whoever they are. */
export function availabilityOf({ band, free_beds, ...shelter }: Found, riskProfile: string | null) {
  const { owner_id, owner_handle, owner_status, owner_thumbprint } = shelter;
  const owner = cardOf(owner_id, owner_handle, owner_status, owner_thumbprint);
  return { band, beds: free_beds, riskProfile, shelter: { ...shelter, owner } };
}

/** @throws BadUserInput. In order of id, after `after`, with shelters and owners; one statement whatever the data. */
export async function searchBeds(
  db: Kysely<DB>,
  search: BedSearch,
  after: string | null,
  limit: number,
) {
  const faults = faultsOfStay(search, new Date().toISOString().slice(0, 10));
  refuse(faults.map(({ path, message }) => ({ path: ["search", ...path], message })));
  const { riskProfile } = search;
  const { rows } = await sql<Found>`
    select ${FOUND} from find_beds(${search.country}, ${search.locality}, ${search.features},
        ${search.checkIn}, ${search.checkOut}, ${search.beds}, ${after}, ${limit}) f
      where ${search.includeUnsafe} or ${riskProfile}::text is null or not exists (
        select from advisory a
          where a.country = ${search.country} and ${riskProfile}::text = any (a.risk_profiles)
            and advisory_in_force(a))
  `.execute(db);
  return rows.map((row) => availabilityOf(row, riskProfile));
}
