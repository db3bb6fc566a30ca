export { Advisory, loadAdvisory, loadWarnings, RiskProfile } from "./advisories.graphql.ts";
export { findAdvisoryAgainst } from "./advisories.queries.ts";
export type { RiskProfileName } from "./advisories.rules.ts";
