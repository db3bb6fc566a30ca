/** What is wrong with an instant that RFC 3339 has no spelling for in UTC, or PostgreSQL no year. */
export const OUT_OF_CALENDAR = "must be in the years 0001 to 9999 (UTC)";

export function isInCalendar(instant: Date): boolean {
  const year = instant.getUTCFullYear();
  return year >= 1 && year <= 9999;
}
