/** Of thousands of own holds and handoffs. */
export const CASE = "c0000000-0000-4000-8000-000000000000";

export const OF_CASE = {
  document: `{ _entities(representations: [{ __typename: "CaseReference", id: "${CASE}" }]) {
    ... on CaseReference { bedHolds { id } handoffs { id } } } }`,
  proof: "LIMIT_EXCEEDED",
};
