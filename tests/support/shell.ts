import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** An empty folder, and `wayhouse` on the path as one that installed it has. */
export function emptyShell(environment: NodeJS.ProcessEnv) {
  const folder = mkdtempSync(join(tmpdir(), "wayhouse-shell-"));
  const bin = join(folder, ".bin");
  mkdirSync(bin);
  const program = `"${process.execPath}" --import "${import.meta.resolve("tsx")}" "${resolve("src/cli/wayhouse.ts")}"`;
  writeFileSync(join(bin, "wayhouse"), `#!/bin/sh\nexec ${program} "$@"\n`, { mode: 0o755 });
  const env = { ...environment, PATH: `${bin}:${process.env["PATH"]}` };
  return {
    folder,
    env,
    type: (line: string) =>
      new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
        execFile("bash", ["-c", line], { cwd: folder, env }, (error, stdout, stderr) =>
          done({ code: Number(error?.code ?? 0), stdout, stderr }),
        );
      }),
  };
}
