import { expect, it } from "vitest";
import type { Issue } from "../../src/kernel/errors.ts";

export const NOW = new Date("2026-03-01T12:00:00Z");
export const TODAY = "2026-03-01";
export const DAY = 86_400_000;
export const SKEW = 5 * 60_000;
export const after = (ms: number) => new Date(NOW.getTime() + ms);
export const many = (count: number) => Array.from({ length: count }, (_, nth) => `one ${nth}`);

/** What of an input is said otherwise; the last that is taken, and the first that is not, with the field that it names. */
type Bounds = readonly (readonly [
  field: string,
  taken: readonly object[],
  refused: readonly object[],
])[];

/** Each of its bounds is a test. */
export function holdsTo<Input extends object>(
  sound: Input,
  faultsOf: (input: Input) => Issue[],
  bounds: Bounds,
) {
  const fieldsIn = (change: object) =>
    faultsOf({ ...sound, ...change }).map(({ path }) => path.join("."));
  it.each(bounds)("its %s", (field, taken, refused) => {
    for (const change of [{}, ...taken])
      expect(fieldsIn(change), JSON.stringify(change)).toEqual([]);
    for (const change of refused) expect(fieldsIn(change), JSON.stringify(change)).toContain(field);
  });
}
