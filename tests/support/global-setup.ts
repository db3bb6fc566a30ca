import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startEmbedded } from "../../src/platform/db/embedded/server.ts";
import { migrate } from "../../src/platform/db/migrator.ts";
import { textLog } from "../../src/platform/telemetry/log.ts";

declare module "vitest" {
  interface ProvidedContext {
    superuserUrl: string;
    ownerUrl: string;
    apiUrl: string;
    nodeKeyFile: string;
  }
}

/** One server for the run; its database `wayhouse` is the template that test files clone. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), "wayhouse-tests-"));
  // Every database stays until the end: looked after each minute they would take a tenth of the processor.
  const settings = { autovacuum_naptime: "10min" };
  const server = await startEmbedded({ dataDir, durable: false, settings, log: textLog });
  await migrate({ ownerUrl: server.ownerUrl, apiUrl: server.apiUrl });
  project.provide("superuserUrl", server.superuserUrl);
  project.provide("ownerUrl", server.ownerUrl);
  project.provide("apiUrl", server.apiUrl);
  project.provide("nodeKeyFile", join(dataDir, "node-key.json"));
  return async () => {
    await server.stop();
    rmSync(server.home, { recursive: true, force: true });
    rmSync(dataDir, { recursive: true, force: true });
  };
}
