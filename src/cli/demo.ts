import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import pg from "pg";
import { createApp } from "../app.ts";
import { loadNodeKey } from "../platform/auth/node-key.ts";
import { seedDemo } from "../platform/db/demo-network.ts";
import { startEmbedded } from "../platform/db/embedded/server.ts";
import { migrate } from "../platform/db/migrator.ts";
import { createLog, textLog } from "../platform/telemetry/log.ts";
import { openPartner } from "./demo/partner.ts";
import { playStory } from "./demo/story.ts";
import { dumpTables, findTraces } from "./traces.ts";

/** `npm run demo`: one handoff from the first request to the last, played over HTTP, and then searched for. */
const AUDIENCE = "https://demo.wayhouse.example";
const SECRET = `Anahit S., born 1991, sleeps at her aunt's until Friday (${randomUUID()})`;
const CONTROL = `control ${randomUUID()}`;

let told = 0;
const tell = (line: string) => console.log(`${String(++told).padStart(2)}. ${line}`);

const dataDir = mkdtempSync(join(tmpdir(), "wayhouse-demo-"));
const server = await startEmbedded({ dataDir, log: textLog });
try {
  await migrate(server);
  await seedDemo({ ...server, dataDir });
  const faults: string[] = [];
  const write = (line: string) => void faults.push(line);
  const log = createLog({ format: "text", level: "warn", write });
  const nodeKey = await loadNodeKey(join(dataDir, "node-key.json"));
  const app = await createApp({ apiUrl: server.apiUrl, audience: AUDIENCE, nodeKey, log });
  app.server.listen(0, "127.0.0.1");
  await once(app.server, "listening");
  const { port } = app.server.address() as { port: number };
  const node = { url: `http://127.0.0.1:${port}/graphql`, audience: AUDIENCE, dataDir };
  await playStory((handle) => openPartner(node, handle), SECRET, tell);
  await app.stop();
  // The same search must find what does lie there.
  const url = Object.assign(new URL(server.superuserUrl), { pathname: "/wayhouse" });
  const client = new pg.Client({ connectionString: url.toString() });
  await client.connect();
  await client.query(`create table control as select '${CONTROL}' as text`);
  writeFileSync(join(server.home, "dump.txt"), await dumpTables(client));
  await client.end();
  await server.stop();
  const control = findTraces(server.home, CONTROL).length;
  const traces = findTraces(server.home, SECRET);
  if (control === 0) throw new Error("the search is blind: it did not find the control");
  if (traces.length > 0 || faults.length > 0) throw new Error([...traces, ...faults].join("\n"));
  tell(
    `A dump of the database and its files, its log of changes included, are searched for the case file in ten spellings and unzipped: nothing. A control text is found in ${control} places.`,
  );
} finally {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
  rmSync(server.home, { recursive: true, force: true });
}
process.exit(0);
