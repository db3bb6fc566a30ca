import { existsSync } from "node:fs";
import type pg from "pg";
import { runLoad, type Script } from "./load.ts";
import { cpuOf, memoryOf, type Server } from "./process.ts";

/** One server, as it is measured. */
export interface Subject {
  readonly name: string;
  /** One process, or several on one database. */
  readonly servers: readonly Server[];
  /** `application_name` of its database connections. */
  readonly application: string;
  /** Where the first of its processes tells its metrics, if it does. */
  readonly metrics?: URL;
}

export interface Slice {
  readonly answered: number;
  readonly rps: number;
  /** Microseconds of CPU a request, of the API process and of its database backends. */
  readonly serverCpu: number;
  readonly databaseCpu: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** MiB resident, of the largest process. */
  readonly memory: number;
}

const WARM_UP_S = 0.4;

/** Runs one subject for a short while; what it did before is not counted. */
export async function measureSlice(
  observer: pg.Client,
  subject: Subject,
  script: (target: URL) => Script,
  load: { readonly connections: number; readonly seconds: number },
): Promise<Slice> {
  const each = Math.max(1, Math.floor(load.connections / subject.servers.length));
  const run = (seconds: number) =>
    Promise.all(subject.servers.map(({ url }) => runLoad(url, script(url), each, seconds))).catch(
      (cause: unknown) => {
        throw new Error(`${subject.name} gave up`, { cause });
      },
    );
  await run(WARM_UP_S);
  const backends = await backendsOf(observer, subject.application);
  const server = () => subject.servers.reduce((sum, { pid }) => sum + cpuOf(pid), 0);
  const database = () => backends.reduce((sum, pid) => sum + cpuOf(pid), 0);
  const before = { server: server(), database: database() };
  const loads = await run(load.seconds);
  const gone = backends.filter((pid) => !existsSync(`/proc/${pid}`));
  if (gone.length > 0) throw new Error(`${subject.name} lost ${gone.length} database connections`);
  const after = { server: server(), database: database() };
  const answered = loads.reduce((sum, one) => sum + one.answered, 0);
  const latencies = Float64Array.from(loads.flatMap((one) => [...one.latencies])).sort();
  return {
    answered,
    rps: loads.reduce((sum, one) => sum + one.answered / one.seconds, 0),
    serverCpu: (after.server - before.server) / answered,
    databaseCpu: (after.database - before.database) / answered,
    p50: latencies[Math.floor(latencies.length * 0.5)]!,
    p99: latencies[Math.floor(latencies.length * 0.99)]!,
    memory: Math.max(...subject.servers.map(({ pid }) => memoryOf(pid))),
  };
}

/** Those that serve it, and the one that writes the log for all. */
export async function backendsOf(
  observer: pg.Client,
  ...applications: string[]
): Promise<number[]> {
  const { rows } = await observer.query<{ pid: number }>(
    "select pid from pg_stat_activity where application_name = any ($1) and backend_type = 'client backend' or backend_type = 'walwriter'",
    [applications],
  );
  return rows.map(({ pid }) => pid);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
