/** What the doctor found of one thing. `unknown`: it could not be looked at from here. */
export interface Finding {
  readonly name: string;
  readonly state: "ok" | "wrong" | "unknown";
  readonly told: string;
  readonly advice?: string;
}

/** As far as a token's clock may run ahead of the API's. */
const MOST_SKEW_S = 60;

export function clockFinding(name: string, theirs: number, ours: number): Finding {
  const seconds = Math.round((theirs - ours) / 1000);
  const told = `${Math.abs(seconds)} s ${seconds < 0 ? "behind" : "ahead of"} this machine`;
  return Math.abs(seconds) < MOST_SKEW_S
    ? { name, state: "ok", told }
    : {
        name,
        state: "wrong",
        told,
        advice:
          "Let both machines follow NTP: tokens of a clock that runs ahead are refused, those of one behind have ended.",
      };
}
