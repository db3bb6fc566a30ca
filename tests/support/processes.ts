import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { inject } from "vitest";
import { AUDIENCE } from "./demo.ts";

export interface ApiProcess {
  /** Empty of a worker. */
  readonly url: string;
  /** Where it shows /metrics, given METRICS_PORT. */
  operations(): string;
  readonly child: ChildProcess;
  /** Everything it wrote to stderr so far. */
  log(): string;
  /** And to stdout. */
  told(): string;
}

/** A few clients ask for what a whole network does. */
const UNBOUNDED = {
  CLIENT_REQUESTS_PER_SECOND: "1000000",
  ORGANISATION_REQUESTS_PER_SECOND: "1000000",
  SEARCHES_PER_MINUTE: "1000000",
  HOLDS_PER_HOUR: "1000000",
  OFFERS_PER_HOUR: "1000000",
  INTRODUCTIONS_PER_HOUR: "1000000",
  GRANTS_PER_HOUR: "1000000",
  ADVISORIES_PER_HOUR: "1000000",
  CLIENTS_PER_HOUR: "1000000",
  KEYS_PER_HOUR: "1000000",
  UPKEEP_PER_HOUR: "1000000",
  SEALINGS_PER_HOUR: "1000000",
};

/** Beyond it a process that starts, on a machine with other work, hangs. */
const MOST_START_MS = 120_000;

/** The program in a process of its own, on a free port. @throws what it wrote, if it ends or hangs instead */
export const startApi = (environment: NodeJS.ProcessEnv, ...role: readonly "worker"[]) =>
  startAs([join(inject("programFolder"), "main.js"), ...role], environment);

/** The same as `npm start` in a clone starts it. */
export const startFromSource = (environment: NodeJS.ProcessEnv) =>
  startAs(["--import", "tsx", "src/main.ts"], environment);

async function startAs(
  program: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<ApiProcess> {
  const NODE_KEY_FILE = inject("nodeKeyFile");
  const child = spawn(process.execPath, program, {
    env: {
      PATH: process.env["PATH"],
      PORT: "0",
      AUDIENCE,
      NODE_KEY_FILE,
      ...UNBOUNDED,
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  let announced = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const operations = () => /measuring\W+address\W+(http:\/\/[\d.]+:\d+)["\n]/.exec(log)?.[1] ?? "";
  const isMeasured = environment["METRICS_PORT"] !== undefined;
  const url = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`an API process did not start: ${announced}${log}`));
    }, MOST_START_MS);
    const look = () => {
      const [found, at = ""] =
        /serves (\S+\/graphql)\n|works\.\n/.exec(announced) ??
        /"event":"(?:serving","address":"([^"]+)|working")/.exec(log) ??
        [];
      if (!found || (isMeasured && operations() === "")) return;
      clearTimeout(late);
      resolve(at && new URL("/graphql", at).href);
    };
    child.stdout.on("data", (chunk: Buffer) => {
      announced += chunk.toString();
      look();
    });
    child.stderr.on("data", look);
    const fail = (error: Error) => {
      clearTimeout(late);
      reject(error);
    };
    child.once("error", fail);
    child.once("close", (code) => fail(new Error(`an API process ended (${code}): ${log}`)));
  });
  return { url, operations, child, log: () => log, told: () => announced };
}

/** Its exit code. */
export async function endApi(
  { child }: ApiProcess,
  signal: NodeJS.Signals = "SIGTERM",
): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const closed = once(child, "close");
  child.kill(signal);
  await closed;
  return child.exitCode;
}

export interface Fleet {
  readonly size: number;
  /** Stale while the process is down, as to a caller who does not know. */
  urlOf(slot: number): string;
  pidOf(slot: number): number;
  /** `kill -9`, then another one in its place. */
  kill(slot: number): Promise<void>;
  /** Processes that ended without being asked to. */
  readonly fallen: readonly string[];
  /** What every process wrote to stderr, the killed ones included. */
  logs(): string;
  /** SIGTERM to each; their exit codes. */
  stop(): Promise<(number | null)[]>;
}

/** Several API processes on one database that is migrated already. */
export async function startFleet(apiUrl: string, size: number): Promise<Fleet> {
  const all: ApiProcess[] = [];
  const fallen: string[] = [];
  const dismissed = new WeakSet<ChildProcess>();
  const start = async () => {
    const started = await startApi({ DATABASE_URL: apiUrl, SEED: "none" });
    all.push(started);
    started.child.once("exit", (code, signal) => {
      if (!dismissed.has(started.child)) fallen.push(`${code ?? signal}: ${started.log()}`);
    });
    return started;
  };
  const end = (api: ApiProcess, signal: NodeJS.Signals) => {
    dismissed.add(api.child);
    return endApi(api, signal);
  };
  const slots = await Promise.all(Array.from({ length: size }, start));
  const kills = new Set<Promise<void>>();
  const replace = async (slot: number) => {
    await end(slots[slot]!, "SIGKILL");
    slots[slot] = await start();
  };
  return {
    size,
    urlOf: (slot) => slots[slot]!.url,
    pidOf: (slot) => slots[slot]!.child.pid!,
    kill(slot) {
      const killing = replace(slot).finally(() => kills.delete(killing));
      kills.add(killing);
      return killing;
    },
    fallen,
    logs: () => all.map((process) => process.log()).join(""),
    async stop() {
      // Whoever is in its place by then is to be stopped, too.
      await Promise.allSettled(kills);
      return Promise.all(slots.map((process) => end(process, "SIGTERM")));
    },
  };
}
