import { randomUUID } from "node:crypto";
import { night } from "./demo.ts";

/** Entries that name one id; whatever it is the id of, one that is not the caller's says nothing. */
export const ENTRIES: Record<
  string,
  (id: string) => { readonly query: string; readonly variables: object }
> = {
  node: (id) => ({
    query: "query ($id: ID!) { node(id: $id) { __typename id } }",
    variables: { id },
  }),
  organisation: (id) => ({
    query: "query ($id: ID) { organisation(id: $id) { handle } }",
    variables: { id },
  }),
  ...Object.fromEntries(
    ["ConsulateContact", "Handoff", "Organisation", "Shelter"].map((type) => [
      `_entities ${type}`,
      (id: string) => ({
        query: "query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }",
        variables: { r: [{ __typename: type, id }] },
      }),
    ]),
  ),
  ...Object.fromEntries(
    [
      ["confirmBedHold", "id", ""],
      ["releaseBedHold", "id", ""],
      ["declineBedHold", "id", ""],
      ["revokeGrant", "id", ""],
      ["revokeClient", "id", ""],
      ["setClientDpop", "id", "requireDpop: true"],
      ["setClientScopes", "id", "scopes: [ORGANISATIONS_READ]"],
      ["grantScopes", "organisationId", "scopes: [BEDS_READ]"],
      ["grantScopes", "circleId", "scopes: [BEDS_READ]"],
      ["confirmAdvisory", "id", ""],
      ["withdrawAdvisory", "id", ""],
      ["acceptHandoff", "id", ""],
      ["receiveHandoff", "id", ""],
      ["cancelHandoff", "id", ""],
      ["revealConsulateContact", "id", "purpose: DETENTION"],
      ["lockDownOrganisation", "organisationId", ""],
      ["setBeds", "shelterId", `from: "${night(1)}", until: "${night(2)}", maximum: 3`],
    ].map(([field, member, rest]) => [
      `${field} ${member}`,
      (id: string) => ({
        query: `mutation ($id: ID!) { ${field}(input: { idempotencyKey: "${randomUUID()}", ${member}: $id, ${rest} }) { __typename } }`,
        variables: { id },
      }),
    ]),
  ),
};
