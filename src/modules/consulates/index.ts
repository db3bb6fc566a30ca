export { ConsulateContact, loadContact } from "./consulates.graphql.ts";
