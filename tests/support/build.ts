import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Of `main.js` and `cli/bin.js`. */
    programFolder: string;
  }
}

/**
 * The program as `npm run build` makes it, for the processes of tests: each starts with half the work
 * that compiling it on the way takes.
 */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "wayhouse-built-"));
  // What it reads lies beside it, as in the package.
  for (const name of ["migrations", "schema", "node_modules", "package.json"])
    symlinkSync(resolve(name), join(folder, name));
  const programFolder = join(folder, "dist");
  const compile = ["-p", "tsconfig.build.json", "--noCheck", "--outDir", programFolder];
  execFileSync(resolve("node_modules/.bin/tsc"), compile, { stdio: "inherit" });
  project.provide("programFolder", programFolder);
  return () => rmSync(folder, { recursive: true });
}
