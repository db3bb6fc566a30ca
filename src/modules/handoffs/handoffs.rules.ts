import { daysBetween } from "../../kernel/days.ts";
import type { Issue } from "../../kernel/errors.ts";

export type HandoffStatus =
  | "REQUESTED"
  | "ACCEPTED"
  | "IN_PROGRESS"
  | "ON_HOLD"
  | "COMPLETED"
  | "REJECTED"
  | "CANCELLED"
  | "FAILED"
  | "EXPIRED";
export const NEEDS = [
  "SHELTER",
  "TRAVEL_DOCUMENT",
  "HUMANITARIAN_VISA",
  "LEGAL_DEFENCE",
  "TRANSPORT",
  "MEDICAL",
  "PSYCHOSOCIAL",
  "INTERPRETING",
  "CASH",
] as const;
export type Need = (typeof NEEDS)[number];
export const DOCUMENTS_HELD = [
  "NONE",
  "INTERNAL_PASSPORT",
  "FOREIGN_PASSPORT",
  "SUBSTITUTE_TRAVEL_DOCUMENT",
  "HUMANITARIAN_VISA",
] as const;
export type DocumentHeld = (typeof DOCUMENTS_HELD)[number];
export const HANDOFF_REASONS = [
  "NO_CAPACITY",
  "OUT_OF_SCOPE",
  "UNSAFE_COUNTRY",
  "CONSENT_WITHDRAWN",
  "NO_ANSWER",
  "ORGANISATION_SUSPENDED",
  "PERSON_DECLINED",
  "PLAN_CHANGED",
  "DELIVERED",
  "OTHER",
] as const;
export type HandoffReason = (typeof HANDOFF_REASONS)[number];
/** What the caller is to a handoff; who is passed over or out was a candidate before. */
export type Standing = "SENDER" | "RECIPIENT" | "CANDIDATE" | "OUT" | "PASSED_OVER";

/** BACK: to where it was held from. An act without `to` leaves the handoff in its state. */
interface Edge {
  readonly by: Standing;
  readonly from: readonly HandoffStatus[];
  readonly to?: HandoffStatus | "BACK";
}
export const LIVE = ["REQUESTED", "ACCEPTED", "IN_PROGRESS", "ON_HOLD"] as const;

/** The state machine of a handoff; the clock's and the network's edges are the database's own. */
const HANDOFF_EDGES = {
  acknowledgeHandoff: { by: "CANDIDATE", from: ["REQUESTED"] },
  acceptHandoff: { by: "CANDIDATE", from: ["REQUESTED"], to: "ACCEPTED" },
  rejectHandoff: { by: "CANDIDATE", from: ["REQUESTED"], to: "REJECTED" },
  sealHandoff: { by: "SENDER", from: ["ACCEPTED"] },
  receiveHandoff: { by: "RECIPIENT", from: ["ACCEPTED"], to: "IN_PROGRESS" },
  holdHandoff: { by: "RECIPIENT", from: ["ACCEPTED", "IN_PROGRESS"], to: "ON_HOLD" },
  resumeHandoff: { by: "RECIPIENT", from: ["ON_HOLD"], to: "BACK" },
  completeHandoff: { by: "RECIPIENT", from: ["IN_PROGRESS"], to: "COMPLETED" },
  failHandoff: { by: "RECIPIENT", from: ["ACCEPTED", "IN_PROGRESS", "ON_HOLD"], to: "FAILED" },
  cancelHandoff: { by: "SENDER", from: LIVE, to: "CANCELLED" },
  withdrawConsent: { by: "SENDER", from: LIVE, to: "CANCELLED" },
} as const satisfies Record<string, Edge>;
export type HandoffStep = keyof typeof HANDOFF_EDGES;

export const isFinal = (status: HandoffStatus) => !LIVE.some((live) => live === status);

/** What the lock found out about a handoff. */
export interface HandoffFacts {
  readonly standing: Standing;
  readonly status: HandoffStatus;
  /** Of what is ON_HOLD: where it can be resumed to. Null: it goes back by itself, or its sender is suspended or locked down. */
  readonly heldFrom: "ACCEPTED" | "IN_PROGRESS" | null;
  readonly isSealed: boolean;
  readonly isBlocked: boolean;
  readonly hasConsent: boolean;
}

type Decision =
  | { readonly kind: "GO"; readonly to: HandoffStatus | null }
  | { readonly kind: "ILLEGAL"; readonly from: HandoffStatus; readonly allowed: readonly string[] }
  | { readonly kind: "ALREADY_ACCEPTED" | "BLOCKED" | "NO_CONSENT" | "NOT_FOUND" };

const NEEDS_CONSENT: readonly HandoffStep[] = [
  "acceptHandoff",
  "sealHandoff",
  "receiveHandoff",
  "resumeHandoff",
];

