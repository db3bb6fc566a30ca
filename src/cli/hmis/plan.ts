import type { ShelterFeature } from "../../client/index.ts";
import { MOST_BEDS } from "./fields.ts";
import type { Horizon, Kind, Offer, Reading, Statement } from "./inventory.ts";
import type { Quarantined } from "./read.ts";

export interface Night {
  readonly date: string;
  readonly maximum: number;
  /** Held, occupied or out of service: what `maximum` cannot go below. */
  readonly promised: number;
}
/** A shelter as the network has it. */
export interface Standing {
  readonly id: string;
  readonly label: string;
  readonly country: string;
  readonly locality: string;
  readonly kind: string;
  readonly assuredAt: string;
  readonly nights: readonly Night[];
}
export interface Place {
  readonly country: string;
  readonly locality: string;
}

/** Nights that follow one another and change from one same number to another. */
export interface Change {
  readonly from: string;
  /** Exclusive. */
  readonly until: string;
  readonly was: number;
  readonly maximum: number;
  /** Of Inventory.csv: the first that counts on these nights. */
  readonly row: number;
}

/** Beds on each night of the horizon that one shelter is to have. */
interface Wanted {
  readonly statement: Statement;
  readonly beds: ReadonlyMap<string, number>;
}
export interface Opening extends Wanted {
  readonly kind: Kind;
  readonly features: readonly ShelterFeature[];
  /** What its nights begin with. */
  readonly begin: number;
  readonly changes: readonly Change[];
}
export interface Plan {
  readonly create: readonly Opening[];
  readonly set: readonly { readonly standing: Standing; readonly changes: readonly Change[] }[];
  readonly unchanged: readonly string[];
  /** Of an earlier import, and in no row now: left as they are. */
  readonly vanished: readonly string[];
  readonly quarantined: readonly Quarantined[];
}

const DAY_MS = 86_400_000;
export const addDays = (date: string, days: number) =>
  new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);
/** From yesterday, which west of Greenwich is still tonight, to 365 days after today (UTC). */
export const horizonOf = (today: string): Horizon => ({
  from: addDays(today, -1),
  until: addDays(today, 366),
});

/** What to do so that the network says what the files say. Pure; planned again, it is empty. */
export function planImport(
  reading: Reading,
  standing: readonly Standing[],
  place: Place,
  horizon: Horizon,
): Plan {
  const quarantined = [...reading.quarantined];
  const quarantine = (row: number, column: string, reason: string) =>
    void quarantined.push({ file: "Inventory.csv", row, column, reason });
  const create: Opening[] = [];
  const set: { standing: Standing; changes: readonly Change[] }[] = [];
  const unchanged: string[] = [];
  for (const statement of reading.statements) {
    const beds = bedsByNight(statement, horizon, quarantine);
    const found = standing.find(({ label }) => label === statement.label);
    if (!found) {
      const opening = openingOf(statement, beds);
      if (opening) create.push(opening);
      continue;
    }
    if (!isOf(found, place)) {
      const where = `${found.country}, ${found.locality}`;
      const reason = `${found.label} stands in ${where}, not in the place given: left as it is`;
      if (statement.offers.length > 0) quarantine(statement.row, "ProjectID", reason);
      continue;
    }
    const kind = statement.offers[0]?.kind;
    if (kind && kind !== found.kind) {
      const reason = `makes ${found.label} ${kind}, and it stands as ${found.kind}: only its beds are set`;
      quarantine(statement.row, "ProjectID", reason);
    }
    const { changes, short } = changesOf(found.nights, { statement, beds });
    for (const { from, until, promised, row } of short) {
      quarantine(row, "BedInventory", shortReason(found.label, from, until, promised));
    }
    if (changes.length > 0) set.push({ standing: found, changes });
    else unchanged.push(found.label);
  }
  const stated = new Set(reading.statements.map(({ label }) => label));
  const vanished = standing
    .filter((one) => isOf(one, place) && !stated.has(one.label) && /^HMIS-.+-[13]$/.test(one.label))
    .map(({ label }) => label);
  return { create, set, unchanged, vanished, quarantined };
}

export const shortReason = (label: string, from: string, until: string, promised: number | null) =>
  `cannot be set for ${label} from ${from} until ${until}: ${promised === null ? "more beds" : `${promised} beds`} are promised or out of service`;

const isOf = (one: Place, place: Place) =>
  one.country === place.country && one.locality === place.locality;

function openingOf(statement: Statement, beds: ReadonlyMap<string, number>): Opening | null {
  const first = statement.offers[0];
  if (!first || Math.max(...beds.values()) === 0) return null;
  // The least: at no moment, not even of a run that is killed, is a bed offered that the files lack.
  const begin = Math.min(...beds.values());
  const nights = [...beds.keys()].map((date) => ({ date, maximum: begin, promised: 0 }));
  const { changes } = changesOf(nights, { statement, beds });
  const { kind, features } = first;
  return { statement, beds, kind, features, begin, changes };
}

function bedsByNight(
  { offers }: Statement,
  horizon: Horizon,
  quarantine: (row: number, column: string, reason: string) => void,
): ReadonlyMap<string, number> {
  const beds = new Map<string, number>();
  for (let date = horizon.from; date < horizon.until; date = addDays(date, 1)) beds.set(date, 0);
  for (const offer of offers) {
    const nights = [...beds].filter(([date]) => counts(offer, date));
    if (nights.some(([, sum]) => sum + offer.beds > MOST_BEDS)) {
      quarantine(offer.row, "BedInventory", `takes its shelter above ${MOST_BEDS} beds`);
    } else {
      for (const [date, sum] of nights) beds.set(date, sum + offer.beds);
    }
  }
  return beds;
}

const counts = ({ from, last }: Offer, date: string) =>
  from <= date && (last === null || date <= last);

/** Nights, together with the next while they are alike. */
interface Stretch {
  readonly from: string;
  until: string;
}
function extend<S extends Stretch>(into: S[], next: S, isAlike: (a: S, b: S) => boolean): void {
  const last = into.at(-1);
  if (last && last.until === next.from && isAlike(last, next)) last.until = next.until;
  else into.push(next);
}

/**
 * How the nights that are open come to what is wanted. A night never goes below what is promised, and
 * says so (`short`); one of a doubtful statement never goes down at all.
 */
export function changesOf(nights: readonly Night[], { statement, beds }: Wanted) {
  const changes: (Change & Stretch)[] = [];
  const short: (Stretch & { readonly promised: number; readonly row: number })[] = [];
  for (const { date, maximum: was, promised } of nights) {
    const wanted = beds.get(date);
    if (wanted === undefined) continue;
    const row = statement.offers.find((offer) => counts(offer, date))?.row ?? statement.row;
    const stretch = { from: date, until: addDays(date, 1), row };
    const target = statement.isDoubtful ? Math.max(was, wanted) : wanted;
    if (target < promised) {
      extend(short, { ...stretch, promised }, (a, b) => a.promised === b.promised);
    }
    const maximum = Math.max(target, promised);
    if (maximum !== was) {
      const isAlike = (a: Change, b: Change) => a.was === b.was && a.maximum === b.maximum;
      extend<Change & Stretch>(changes, { ...stretch, was, maximum }, isAlike);
    }
  }
  return { changes, short } as const;
}
