import "./modules/consulates/consulates.graphql.ts";
import "./modules/consulates/reveals.graphql.ts";
import "./modules/events/events.graphql.ts";
import "./modules/handoffs/handoffs.graphql.ts";
import "./modules/handoffs/matches.graphql.ts";
import "./modules/handoffs/steps.graphql.ts";
import "./modules/audit/audit.graphql.ts";
import "./modules/organisations/circles.graphql.ts";
import "./modules/organisations/clients.graphql.ts";
import "./modules/organisations/keys.graphql.ts";
import "./modules/organisations/network.graphql.ts";
import "./modules/organisations/organisations.graphql.ts";
import "./modules/organisations/tokens.graphql.ts";
import "./modules/sharing/grants.graphql.ts";
import "./modules/advisories/advisories.graphql.ts";
import "./modules/capacity/availability.graphql.ts";
import "./modules/capacity/holds.graphql.ts";
import "./modules/capacity/moves.graphql.ts";
import "./modules/capacity/shelters.graphql.ts";
import "./platform/graphql/scalars.ts";
import type { GraphQLSchema } from "graphql";
import { builder } from "./platform/graphql/builder.ts";
import { guardEntities } from "./platform/graphql/entities.ts";

let built: GraphQLSchema | undefined;

/** The network's subgraph (Apollo Federation 2), built once: nothing is added to it afterwards. */
export function buildSchema(): GraphQLSchema {
  const linkUrl = "https://specs.apollo.dev/federation/v2.9";
  built ??= guardEntities(builder.toSubGraphSchema({ linkUrl }));
  return built;
}