/** Whether this caller may take this step now, and where it leads. */
export function decide(step: HandoffStep, facts: HandoffFacts): Decision {
  const { by }: Edge = HANDOFF_EDGES[step];
  const { standing, status } = facts;
  if (standing === "PASSED_OVER") {
    return { kind: step === "acceptHandoff" ? "ALREADY_ACCEPTED" : "NOT_FOUND" };
  }
  if (by !== standing && (by === "SENDER" || standing === "SENDER")) return { kind: "NOT_FOUND" };
  const isOpen = standing === "CANDIDATE" && !isFinal(status);
  if (step === "acceptHandoff" && isOpen && facts.isBlocked) return { kind: "BLOCKED" };
  if (!isLegal(step, facts)) return { kind: "ILLEGAL", from: status, allowed: allowedFrom(facts) };
  if (NEEDS_CONSENT.includes(step) && !facts.hasConsent) return { kind: "NO_CONSENT" };
  return { kind: "GO", to: targetOf(step, facts) };
}

function isLegal(step: HandoffStep, facts: HandoffFacts): boolean {
  const { by, from, to }: Edge = HANDOFF_EDGES[step];
  return (
    by === facts.standing &&
    from.includes(facts.status) &&
    (step !== "receiveHandoff" || facts.isSealed) &&
    (to !== "BACK" || (facts.heldFrom !== null && !facts.isBlocked))
  );
}

/** Null: it stays in its state. */
function targetOf(step: HandoffStep, { heldFrom }: HandoffFacts): HandoffStatus | null {
  const { to }: Edge = HANDOFF_EDGES[step];
  return to === "BACK" ? heldFrom : (to ?? null);
}

/** Where this caller can still take it. */
function allowedFrom(facts: HandoffFacts): HandoffStatus[] {
  const steps = Object.keys(HANDOFF_EDGES) as HandoffStep[];
  const targets = steps
    .filter((step) => isLegal(step, facts))
    .map((step) => targetOf(step, facts))
    .filter((to) => to !== null);
  return [...new Set(targets)];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Within which a request is acknowledged and, once accepted, the file is sealed (IASC). */
export const ANSWER_WITHIN_MS = {
  EMERGENCY: 24 * HOUR_MS,
  URGENT: 72 * HOUR_MS,
  ROUTINE: 14 * DAY_MS,
} as const;
export type Priority = keyof typeof ANSWER_WITHIN_MS;

/** Then it is not held once more: both sides read its whole history. */
export const MOST_TRANSITIONS = 200;

const SKEW_MS = 5 * 60_000;
const MOST_CANDIDATES = 20;
const MOST_DESTINATIONS = 20;
const MOST_PEOPLE = 50;

export interface Offer {
  readonly candidateIds: readonly string[];
  readonly needs: readonly string[];
  readonly party: { readonly adults: number; readonly children: number };
  readonly destinations: readonly string[];
  readonly documentsHeld: readonly string[];
  readonly windowStart: string;
  readonly windowEnd: string;
  readonly consent: {
    readonly purpose: string;
    readonly givenAt: Date;
    readonly expiresAt: Date;
    readonly caregiver: boolean;
  };
}

export function faultsOfOffer(offer: Offer, now: Date): Issue[] {
  const faults: Issue[] = [];
  const refuse = (message: string, ...path: (string | number)[]) => faults.push({ path, message });
  const lists = [
    ["candidateIds", MOST_CANDIDATES],
    ["needs", Infinity],
    ["destinations", MOST_DESTINATIONS],
    ["documentsHeld", Infinity],
  ] as const;
  for (const [field, most] of lists) {
    const list = offer[field];
    if (list.length === 0 || list.length > most || new Set(list).size < list.length) {
      const bound = most === Infinity ? "" : `, ${most} at most`;
      refuse(`must name one or more, each once${bound}`, field);
    }
  }
  if (offer.documentsHeld.includes("NONE") && offer.documentsHeld.length > 1) {
    refuse("must be NONE alone, or what is held", "documentsHeld");
  }
  const { adults, children } = offer.party;
  if (adults < 0 || children < 0 || adults + children < 1 || adults + children > MOST_PEOPLE) {
    refuse(`must be from 1 to ${MOST_PEOPLE} people`, "party");
  }
  const today = now.toISOString().slice(0, 10);
  const days = daysBetween(offer.windowStart, offer.windowEnd);
  if (days < 1 || days > 366) refuse("must be 1 to 366 days after windowStart", "windowEnd");
  if (offer.windowEnd < today) refuse("must not be in the past", "windowEnd");
  const { purpose, givenAt, expiresAt, caregiver } = offer.consent;
  if (!offer.needs.includes(purpose)) refuse("must be one of needs", "consent", "purpose");
  if (givenAt.getTime() > now.getTime() + SKEW_MS) {
    refuse("must not be in the future", "consent", "givenAt");
  }
  const lasts = expiresAt.getTime() - now.getTime();
  if (lasts <= 0 || lasts > 366 * DAY_MS) {
    refuse("must be in the future, within a year", "consent", "expiresAt");
  }
  if (adults === 0 && !caregiver) {
    refuse("must be true where children travel alone", "consent", "caregiver");
  }
  return faults;
}
