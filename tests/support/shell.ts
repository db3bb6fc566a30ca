import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { program } from "./wayhouse.ts";

/** An empty folder, and `wayhouse` on the path as one that installed it has. */
export function emptyShell(environment: NodeJS.ProcessEnv) {
  const folder = mkdtempSync(join(tmpdir(), "wayhouse-shell-"));
  const bin = join(folder, ".bin");
  mkdirSync(bin);
  const run = `exec "${process.execPath}" "${program()}" "$@"`;
  writeFileSync(join(bin, "wayhouse"), `#!/bin/sh\n${run}\n`, { mode: 0o755 });
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
