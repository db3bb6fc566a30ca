import { daysBetween } from "../../kernel/days.ts";
import type { Issue } from "../../kernel/errors.ts";
import { isReference } from "../../kernel/ids.ts";
import { faultsOfName } from "../../kernel/names.ts";

export type BedHoldStatus = "HELD" | "CONFIRMED" | "RELEASED" | "DECLINED" | "EXPIRED" | "ENDED";

export const SHELTER_KINDS = ["HOSTEL", "APARTMENT", "HOST_FAMILY", "HOTEL"] as const;
export type ShelterKind = (typeof SHELTER_KINDS)[number];
export const SHELTER_FEATURES = [
  "STEP_FREE",
  "FAMILY_ROOM",
  "WOMEN_ONLY",
  "PRIVATE_ROOM",
  "CHILDREN_WELCOME",
  "PETS",
] as const;
export type ShelterFeature = (typeof SHELTER_FEATURES)[number];
export const AVAILABILITY_BANDS = ["NONE", "FEW", "SOME", "MANY"] as const;
export type AvailabilityBand = (typeof AVAILABILITY_BANDS)[number];

interface Edge {
  readonly by: "holder_id" | "host_id";
  readonly from: readonly BedHoldStatus[];
}
/** From which states who may move a hold where; the clock's two edges are the database's own. */
export const HOLD_EDGES = {
  CONFIRMED: { by: "holder_id", from: ["HELD"] },
  RELEASED: { by: "holder_id", from: ["HELD", "CONFIRMED"] },
  DECLINED: { by: "host_id", from: ["HELD"] },
} as const satisfies Partial<Record<BedHoldStatus, Edge>>;
export type HoldMove = keyof typeof HOLD_EDGES;

/** Where its holder or host can still take a hold that is in this state. */
export function movesFrom(
  status: string,
  caller: string,
  sides: { readonly holder_id: string; readonly host_id: string },
): HoldMove[] {
  const edges: [string, Edge][] = Object.entries(HOLD_EDGES);
  return edges
    .filter(([, { by, from }]) => sides[by] === caller && from.some((one) => one === status))
    .map(([to]) => to as HoldMove);
}

const LONGEST_STAY_NIGHTS = 366;
const MOST_BEDS = 10_000;

/** What is wrong with a stay; `today` is UTC. Yesterday may still be checked into, west of Greenwich. */
export function faultsOfStay(
  stay: { readonly beds: number; readonly checkIn: string; readonly checkOut: string },
  today: string,
): Issue[] {
  const faults: Issue[] = [];
  const nights = daysBetween(stay.checkIn, stay.checkOut);
  if (nights < 1) faults.push({ path: ["checkOut"], message: "must be after checkIn" });
  if (nights > LONGEST_STAY_NIGHTS) {
    faults.push({
      path: ["checkOut"],
      message: `must be at most ${LONGEST_STAY_NIGHTS} nights after checkIn`,
    });
  }
  if (daysBetween(today, stay.checkIn) < -1) {
    faults.push({ path: ["checkIn"], message: "must not be in the past" });
  }
  if (stay.beds < 1 || stay.beds > MOST_BEDS) {
    faults.push({ path: ["beds"], message: `must be from 1 to ${MOST_BEDS}` });
  }
  return faults;
}

/** Each night of each shelter that is shared may be looked at. */
const NIGHTS_OF_A_SEARCH = 31;

/** As how many a search for such a stay counts, where it has no fault: of up to a month as one. */
export function searchesOf(stay: { readonly checkIn: string; readonly checkOut: string }): number {
  return Math.ceil(daysBetween(stay.checkIn, stay.checkOut) / NIGHTS_OF_A_SEARCH);
}

const MOST_STAYS = 20;
/** Of all stays together: the clock frees those of 200 holds in one statement. */
const MOST_NIGHTS = 1_000;
const MOST_KEPT_APART = 50;
/** Of a hold that nobody confirms. */
export const USUAL_HOLD_MINUTES = 60;
export const LONGEST_HOLD_MINUTES = 7 * 24 * 60;

