import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { stopOrphan } from "../../src/platform/db/embedded/orphan.ts";

let cluster: string;
beforeEach(() => {
  cluster = mkdtempSync(join(tmpdir(), "wayhouse-orphan-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(cluster, { recursive: true });
});

it.each([
  ["ESRCH", null],
  ["EPERM", "EPERM"],
])("a server that is told to end and answers %s throws %s", async (code, thrown) => {
  const server = spawn("sh", ["-c", "read line", cluster]);
  await once(server, "spawn");
  writeFileSync(join(cluster, "postmaster.pid"), `${server.pid}\n`);
  const kill = process.kill.bind(process);
  // As where it ended, or was another's, between two looks.
  vi.spyOn(process, "kill").mockImplementation((pid, signal) => {
    if (signal === 0) return kill(pid, 0);
    throw Object.assign(new Error("kill"), { code });
  });
  const stopping = stopOrphan(cluster).then(
    () => null,
    (error: NodeJS.ErrnoException) => error.code,
  );
  expect(await stopping).toBe(thrown);
  server.stdin.end();
  await once(server, "exit");
});
