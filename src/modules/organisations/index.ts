export { Organisation, organisationOf } from "./organisations.graphql.ts";
