import { once } from "node:events";
import { createApp } from "./app.ts";
import { loadNodeKey, NodeKeyError } from "./platform/auth/node-key.ts";
import { seedDemo } from "./platform/db/demo-network.ts";
import { type Config, ConfigError, readConfig } from "./platform/config/config.ts";
import { EmbeddedError } from "./platform/db/embedded/errors.ts";
import { type EmbeddedServer, startEmbedded } from "./platform/db/embedded/server.ts";
import { migrate, MigrationError } from "./platform/db/migrator.ts";
import { UnsafeRole } from "./platform/db/role.ts";
import { createLog, faultOf, textLog } from "./platform/telemetry/log.ts";

async function main(): Promise<void> {
  // Unhandled, this signal opens the inspector.
  process.on("SIGUSR1", () => {});
  const stopAsked = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  const config = readConfig();
  const log = createLog({
    format: config.environment === "production" ? "json" : "text",
    level: config.logLevel,
  });
  let embedded: EmbeddedServer | undefined;
  let urls: { ownerUrl?: string | undefined; apiUrl: string };
  if (config.databaseUrl) {
    urls = { ownerUrl: config.databaseOwnerUrl, apiUrl: config.databaseUrl };
  } else {
    embedded = await startEmbedded({ dataDir: config.dataDir, log });
    urls = embedded;
  }
  try {
    const { ownerUrl, apiUrl } = urls;
    if (ownerUrl) {
      await migrate({ ownerUrl, apiUrl, log });
      if (config.seed === "demo") await seedDemo({ ownerUrl, apiUrl, dataDir: config.dataDir });
    }
    const app = await createApp({
      apiUrl,
      audience: config.audience,
      nodeKey: await loadNodeKey(config.nodeKeyFile),
      graphiql: config.environment === "development",
      log,
    });
    try {
      app.server.listen(config.port, config.host);
      await once(app.server, "listening");
      const address = app.server.address();
      const port = address && typeof address === "object" ? address.port : config.port;
      announce(`http://${config.host}:${port}`, config);
      await stopAsked;
      log("draining", {});
    } finally {
      await app.stop();
    }
  } finally {
    await embedded?.stop();
  }
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

/** Each is a sentence of ours that says what to do. */
const TOLD = [ConfigError, EmbeddedError, MigrationError, NodeKeyError, UnsafeRole];

main().then(
  () => process.exit(0),
  (error: unknown) => {
    if ((error as NodeJS.ErrnoException)?.code === "EADDRINUSE")
      console.error("The port is taken: stop what listens there, or set PORT to another.");
    else if (TOLD.some((known) => error instanceof known)) console.error((error as Error).message);
    else if (/^(E[A-Z]+|08...|28...|3D000|57P..)$/.test(String(faultOf(error).code)))
      console.error(
        `The database cannot be reached (${faultOf(error).code}): DATABASE_URL and DATABASE_OWNER_URL say where and as whom.`,
      );
    else textLog("start_failed", faultOf(error));
    process.exit(1);
  },
);
