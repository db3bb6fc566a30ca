import { randomUUID } from "node:crypto";
import { type Demo, night } from "./demo.ts";

export const SEARCH = `query ($search: BedSearch!, $first: Int! = 20, $after: String) {
  bedAvailability(search: $search, first: $first, after: $after) {
    edges { cursor node { band beds shelter { id label organisation { handle } } } } pageInfo { hasNextPage endCursor } } }`;
/** Of tomorrow, also when it is read on another day than it was loaded. */
export const search = {
  country: "AM",
  get checkIn() {
    return night(1);
  },
  get checkOut() {
    return night(3);
  },
};
export const HOLD = `mutation ($input: HoldBedsInput!) { holdBeds(input: $input) { __typename
  ... on BedHold { id status caseReference { id } host { handle } holder { handle } stays { beds shelter { label } } }
  ... on CapacityExhausted { message shelterId } ... on KeptApart { message shelterId } } }`;
export const move = (field: string) => `mutation ($id: ID!, $key: String!) {
  ${field}(input: { id: $id, idempotencyKey: $key }) { __typename
    ... on BedHold { id status expiresAt } ... on IllegalTransition { from allowed } } }`;

export async function shelter(ask: Demo["ask"], label: string): Promise<string> {
  const { data } = await ask("harbour", SEARCH, { search });
  const edges = data!["bedAvailability"].edges as {
    node: { shelter: { id: string; label: string } };
  }[];
  return edges.find(({ node }) => node.shelter.label === label)!.node.shelter.id;
}
export const stay = (shelterId: string, beds: number, from = 1) => ({
  shelterId,
  beds,
  checkIn: night(from),
  checkOut: night(from + 2),
});
export const hold = (
  ask: Demo["ask"],
  organisation: string,
  stays: object[],
  key: string = randomUUID(),
  rest: object = {},
) =>
  ask(organisation, HOLD, {
    input: { idempotencyKey: key, stays, riskProfile: "POLITICAL", ...rest },
  });
export const moveHold = (ask: Demo["ask"], organisation: string, field: string, id: string) =>
  ask(organisation, move(field), { id, key: randomUUID() });
