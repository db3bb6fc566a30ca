export { faultsOfReference, searchesOf } from "./capacity.rules.ts";
export { AdvisoryInForce, CapacityExhausted, KeptApart } from "./errors.ts";
export { type HoldBeds, placeWithin, prepareHold, whereBedsAreFree } from "./holds.actions.ts";
export { CaseReference } from "./holds.graphql.ts";
export { HoldBedsInput } from "./moves.graphql.ts";
export { BedAvailability } from "./availability.graphql.ts";
export { type Availability, FOUND, WITH_SHELTER } from "./availability.queries.ts";
