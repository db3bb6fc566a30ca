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
  const { rows } = await sql<{ shelter_id: string; band: string; beds: number | null }>`
    select * from search_beds(${search.country}, ${search.locality}, ${search.features},
      ${search.checkIn}, ${search.checkOut}, ${search.beds}, ${after}, ${limit})
  `.execute(db);
  return rows;
}
