import type { HandoffQuery } from "wayhouse/client";

/** What the bot may accept by itself; everything else it declines at once, so that others may decide. */
export interface Rules {
  readonly countries: readonly string[];
  /** People, children included. */
  readonly mostPeople: number;
  /** A request is accepted if all of its needs are among them. */
  readonly needs: readonly string[];
  readonly priorities: readonly string[];
}
export type Request = Extract<HandoffQuery["node"], { __typename: "Handoff" }>;

export function suits(rules: Rules, { needs, party, priority, destinations }: Omit<Request, "id">) {
  return (
    destinations.some((country) => rules.countries.includes(country)) &&
    party.adults + party.children <= rules.mostPeople &&
    needs.every((need) => rules.needs.includes(need)) &&
    rules.priorities.includes(priority)
  );
}
