import type { TestProject } from "vitest/node";
import { buildProgram } from "../../bench/build.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Of `main.js` and `cli/bin.js`. */
    programFolder: string;
  }
}

/** For the processes of tests. */
export default function setup(project: TestProject): () => void {
  const { programFolder, remove } = buildProgram();
  project.provide("programFolder", programFolder);
  return remove;
}