export function faultsOfHold(
  hold: {
    readonly stays: readonly {
      readonly beds: number;
      readonly checkIn: string;
      readonly checkOut: string;
    }[];
    readonly ttlMinutes: number;
    readonly caseReference: string | null;
    readonly keepApartFrom: readonly string[];
  },
  today: string,
): Issue[] {
  const faults: Issue[] = hold.stays.flatMap((stay, index) =>
    faultsOfStay(stay, today).map(({ path, message }) => ({
      path: ["stays", index, ...path],
      message,
    })),
  );
  if (hold.stays.length < 1 || hold.stays.length > MOST_STAYS) {
    faults.push({ path: ["stays"], message: `must be from 1 to ${MOST_STAYS}` });
  }
  const nights = hold.stays.map(({ checkIn, checkOut }) => daysBetween(checkIn, checkOut));
  if (nights.reduce((sum, one) => sum + one, 0) > MOST_NIGHTS) {
    faults.push({ path: ["stays"], message: `must be at most ${MOST_NIGHTS} nights in all` });
  }
  if (hold.ttlMinutes < 1 || hold.ttlMinutes > LONGEST_HOLD_MINUTES) {
    faults.push({ path: ["ttlMinutes"], message: `must be from 1 to ${LONGEST_HOLD_MINUTES}` });
  }
  if (hold.keepApartFrom.length > MOST_KEPT_APART) {
    faults.push({ path: ["keepApartFrom"], message: `must be at most ${MOST_KEPT_APART}` });
  }
  return [...faults, ...faultsOfReference(hold.caseReference)];
}

/** What is wrong with what an organisation calls a case of its own. */
export function faultsOfReference(reference: string | null): Issue[] {
  const message = "must be a random UUID (version 4), in lower case";
  const fits = reference === null || isReference(reference);
  return fits ? [] : [{ path: ["caseReference"], message }];
}

/** What is wrong with a stay at this very shelter; every stay of a hold is at one host. */
export function faultsOfStayAt(
  stay: { readonly checkIn: string; readonly checkOut: string },
  shelter: { readonly owner_id: string; readonly max_stay_nights: number | null },
  host: string,
): Issue[] {
  const most = shelter.max_stay_nights;
  if (most !== null && daysBetween(stay.checkIn, stay.checkOut) > most) {
    return [{ path: ["checkOut"], message: `must be at most ${most} nights after checkIn` }];
  }
  return shelter.owner_id === host
    ? []
    : [{ path: ["shelterId"], message: "must be of the first stay's host" }];
}

/** Of one owner: the clock opens a night of every one each day. */
export const MOST_SHELTERS = 2_000;

export function faultsOfShelter(shelter: {
  readonly label: string;
  readonly locality: string;
  readonly features: readonly string[];
  readonly beds: number;
  readonly maxStayNights: number | null;
}): Issue[] {
  const { label, locality, features } = shelter;
  const faults = [...faultsOfName("label", label), ...faultsOfName("locality", locality)];
  if (new Set(features).size < features.length) {
    faults.push({ path: ["features"], message: "must name each once" });
  }
  if (shelter.beds < 0 || shelter.beds > MOST_BEDS) {
    faults.push({ path: ["beds"], message: `must be from 0 to ${MOST_BEDS}` });
  }
  const { maxStayNights } = shelter;
  if (maxStayNights !== null && (maxStayNights < 1 || maxStayNights > LONGEST_STAY_NIGHTS)) {
    faults.push({ path: ["maxStayNights"], message: `must be from 1 to ${LONGEST_STAY_NIGHTS}` });
  }
  return faults;
}

/** Of those that are given anew. */
export function faultsOfNames(names: {
  readonly label: string | null;
  readonly locality: string | null;
}): Issue[] {
  const { label, locality } = names;
  if (label === null && locality === null) {
    return [{ path: [], message: "must name label, locality or both" }];
  }
  return [
    ...(label === null ? [] : faultsOfName("label", label)),
    ...(locality === null ? [] : faultsOfName("locality", locality)),
  ];
}

/** Nights are open from yesterday to 365 days after today (UTC). */
export function faultsOfNights(
  change: {
    readonly from: string;
    readonly until: string;
    readonly maximum: number | null;
    readonly outOfService: number | null;
  },
  today: string,
): Issue[] {
  const faults: Issue[] = [];
  if (daysBetween(change.from, change.until) < 1) {
    faults.push({ path: ["until"], message: "must be after from" });
  }
  if (daysBetween(today, change.from) < -1) {
    faults.push({ path: ["from"], message: "must not be in the past" });
  }
  if (daysBetween(today, change.until) > 366) {
    faults.push({ path: ["until"], message: "must be at most 366 days from today" });
  }
  if (change.maximum === null && change.outOfService === null) {
    faults.push({ path: [], message: "must set maximum, outOfService or both" });
  }
  for (const field of ["maximum", "outOfService"] as const) {
    const beds = change[field];
    if (beds !== null && (beds < 0 || beds > MOST_BEDS)) {
      faults.push({ path: [field], message: `must be from 0 to ${MOST_BEDS}` });
    }
  }
  return faults;
}
