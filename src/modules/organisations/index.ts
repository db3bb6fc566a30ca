export { Circle, loadCircle } from "./circles.graphql.ts";
export { findMembers, lockCircle } from "./circles.queries.ts";
export { inspectEnvelope, refuseStrayEnvelope, type Sealing } from "./keys.actions.ts";
export { digestIn } from "./keys.queries.ts";
export { ScopeEnum } from "./clients.graphql.ts";
export { Organisation, organisationOf, wholeOrganisation } from "./organisations.graphql.ts";
export {
  cardColumns,
  findOrganisations,
  findOwnCeiling,
  type OrganisationRef,
} from "./organisations.queries.ts";
export {
  ADMINISTRATION,
  faultsOfRegistration,
  faultsOfScopes,
  faultsOfUse,
} from "./organisations.rules.ts";
