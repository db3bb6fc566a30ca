/** As much of Wayhouse's graph as the three operations ask for, for the peers that have no walls. */
export const SDL = `
scalar Date
scalar DateTime
scalar CountryCode
type Query {
  bedAvailability(search: BedSearch!, first: Int! = 20, after: String): BedAvailabilityConnection!
  handoffs(box: HandoffBox!, first: Int! = 20, after: String): HandoffConnection!
}
type Mutation { holdBeds(input: HoldBedsInput!): HoldBedsResult! }
union HoldBedsResult = BedHold | CapacityExhausted
interface DomainError { message: String! }
type CapacityExhausted implements DomainError { message: String! }
type BedHold { id: ID! status: String! expiresAt: DateTime host: Organisation! }
input HoldBedsInput { idempotencyKey: String! stays: [BedStayInput!]! ttlMinutes: Int! = 60 riskProfile: String! }
input BedStayInput { shelterId: ID! beds: Int! checkIn: Date! checkOut: Date! }
input BedSearch { country: CountryCode! checkIn: Date! checkOut: Date! beds: Int! = 1 }
enum HandoffBox { INBOX OUTBOX }
type PageInfo { hasNextPage: Boolean! }
type Organisation { id: ID! handle: String! }
type Shelter { id: ID! label: String! country: CountryCode! locality: String! kind: String! features: [String!]! organisation: Organisation! }
type BedAvailability { band: String! beds: Int shelter: Shelter! }
type BedAvailabilityEdge { node: BedAvailability! }
type BedAvailabilityConnection { edges: [BedAvailabilityEdge!]! pageInfo: PageInfo! }
type Party { adults: Int! children: Int! placement: String! }
type Consent { purpose: String! givenAt: DateTime! expiresAt: DateTime! caregiver: Boolean! }
type Handoff {
  id: ID! status: String! priority: String! needs: [String!]! party: Party! consent: Consent!
  sender: Organisation! acknowledgeBy: DateTime! decideBy: DateTime!
}
type HandoffEdge { node: Handoff! }
type HandoffConnection { edges: [HandoffEdge!]! pageInfo: PageInfo! }
`;
