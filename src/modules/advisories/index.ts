export { RiskProfile } from "./advisories.graphql.ts";
