import type { Issue } from "../../kernel/errors.ts";

export type BedHoldStatus = "HELD" | "CONFIRMED" | "RELEASED" | "DECLINED" | "EXPIRED" | "ENDED";

/** From which states whom may move a hold where; the clock's two edges are the database's own. */
export const HOLD_EDGES = {
  CONFIRMED: ["HELD"],
  RELEASED: ["HELD", "CONFIRMED"],
  DECLINED: ["HELD"],
} as const satisfies Partial<Record<BedHoldStatus, readonly BedHoldStatus[]>>;
export type HoldMove = keyof typeof HOLD_EDGES;

/** Where a hold in this state can still go. */
export function movesFrom(status: string): HoldMove[] {
  return (Object.keys(HOLD_EDGES) as HoldMove[]).filter((to) =>
    HOLD_EDGES[to].some((from) => from === status),
  );
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

function daysBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 86_400_000;
}
