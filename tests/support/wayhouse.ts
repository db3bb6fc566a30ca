import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import pg from "pg";
import { inject } from "vitest";
import { AUDIENCE, type Demo } from "./demo.ts";

/** `wayhouse …` as whoever installed it types it. */
export const program = () => join(inject("programFolder"), "cli/bin.js");

/** In a process of its own, with the keys of the demo. */
export const startWayhouse = (demo: Demo, ...args: string[]) =>
  spawn(process.execPath, [program(), ...args], {
    env: { PATH: process.env["PATH"], AUDIENCE, DATA_DIR: demo.dataDir },
    stdio: ["ignore", "pipe", "pipe"],
  });

export async function wayhouse(demo: Demo, ...args: string[]) {
  const child = startWayhouse(demo, ...args);
  const ended = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await ended) as [number | null];
  return { code, stdout, stderr };
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
