import { once } from "node:events";
import type { Server } from "node:http";
import { setFlagsFromString } from "node:v8";
import { type App, type Core, createApp, createWorker } from "./app.ts";
import { loadNodeKey, NodeKeyError } from "./platform/auth/node-key.ts";
import { seedDemo } from "./platform/db/demo-network.ts";
import { type Config, isProduction, originOf, readConfig } from "./platform/config/config.ts";
import { ConfigError } from "./platform/config/errors.ts";
import { EmbeddedError } from "./platform/db/embedded/errors.ts";
import { startEmbedded } from "./platform/db/embedded/server.ts";
import { unreachable } from "./platform/db/errors.ts";
import { migrate, MigrationError } from "./platform/db/migrator.ts";
import { UnsettledRestore } from "./platform/db/restore.ts";
import { UnsafeRole } from "./platform/db/role.ts";
import { readRegistry, RegistryError } from "./platform/http/documents.ts";
import { createOperationsServer } from "./platform/telemetry/endpoint.ts";
import { createLog, faultOf, type Log } from "./platform/telemetry/log.ts";
import { createMetrics } from "./platform/telemetry/metrics.ts";
import { NO_TRACING, type Tracing } from "./platform/telemetry/tracing.ts";

/** V8 would let old memory grow to a multiple of what is in use: so a process under load stays below 150 MiB, for 1 to 3 % more CPU. */
setFlagsFromString("--heap-growing-percent=40");

/** @returns the exit code */
async function main(isWorker: boolean, format: "json" | "text"): Promise<number> {
  // Unhandled, this signal opens the inspector.
  process.on("SIGUSR1", () => {});
  // Whoever reads them may be gone, and a disk full: that ends no process.
  for (const output of [process.stdout, process.stderr]) output.on("error", () => {});
  const stopAsked = stopSignal();
  const config = readConfig();
  if (isWorker && !config.databaseUrl)
    throw new ConfigError("A worker needs the DATABASE_URL of the processes that it works for.");
  const log = createLog({ format, level: config.logLevel });
  // Unhandled, it is printed with all that it says.
  process.on("uncaughtException", (error) => {
    log("crashed", faultOf(error));
    process.exit(1);
  });
  const database = await openDatabase(config, log);
  try {
    const { apiUrl, ownerUrl } = database;
    if (ownerUrl) await migrate({ ownerUrl, apiUrl, log });
    if (ownerUrl && !isWorker && config.seed === "demo")
      await seedDemo({ ownerUrl, apiUrl, dataDir: config.dataDir });
    const metrics = createMetrics();
    const tracing = await startTracing(config.tracesEndpoint);
    const nodeKey = await loadNodeKey(config.nodeKeyFile);
    const { databaseConnections } = config;
    const core = { apiUrl, databaseConnections, nodeKey, log, metrics, tracing };
    const app = isWorker ? await createWorker(core) : await startApi(config, core, format);
    const operations = config.operations && createOperationsServer({ metrics, ...app });
    let cutOff: number;
    try {
      if (operations && config.operations) {
        metrics.watchProcess();
        log("measuring", { address: await listen(operations, config.operations) });
      }
      if (isWorker && format === "json") log("working", {});
      else if (isWorker) console.log("Wayhouse works.");
      const signal = await stopAsked;
      log("draining", { signal, mostSeconds: config.drain.mostSeconds });
    } finally {
      cutOff = await app.stop(config.drain);
      operations?.close();
      operations?.closeAllConnections();
      await tracing.stop();
    }
    if (cutOff > 0) log("drain_cut_off", { requests: cutOff });
    else log("stopped", {});
    return cutOff > 0 ? 1 : 0;
  } finally {
    await database.stop();
  }
}

