export { Handoff, loadHandoff } from "./handoffs.graphql.ts";
