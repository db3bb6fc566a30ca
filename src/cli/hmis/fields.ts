import type { Row } from "./read.ts";

/**
 * Why a row is not taken. `doubtful`: what it says cannot be told, so that it may have said more than
 * nothing; without it the row is understood, and gives the network no bed.
 */
export class Unfit extends Error {
  override readonly name = "Unfit";
  constructor(
    readonly column: string,
    readonly reason: string,
    readonly doubtful = false,
  ) {
    super(reason);
  }
}

/** Reasons never repeat a value: it may be a name put in the wrong column, or steer a terminal. */
function mustBe(row: Row, column: string, what: string): never {
  const value = row.values[column]!;
  const is = value === "" ? "is blank; " : value.includes("\u{FFFD}") ? "is not UTF-8; " : "";
  throw new Unfit(column, `${is}must be ${what}`, true);
}

/** Short enough that two of them make a label. */
export function idIn(row: Row, column: string): string {
  const value = row.values[column]!;
  return /^[A-Za-z0-9._-]{1,32}$/.test(value)
    ? value
    : mustBe(row, column, "1 to 32 letters, digits, dots, dashes or underscores");
}

export const MOST_BEDS = 10_000;

export function countIn(row: Row, column: string): number {
  const value = row.values[column]!;
  return /^\d{1,5}$/.test(value) && Number(value) <= MOST_BEDS
    ? Number(value)
    : mustBe(row, column, `a whole number from 0 to ${MOST_BEDS}`);
}

/** Null if blank. */
export function codeIn(row: Row, column: string, codes: readonly number[]): number | null {
  const value = row.values[column]!;
  if (value === "") return null;
  const code = /^\d{1,3}$/.test(value) ? Number(value) : Number.NaN;
  return codes.includes(code) ? code : mustBe(row, column, `one of ${codes.join(", ")}`);
}

export function requiredCodeIn(row: Row, column: string, codes: readonly number[]): number {
  return codeIn(row, column, codes) ?? mustBe(row, column, `one of ${codes.join(", ")}`);
}

/** YYYY-MM-DD; null if blank. */
export function dateIn(row: Row, column: string): string | null {
  const value = row.values[column]!;
  if (value === "") return null;
  const instant = /^\d{4}-\d{2}-\d{2}$/.test(value) ? new Date(`${value}T00:00:00Z`) : null;
  const isDate =
    instant && !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(value);
  return isDate ? value : mustBe(row, column, "a date of the calendar, as YYYY-MM-DD");
}

export function requiredDateIn(row: Row, column: string): string {
  return dateIn(row, column) ?? mustBe(row, column, "a date of the calendar, as YYYY-MM-DD");
}
