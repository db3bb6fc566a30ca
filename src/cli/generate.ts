import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { printSubgraphSchema } from "@apollo/subgraph";
import pg from "pg";
import { startEmbedded } from "../platform/db/embedded/server.ts";
import { migrate } from "../platform/db/migrator.ts";
import { textLog } from "../platform/telemetry/log.ts";
import { buildSchema } from "../schema.ts";
import { printCommandReference } from "./command-reference.ts";
import { describeCommands } from "./commands.ts";
import { composeWithNetwork } from "./compose.ts";
import { printDatabaseSchema } from "./database-schema.ts";
import { printErrorReference } from "./error-reference.ts";
import { printOperations } from "./operations.ts";

/**
 * Writes what is generated and committed; `npm run check` fails where it is not fresh.
 * `--release` takes the schema of this moment as what partners rely on from now on.
 */
const schema = buildSchema();
const sdl = `${printSubgraphSchema(schema)}\n`;
mkdirSync("schema", { recursive: true });
writeFileSync("schema/network.graphql", sdl);
writeFileSync("docs/errors.md", printErrorReference(schema));
writeFileSync("docs/command-line.md", printCommandReference(await describeCommands()));
writeFileSync("src/client/operations.ts", await printOperations(schema));
const composed = composeWithNetwork(sdl, readFileSync("examples/partner/cases.graphql", "utf8"));
if (!composed.ok) throw new Error(composed.errors.join("\n"));
writeFileSync("schema/supergraph.graphql", composed.supergraph);
if (process.argv.includes("--release")) {
  writeFileSync("schema/released.graphql", sdl);
  writeFileSync("schema/breaking-changes.json", "[]\n");
}

const dataDir = mkdtempSync(join(tmpdir(), "wayhouse-generate-"));
const server = await startEmbedded({ dataDir, durable: false, log: textLog });
try {
  await migrate(server);
  const client = new pg.Client({ connectionString: server.ownerUrl });
  await client.connect();
  try {
    writeFileSync("schema/database.sql", await printDatabaseSchema(client));
  } finally {
    await client.end();
  }
  const url = ["--dialect", "postgres", "--url", server.ownerUrl];
  const options = ["--exclude-pattern", "migration", "--date-parser", "string"];
  const target = ["--out-file", "src/platform/db/schema.ts"];
  execFileSync("npx", ["--no-install", "kysely-codegen", ...url, ...options, ...target]);
} finally {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
  rmSync(server.home, { recursive: true, force: true });
}
