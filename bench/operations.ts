import { decodeId, encodeId } from "../src/kernel/ids.ts";

export type OperationName = "search" | "inbox" | "hold";
export interface Operation {
  readonly document: string;
  /** Stands in every right answer. */
  readonly proof: string;
}

const day = (after: number) => new Date(Date.now() + after * 86_400_000).toISOString().slice(0, 10);
/** Nights that no seeded hold touches, and from where on holds of the bench lie. */
export const FIRST_NIGHT = 186;
export const LAST_NIGHT = 322;

/** What a dashboard asks all day: a page of free beds, a page of the inbox; and what a bot does. */
export const OPERATIONS: Readonly<Record<OperationName, Operation>> = {
  search: {
    document: `query ($search: BedSearch!) { bedAvailability(search: $search, first: 20) {
  edges { node { band beds shelter { id label country locality kind features organisation { handle } } } }
  pageInfo { hasNextPage } } }`,
    proof: '"MANY"',
  },
  inbox: {
    document: `query { handoffs(box: INBOX, first: 20) {
  edges { node { id status priority needs party { adults children placement }
    consent { purpose givenAt expiresAt caregiver } sender { handle } acknowledgeBy decideBy } }
  pageInfo { hasNextPage } } }`,
    proof: '"givenAt"',
  },
  hold: {
    document: `mutation ($input: HoldBedsInput!) { holdBeds(input: $input) { __typename
  ... on BedHold { id status expiresAt host { handle } } ... on DomainError { message } } }`,
    proof: '"HELD"',
  },
};

export const searchVariables = () => ({
  search: {
    country: "AM",
    checkIn: day(FIRST_NIGHT + 20),
    checkOut: day(FIRST_NIGHT + 27),
    beds: 2,
  },
});

let keys = 0;
const RUN = Math.random().toString(36).slice(2, 10);
const stays = new Map<string, number>();
/** One bed for two nights: each shelter's nights in turn, so that none runs out of beds. */
export function holdVariables(shelters: readonly string[]) {
  const turn = keys++;
  const shelter = shelters[turn % shelters.length]!;
  const stay = stays.get(shelter) ?? 0;
  stays.set(shelter, stay + 1);
  const from = FIRST_NIGHT + ((stay * 2) % (LAST_NIGHT - FIRST_NIGHT));
  return {
    input: {
      idempotencyKey: `${RUN}-${String(turn).padStart(12, "0")}`,
      // The default, spelled out: the compiled queries of Mercurius forget it.
      ttlMinutes: 60,
      riskProfile: "OTHER",
      stays: [
        {
          shelterId: encodeId("Shelter", shelter),
          beds: 1,
          checkIn: day(from),
          checkOut: day(from + 2),
        },
      ],
    },
  };
}

/** An answer without what may differ from server to server: how ids and instants are spelled, and what stands first. */
export function comparable(body: string): unknown {
  return JSON.parse(body, (name, value: unknown) => {
    if (typeof value === "string" && name === "id") return decodeId(value)?.uuid ?? value;
    if (typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value))
      return new Date(value).toISOString();
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
