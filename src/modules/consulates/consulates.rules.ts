import type { Issue } from "../../kernel/errors.ts";
import { faultsOfName } from "../../kernel/names.ts";

/** In any 24 hours. A bot that is taken over can carry away no more. */
export const REVEAL_BUDGET = { perClient: 20, perOrganisation: 60 } as const;
const MOST_ENVELOPES = 20;
/** Of one owner, the closed ones too until they are purged: whoever has its grant reads them all. */
export const MOST_CONTACTS = 2_000;
const DAY_MS = 86_400_000;
const MOST_LISTED = 20;
/** Of a language (RFC 5646 §4.4.1). */
const LONGEST_TAG = 35;

export function faultsOfReview(reviewBy: Date, now: Date): Issue[] {
  const lasts = reviewBy.getTime() - now.getTime();
  const message = "must be in the future, within a year";
  return lasts > 0 && lasts <= 366 * DAY_MS ? [] : [{ path: ["reviewBy"], message }];
}

export function faultsOfContact(
  contact: {
    readonly locality: string;
    readonly documents: readonly string[];
    readonly riskProfiles: readonly string[];
    readonly languages: readonly string[];
    readonly leadTimeDays: number | null;
    readonly reviewBy: Date;
    readonly envelopes: readonly string[];
  },
  now: Date,
): Issue[] {
  const { locality, leadTimeDays } = contact;
  const faults = [...faultsOfReview(contact.reviewBy, now), ...faultsOfName("locality", locality)];
  for (const field of ["documents", "riskProfiles", "languages"] as const) {
    const list = contact[field];
    if (new Set(list).size < list.length || list.length > MOST_LISTED) {
      faults.push({ path: [field], message: `must name each once, ${MOST_LISTED} at most` });
    }
  }
  if (contact.languages.some((tag) => tag.length > LONGEST_TAG || /(?:^|-)[0-9a-z]-/.test(tag))) {
    const message = `must each be ${LONGEST_TAG} characters at most, without extensions and private use`;
    faults.push({ path: ["languages"], message });
  }
  if (leadTimeDays !== null && (leadTimeDays < 0 || leadTimeDays > 730)) {
    faults.push({ path: ["leadTimeDays"], message: "must be from 0 to 730" });
  }
  return [...faults, ...faultsOfEnvelopes(contact.envelopes, 0)];
}

export function faultsOfEnvelopes(envelopes: readonly string[], fewest: number): Issue[] {
  const message = `must be from ${fewest} to ${MOST_ENVELOPES}`;
  const fits = envelopes.length >= fewest && envelopes.length <= MOST_ENVELOPES;
  return fits ? [] : [{ path: ["envelopes"], message }];
}

/** One for each envelope, or none at all. */
export function faultsOfReplaced(
  envelopes: readonly unknown[],
  replaces?: readonly unknown[],
): Issue[] {
  if (replaces === undefined || replaces.length === envelopes.length) return [];
  return [{ path: ["replaces"], message: "must name one for each envelope" }];
}
