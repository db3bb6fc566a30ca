import type { Issue } from "../../kernel/errors.ts";

export const RISK_PROFILES = [
  "POLITICAL",
  "CONSCIENTIOUS_OBJECTOR",
  "DESERTER",
  "JOURNALIST",
  "RELATIVE",
  "OTHER",
] as const;
export type RiskProfileName = (typeof RISK_PROFILES)[number];

const DAY_MS = 86_400_000;
const LONGEST_DAYS = 180;
/** Of one issuer: whoever searches in a country is told all that warn about it. */
export const MOST_ADVISORIES = 100;
/** Clocks may differ by so much. */
const SKEW_MS = 5 * 60_000;

export function faultsOfAdvisory(
  advisory: {
    readonly riskProfiles: readonly string[];
    readonly hazards: readonly string[];
    readonly effectiveFrom: Date | null;
    readonly expiresAt: Date;
  },
  now: Date,
): Issue[] {
  const faults: Issue[] = [];
  for (const field of ["riskProfiles", "hazards"] as const) {
    const list = advisory[field];
    if (list.length === 0 || new Set(list).size < list.length) {
      faults.push({ path: [field], message: "must name one or more, each once" });
    }
  }
  const from = advisory.effectiveFrom ?? now;
  if (from.getTime() < now.getTime() - SKEW_MS) {
    faults.push({ path: ["effectiveFrom"], message: "must not be in the past" });
  }
  const lasts = advisory.expiresAt.getTime() - from.getTime();
  if (lasts <= 0 || lasts > LONGEST_DAYS * DAY_MS || advisory.expiresAt <= now) {
    const message = `must be in the future, and after effectiveFrom by ${LONGEST_DAYS} days at most`;
    faults.push({ path: ["expiresAt"], message });
  }
  return faults;
}
