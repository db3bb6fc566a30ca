import { LimitExceeded } from "../../kernel/errors.ts";

/**
 * Of a field that holds an envelope, of the 50,000 that an operation may come to: it is as long as thousands of
 * others, and a few aliases of it would be an answer of hundreds of megabytes.
 */
export const ENVELOPE_COST = 250;

/** Of a list that is no connection: as many as it may well come to; five where nothing is said. */
export const about = (count: number) => ({ field: 1, multiplier: count });

/** Of what a case's list tells, which can stand within itself: no more than it counts as. */
export const MOST_OF_CASE = 30;
/** Of a case, to know which of them are told: a call may name a hundred. */
export const MOST_LOOKED_AT = 200;

/** Those in a live state, then others. @throws LimitExceeded where one of the first might be left out */
export function ofCase<Row extends { readonly status: string }>(
  rows: readonly Row[],
  live: readonly string[],
): Row[] {
  if (rows.length > MOST_LOOKED_AT)
    throw new LimitExceeded(
      `This case has more than ${MOST_LOOKED_AT}: page through all of yours.`,
    );
  const [first, others] = [true, false].map((isLive) =>
    rows.filter(({ status }) => live.includes(status) === isLive),
  ) as [Row[], Row[]];
  if (first.length > MOST_OF_CASE)
    throw new LimitExceeded(
      `More than ${MOST_OF_CASE} of this case are under way: page through all of yours.`,
    );
  return [...first, ...others].slice(0, MOST_OF_CASE);
}
