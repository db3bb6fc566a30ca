export { ConsulateContact } from "./consulates.graphql.ts";
export { searchContacts } from "./consulates.queries.ts";