/** The first asks to drain, another one ends the process at once. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    const hear = (signal: NodeJS.Signals) => {
      askedAt ??= Date.now();
      resolve(signal);
      // npm passes on a Ctrl-C that the terminal has sent to this process as well.
      if (Date.now() - askedAt > 1_000) process.exit(1);
    };
    process.on("SIGTERM", hear).on("SIGINT", hear);
  });
}

/** Without an endpoint nothing of OpenTelemetry is loaded, and a span costs a call. */
async function startTracing(endpoint: string | undefined): Promise<Tracing> {
  if (endpoint === undefined) return NO_TRACING;
  const { traceTo } = await import("./platform/telemetry/otlp.ts");
  return traceTo(endpoint);
}

async function openDatabase(config: Config, log: Log) {
  if (config.databaseUrl === undefined) return startEmbedded({ dataDir: config.dataDir, log });
  return { apiUrl: config.databaseUrl, ownerUrl: config.databaseOwnerUrl, stop: async () => {} };
}

async function startApi(config: Config, core: Core, format: "json" | "text"): Promise<App> {
  const app = await createApp({
    ...core,
    readUrl: config.databaseReadUrl,
    audience: config.audience,
    publicUrl: config.publicUrl,
    introspection: config.introspection,
    documents: config.documentsDir === null ? null : readRegistry(config.documentsDir),
    limits: config.limits,
    graphiql: config.environment === "development",
    runsJobs: config.jobs === "inline",
  });
  try {
    const address = await listen(app.server, config);
    if (format === "json") core.log("serving", { address });
    else announce(address, config);
  } catch (error) {
    await app.stop();
    throw error;
  }
  return app;
}

async function listen(server: Server, at: { host: string; port: number }): Promise<string> {
  try {
    server.listen(at.port, at.host);
    await once(server, "listening");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(
      code === "EADDRINUSE"
        ? `Port ${at.port} is taken: stop what listens there, or set PORT (or METRICS_PORT) to another.`
        : `Nothing can listen there (${code}): HOST and PORT (or METRICS_HOST and METRICS_PORT) say where.`,
      { cause: error },
    );
  }
  const address = server.address();
  const port = address && typeof address === "object" ? address.port : at.port;
  return originOf(at.host, port);
}

function announce(url: string, { seed, environment }: Config): void {
  console.log(`Wayhouse serves ${url}/graphql`);
  if (environment === "development") console.log("A browser opens GraphiQL there.");
  if (seed === "none") return;
  const day = (after: number) =>
    new Date(Date.now() + after * 86_400_000).toISOString().slice(0, 10);
  const search = `country: \\"AM\\", checkIn: \\"${day(0)}\\", checkOut: \\"${day(1)}\\"`;
  const fields = "edges { node { band beds shelter { label locality } } }";
  console.log(`
Demo organisations: coordinator (network admin), lantern (may hold harbour's beds), harbour (has beds),
bridge (may see them), outsider (may not). Each has the clients dashboard, bot and admin.

Get a token, then list free beds:

  TOKEN=$(npm run --silent token -- --organisation lantern --client bot)
  curl -s ${url}/graphql -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\
    -d '{"query":"{ bedAvailability(search: {${search}}) { ${fields} } }"}'
`);
}

/** Null of what is no error of the file system. */
function unusableFile(error: unknown): string | null {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  if (path === undefined && !/^(ENOSPC|EDQUOT)$/.test(String(code))) return null;
  return `${path ?? "A file"} cannot be used (${code}): DATA_DIR and NODE_KEY_FILE say where what is kept is, and whoever starts this must be able to write there.`;
}

/** Each is a sentence of ours that says what to do. */
const TOLD = [
  ConfigError,
  EmbeddedError,
  MigrationError,
  NodeKeyError,
  RegistryError,
  UnsafeRole,
  UnsettledRestore,
];

const format = process.argv.includes("--json") || isProduction() ? "json" : "text";
main(process.argv[2] === "worker", format).then(
  (code) => process.exit(code),
  (error: unknown) => {
    const told = TOLD.some((known) => error instanceof known)
      ? (error as Error).message
      : (unusableFile(error) ?? unreachable(error));
    const log = createLog({ format, level: "error" });
    if (told === null) log("start_failed", faultOf(error));
    else if (format === "json") log("start_refused", { advice: told });
    else console.error(told);
    process.exit(1);
  },
);
