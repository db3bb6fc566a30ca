import {
  type BedHoldQuery,
  CallFailed,
  type HandoffEnvelopeQuery,
  type HandoffMatchesQuery,
  type HandoffQuery,
} from "wayhouse/client";

/**
 * The types of an operation say what the API promises. Whoever holds the server can say anything else: what the bot
 * works with is looked at first, so that it fails as this one answer, and not wherever it is met.
 */
type Check = (value: unknown) => boolean;
const isText: Check = (value) => typeof value === "string";
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const maybe =
  (is: Check): Check =>
  (value) =>
    value === null || is(value);
const listOf =
  (is: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(is);
const having =
  (members: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(members).every(([name, is]) => is((value as Record<string, unknown>)[name]));

/** As a file may be called: things are kept under it. */
export const isName = (value: unknown): value is string =>
  typeof value === "string" && /^[\w-]{1,200}$/.test(value);

const isNamed = having({ id: isText });
const isOrganisation = having({ id: isText, identityThumbprint: isText });
const isHandoff = having({
  status: isText,
  sender: isOrganisation,
  recipient: maybe(isNamed),
  needs: listOf(isText),
  riskProfile: isText,
  party: having({ adults: isCount, children: isCount }),
  priority: isText,
  destinations: listOf(isText),
  windowStart: isText,
  windowEnd: isText,
  acknowledgedAt: maybe(isText),
  caseReference: maybe(isNamed),
  receivedDigest: maybe(isName),
});
const isHold = having({
  status: isText,
  host: isNamed,
  holder: isOrganisation,
  stays: listOf(having({ shelter: having({ label: isText }) })),
  instructionsDigest: maybe(isText),
  instructionsKeyRetiredAt: maybe(isText),
});
const isBeds = listOf(
  having({ shelter: having({ id: isText, country: isText, organisation: isNamed }) }),
);

/** @throws CallFailed */
function believed<T>(value: T, what: string, ...checks: readonly Check[]): T {
  if (checks.every((is) => is(value))) return value;
  throw new CallFailed("PROTOCOL", `What the server answers is no ${what}.`);
}
const called =
  (asked: string): Check =>
  (value) =>
    (value as { readonly id: unknown }).id === asked;

/** The one that was asked for; null where there is none to be seen. @throws CallFailed */
export function handoffIn({ node }: HandoffQuery, asked: string) {
  if (node?.__typename !== "Handoff") return null;
  return believed(node, "handoff", isHandoff, called(asked));
}

/** The same of a hold. @throws CallFailed */
export function holdIn({ node }: BedHoldQuery, asked: string) {
  if (node?.__typename !== "BedHold") return null;
  return believed(node, "hold", isHold, called(asked));
}

/** @throws CallFailed */
export function bedsIn({ node }: HandoffMatchesQuery) {
  if (node?.__typename !== "Handoff") return [];
  return believed(node, "list of beds", having({ matches: having({ beds: isBeds }) })).matches.beds;
}

/** @throws CallFailed */
export function envelopeIn({ node }: HandoffEnvelopeQuery) {
  if (node?.__typename !== "Handoff") return null;
  return believed(node, "envelope", having({ envelope: maybe(isText) })).envelope;
}

/** What a step came to: done, or which refusal. @throws CallFailed */
export const outcomeOf = <T extends { readonly __typename: string }>(outcome: T): T =>
  believed(outcome, "outcome of a step", having({ __typename: isText }));
