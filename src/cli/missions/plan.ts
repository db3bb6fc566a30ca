import { spelled } from "../../kernel/names.ts";
import { codeOfCountry } from "./countries.ts";

export interface MissionRow {
  /** As a spreadsheet counts: the header is row 1. */
  readonly row: number;
  readonly operator: string;
  readonly country: string;
  readonly city: string;
  readonly type: string;
}
export interface Quarantined {
  readonly row: number;
  readonly column: string;
  readonly reason: string;
}
/** A mission as a contact knows it; embassy and consulate of one city are one. */
export interface Draft {
  readonly representing: string;
  readonly country: string;
  readonly locality: string;
}
export interface Standing extends Draft {
  readonly id: string;
  readonly programme: string;
  readonly assuredAt: string;
  readonly reviewBy: string;
}
/** Contacts that earlier imports made, and those of them that they marked as vanished. */
export interface Remembered {
  readonly made: readonly string[];
  readonly vanished: readonly string[];
}
export interface Plan {
  readonly create: readonly Draft[];
  /** Their review is near or past, or they are back. */
  readonly renew: readonly Standing[];
  /** Imported once, in no row now: paused, never deleted. */
  readonly pause: readonly Standing[];
  readonly unchanged: readonly Standing[];
  readonly quarantined: readonly Quarantined[];
}

export const keyOf = ({ representing, country, locality }: Draft) =>
  `${representing} ${country} ${locality}`;

const TYPES = [
  "embassy",
  "de facto embassy",
  "apostolic nunciature",
  "consulate general",
  "consulate",
  "consular agency",
  "honorary consulate",
];
const RENEW_BEFORE_MS = 60 * 86_400_000;

/** What an import would do; `today` in milliseconds since the epoch. What a mission issues is never inferred. */
export function planMissions(
  rows: readonly MissionRow[],
  standing: readonly Standing[],
  remembered: Remembered,
  today: number,
): Plan {
  const quarantined: Quarantined[] = [];
  const wanted = new Map<string, { readonly draft: Draft; readonly row: number }>();
  for (const mission of rows) {
    const read = draftOf(mission);
    if ("column" in read) {
      quarantined.push(read);
      continue;
    }
    const key = keyOf(read);
    const first = wanted.get(key);
    if (first) {
      const reason = `is in the same city as that of row ${first.row}: one contact is made of both`;
      quarantined.push({ row: mission.row, column: "type", reason });
    } else {
      wanted.set(key, { draft: read, row: mission.row });
    }
  }
  const there = new Map(standing.map((contact) => [keyOf(contact), contact]));
  const kept = standing.filter((contact) => wanted.has(keyOf(contact)));
  const isDue = ({ id, reviewBy }: Standing) =>
    remembered.made.includes(id) &&
    (remembered.vanished.includes(id) || Date.parse(reviewBy) - today < RENEW_BEFORE_MS);
  return {
    create: [...wanted].filter(([key]) => !there.has(key)).map(([, { draft }]) => draft),
    renew: kept.filter(isDue),
    pause: standing.filter(
      (contact) =>
        remembered.made.includes(contact.id) &&
        !wanted.has(keyOf(contact)) &&
        contact.programme === "ACTIVE",
    ),
    unchanged: kept.filter((contact) => !isDue(contact)),
    quarantined,
  };
}

function draftOf({ row, operator, country, city, type }: MissionRow): Draft | Quarantined {
  const fault = (column: string, reason: string): Quarantined => ({ row, column, reason });
  const representing = codeOfCountry(operator);
  if (representing === null) {
    return fault("operator", "is no country of ISO 3166-1");
  }
  const host = codeOfCountry(country);
  if (host === null) return fault("country", "is no country of ISO 3166-1");
  if (!TYPES.includes(type.toLowerCase().replace(/ of .*$/, ""))) {
    return fault("type", "is no kind of embassy or consulate");
  }
  if (city === "") return fault("city", "is blank");
  if (/\b(?:district|rayon|raion|oblast|okrug|province|municipality)\b/i.test(city)) {
    return fault("city", "is a district or region, not a city");
  }
  if (city.includes("\u{FFFD}")) return fault("city", "is not UTF-8");
  if (city.length > 80 || /[\p{N}\p{C}]/u.test(city)) return fault("city", "is no name of a city");
  return { representing, country: host, locality: spelled(city) };
}
