import { mkdirSync, writeFileSync } from "node:fs";
import { printSubgraphSchema } from "@apollo/subgraph";
import { buildSchema } from "../schema.ts";

/** Writes what is generated and committed. `npm run check` fails where it is not fresh. */
mkdirSync("schema", { recursive: true });
writeFileSync("schema/network.graphql", `${printSubgraphSchema(buildSchema())}\n`);
