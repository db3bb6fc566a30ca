/**
 * Of a field that holds an envelope, of the 50,000 that an operation may come to: it is as long as thousands of
 * others, and a few aliases of it would be an answer of hundreds of megabytes.
 */
export const ENVELOPE_COST = 250;
