import "./modules/organisations/organisations.graphql.ts";
import "./modules/capacity/capacity.graphql.ts";
import "./modules/capacity/shelters.graphql.ts";
import "./platform/graphql/scalars.ts";
import type { GraphQLSchema } from "graphql";
import { builder } from "./platform/graphql/builder.ts";

/** The network's subgraph (Apollo Federation 2). */
export function buildSchema(): GraphQLSchema {
  return builder.toSubGraphSchema({ linkUrl: "https://specs.apollo.dev/federation/v2.9" });
}
