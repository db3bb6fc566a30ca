import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import pg from "pg";
import { inject, vi } from "vitest";
import { runCommand } from "../../src/cli/commands.ts";
import { AUDIENCE, type Demo } from "./demo.ts";

/** `wayhouse …` as whoever installed it types it. */
export const program = () => join(inject("programFolder"), "cli/bin.js");

/** In a process of its own, with the keys of the demo. */
export const startWayhouse = (demo: Demo, ...args: string[]) =>
  spawn(process.execPath, [program(), ...args], {
    env: { PATH: process.env["PATH"], AUDIENCE, DATA_DIR: demo.dataDir },
    stdio: ["ignore", "pipe", "pipe"],
  });

/** `kill -9` when it has written half of its `nth` file. */
export function killedWhileWriting(nth: number, ...args: string[]): void {
  const hook = `import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    const write = fs.writeFileSync;
    let count = 0;
    fs.writeFileSync = (path, text, options) => {
      if (++count < ${nth}) return write(path, text, options);
      write(path, text.slice(0, text.length / 2), options);
      process.kill(process.pid, "SIGKILL");
    };
    syncBuiltinESMExports();`;
  const preload = `data:text/javascript,${encodeURIComponent(hook)}`;
  const { signal } = spawnSync(process.execPath, ["--import", preload, program(), ...args]);
  if (signal !== "SIGKILL") throw new Error(`${args.join(" ")} wrote no ${nth} files`);
}

/** The same in this process, against the demo's server: a new one for each would take minutes. */
export const wayhouse = (demo: Demo, ...args: string[]) => typed(environmentOf(demo), args);

export const environmentOf = (demo: Demo) => ({
  AUDIENCE,
  DATA_DIR: demo.dataDir,
  PORT: new URL(demo.url).port,
});

/** A command in this process, with these variables, and what it told. */
export async function typed(environment: Record<string, string>, args: readonly string[]) {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const [told, errors]: [string[], string[]] = [[], []];
  const line = (into: string[]) => (text: unknown) => void into.push(`${String(text)}\n`);
  const spies = [
    vi.spyOn(console, "log").mockImplementation(line(told)),
    vi.spyOn(console, "error").mockImplementation(line(errors)),
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      told.push(typeof text === "string" ? text : Buffer.from(text).toString());
      return true;
    }),
  ];
  try {
    const code = await runCommand(args);
    return { code, stdout: told.join(""), stderr: errors.join("") };
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
}

export const PLACE = ["--country", "AM", "--locality", "Vanadzor"];
export function commandOf(demo: Demo, folder: string, organisation: string): string[] {
  const whose = ["--organisation", organisation, ...PLACE, "--url", demo.url];
  return ["import", "hmis", folder, ...whose];
}

/** Every write of every organisation: each leaves an entry in its chain. */
export async function countWrites(demo: Demo): Promise<number> {
  const client = new pg.Client({ connectionString: demo.database.ownerUrl });
  await client.connect();
  try {
    await client.query("begin");
    await client.query("set local role wayhouse_keeper");
    const { rows } = await client.query<{ count: number }>(
      "select count(*)::integer as count from audit_entry",
    );
    return rows[0]!.count;
  } finally {
    await client.end();
  }
}
