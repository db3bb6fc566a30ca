import { refuse } from "../../kernel/errors.ts";
import type { Session } from "../../platform/db/session.ts";
import { cardColumns } from "../organisations/index.ts";
import { type AvailabilityBand, faultsOfStay, searchesOf } from "./capacity.rules.ts";
import { shelterColumns, type ShelterRow } from "./shelters.queries.ts";

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
/** A shelter with what is free there for a stay, as `find_beds` tells it. */
export interface Availability {
  readonly shelter: ShelterRow;
  readonly band: AvailabilityBand;
  /** Null where the caller may not count. */
  readonly beds: number | null;
  /** Of those it is for; null: whoever they are. */
  readonly riskProfile: string | null;
}
/** What a search tells but whom it is for, of `find_beds` named f, WITH_SHELTER. */
export const FOUND = `${shelterColumns("shelter.")}, ${cardColumns("shelter.owner", "f.owner", "s.owner_id")}, f.band, f.beds`;
export const WITH_SHELTER = "cross join lateral (select (f.shelter).*) s";

const SEARCH = `select ${FOUND}, $10::text as "riskProfile" from find_beds($1, $2, $3, $4, $5, $6, $7, $8) f ${WITH_SHELTER}
  where $9 or $10::text is null or not exists (
    select from advisory a
      where a.country = $1 and $10::text = any (a.risk_profiles) and advisory_in_force(a))`;

/** @throws BadUserInput, RateLimited. In order of id, after `after`, with shelters and owners; one statement whatever the data. */
export async function searchBeds(
  session: Session,
  search: BedSearch,
  after: string | null,
  limit: number,
) {
  const faults = faultsOfStay(search, new Date().toISOString().slice(0, 10));
  refuse(faults.map(({ path, message }) => ({ path: ["search", ...path], message })));
  session.countSearches(searchesOf(search));
  const { country, locality, features, checkIn, checkOut, beds, includeUnsafe, riskProfile } =
    search;
  const stay = [country, locality, features, checkIn, checkOut, beds];
  const values = [...stay, after, limit, includeUnsafe, riskProfile];
  return session.askRecent<Availability>({ text: SEARCH, values });
}
