import type { Issue } from "../../kernel/errors.ts";
import type { Scope } from "../../kernel/scopes.ts";

/** What can be shared of one's own; the other scopes say what a client does with its own organisation. */
const SHAREABLE: ReadonlySet<Scope> = new Set([
  "beds:read",
  "beds:hold",
  "consulates:read",
  "consulates:reveal",
  "handoffs:offer",
]);

/** Clocks may differ by so much. */
const SKEW_MS = 5 * 60_000;
const MOST_COUNTRIES = 250;
/** On one owner's resources for one organisation, each for one scope in one country: whoever has them reads them all. */
export const MOST_REACHES = 5_000;
/** From one owner, standing at once: each that is taken back ends its streams. */
export const MOST_GRANTS = 100;

/**
 * By one grant, on all that it reaches together, written in one statement: a circle of 200 and all that can be named for it
 * would be a quarter of a million, which is cut off in its midst, and what failed costs its giver nothing.
 */
const MOST_REACHES_OF_GRANT = 10_000;

export interface GrantTerms {
  readonly scopes: readonly Scope[];
  /** Null: every country. */
  readonly countries: readonly string[] | null;
  /** Null: from now on. */
  readonly validFrom: Date | null;
  /** Null: until revoked. */
  readonly validUntil: Date | null;
}

export function faultsOfTerms(terms: GrantTerms, now: Date): Issue[] {
  const { scopes, countries, validFrom, validUntil } = terms;
  const faults: Issue[] = scopes.flatMap((scope, index) =>
    SHAREABLE.has(scope) ? [] : [{ path: ["scopes", index], message: "cannot be shared" }],
  );
  if (countries !== null && (countries.length < 1 || countries.length > MOST_COUNTRIES)) {
    const message = "must name a country, or be null for every country";
    faults.push({ path: ["countries"], message });
  }
  if (countries !== null && new Set(countries).size < countries.length) {
    faults.push({ path: ["countries"], message: "must name each country once" });
  }
  if (validFrom !== null && validFrom.getTime() < now.getTime() - SKEW_MS) {
    faults.push({ path: ["validFrom"], message: "must not be in the past" });
  }
  if (validUntil !== null && (validUntil <= now || (validFrom && validUntil <= validFrom))) {
    faults.push({ path: ["validUntil"], message: "must be after validFrom, and in the future" });
  }
  return faults;
}

export const reachesOf = ({ scopes, countries }: GrantTerms): number =>
  scopes.length * (countries?.length ?? 1);

export const reachesTooMany = (terms: GrantTerms, organisations: number): boolean =>
  organisations * reachesOf(terms) > MOST_REACHES_OF_GRANT;
