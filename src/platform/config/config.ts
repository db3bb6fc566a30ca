import { isIPv6 } from "node:net";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "pg-connection-string";
import { z } from "zod";
import { DEFAULT_LIMITS, type Limits } from "../limits/limits.ts";
import { LOG_LEVELS, type LogLevel } from "../telemetry/log.ts";
import { ConfigError } from "./errors.ts";

export interface Config {
  readonly host: string;
  /** 0 lets the system choose a free one. */
  readonly port: number;
  /** Absolute. Holds the embedded database and its secrets; unused when databaseUrl is set. */
  readonly dataDir: string;
  /** The login role of the API, a member of wayhouse_api. Unset: run the embedded database. */
  readonly databaseUrl: string | undefined;
  /** The role that owns the database and migrates it. */
  readonly databaseOwnerUrl: string | undefined;
  /** A streaming replica of it, for reads that may be some seconds old. */
  readonly databaseReadUrl: string | undefined;
  readonly seed: "demo" | "none";
  readonly environment: "development" | "production" | "test";
  /** Absolute. The private key this node signs checkpoints with, the same for all its processes. */
  readonly nodeKeyFile: string;
  /** `aud` of every token meant for this node. Does not follow host or port: partners pin it. */
  readonly audience: string;
  /** Where callers reach /graphql, as they see it: what proofs of possession are made for. */
  readonly publicUrl: string;
  /** Whether callers with a valid token may ask for the schema; others never may. */
  readonly introspection: boolean;
  /** Absolute. A folder of registered documents, the only ones that are answered; null: any is. */
  readonly documentsDir: string | null;
  /** Events below it are not logged. In production a log is JSON, one object a line. */
  readonly logLevel: LogLevel;
  /** Where operators ask for /metrics and health, apart from the API; null: nowhere. */
  readonly operations: { readonly host: string; readonly port: number } | null;
  /** Base URL of an OpenTelemetry collector (OTLP over HTTP). Unset: no traces. */
  readonly tracesEndpoint: string | undefined;
  /** `none` where `npm run worker` runs the jobs. */
  readonly jobs: "inline" | "none";
  readonly limits: Limits;
  /** Connections of one process to the database, besides those of its streams. */
  readonly databaseConnections: number;
  readonly drain: { readonly noticeSeconds: number; readonly mostSeconds: number };
}

const isWebUrl = (value: string) =>
  URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
const webUrl = z.string().refine(isWebUrl, "must be an http or https URL");

/** As pg reads it: also without a host, where a socket's folder is in the query. */
function isPostgresUrl(value: string): boolean {
  if (!/^postgres(ql)?:\/\//.test(value)) return false;
  try {
    parse(value);
    return true;
  } catch (error) {
    // A certificate that it names and that cannot be read is told where it is needed.
    return !(error instanceof URIError || error instanceof TypeError);
  }
}

const postgresUrl = z
  .string()
  .refine(
    isPostgresUrl,
    "must look like postgres://user:password@host:5432/database, with what is not a letter or digit in user and password percent-encoded",
  );

function oneOf<const T extends readonly string[]>(values: T) {
  return z.enum(values, { error: `must be one of ${values.join(", ")}` });
}

const whole = (least: number, most: number) =>
  z
    .string()
    .refine(
      (value) => /^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most,
      `must be a whole number from ${least} to ${most}`,
    )
    .transform(Number);

const MOST_RATE = 1_000_000;

/** Of one process: twice what can run at once keeps the cores busy, and more only stand in one another's way. */
export const DEFAULT_CONNECTIONS = Math.max(4, 2 * availableParallelism());

const environment = z
  .object({
    HOST: z.string().default("127.0.0.1"),
    PORT: whole(0, 65_535).default(4000),
    DATA_DIR: z.string().default(".data"),
    NODE_KEY_FILE: z.string().optional(),
    DATABASE_URL: postgresUrl.optional(),
    DATABASE_OWNER_URL: postgresUrl.optional(),
    DATABASE_READ_URL: postgresUrl.optional(),
    SEED: oneOf(["demo", "none"]).optional(),
    NODE_ENV: oneOf(["development", "production", "test"]).default("development"),
    AUDIENCE: z
      .string()
      .refine(
        (value) => URL.canParse(value) && !/\s/.test(value),
        "must be an absolute URI, such as https://wayhouse.example.org",
      )
      .default("https://wayhouse.localhost"),
    PUBLIC_URL: webUrl.optional(),
    INTROSPECTION: oneOf(["authenticated", "off"]).default("authenticated"),
    DOCUMENTS_DIR: z.string().optional(),
    LOG_LEVEL: oneOf(LOG_LEVELS).default("info"),
    METRICS_HOST: z.string().default("127.0.0.1"),
    METRICS_PORT: whole(0, 65_535).optional(),
    OTEL_EXPORTER_OTLP_ENDPOINT: webUrl.optional(),
    JOBS: oneOf(["inline", "none"]).default("inline"),
    CLIENT_REQUESTS_PER_SECOND: whole(1, MOST_RATE).default(DEFAULT_LIMITS.clientPerSecond),
    ORGANISATION_REQUESTS_PER_SECOND: whole(1, MOST_RATE).default(
      DEFAULT_LIMITS.organisationPerSecond,
    ),
    SEARCHES_PER_MINUTE: whole(1, MOST_RATE).default(DEFAULT_LIMITS.searchesPerMinute),
    HOLDS_PER_HOUR: whole(1, MOST_RATE).default(DEFAULT_LIMITS.perHour.holds),
    OFFERS_PER_HOUR: whole(1, MOST_RATE).default(DEFAULT_LIMITS.perHour.offers),
    INTRODUCTIONS_PER_HOUR: whole(1, MOST_RATE).default(DEFAULT_LIMITS.perHour.introductions),
    GRANTS_PER_HOUR: whole(1, MOST_RATE).default(DEFAULT_LIMITS.perHour.grants),
    ADVISORIES_PER_HOUR: whole(1, MOST_RATE).default(DEFAULT_LIMITS.perHour.advisories),
    CLIENTS_PER_HOUR: whole(1, MOST_RATE).default(DEFAULT_LIMITS.perHour.clients),
    KEYS_PER_HOUR: whole(1, MOST_RATE).default(DEFAULT_LIMITS.perHour.keys),
    UPKEEP_PER_HOUR: whole(1, MOST_RATE).default(DEFAULT_LIMITS.perHour.upkeep),
    SEALINGS_PER_HOUR: whole(1, MOST_RATE).default(DEFAULT_LIMITS.perHour.sealings),
    REQUEST_SECONDS: whole(1, 600).default(DEFAULT_LIMITS.requestSeconds),
    CONNECTIONS: whole(1, 100_000).default(DEFAULT_LIMITS.connections),
    DATABASE_CONNECTIONS: whole(2, 1_000).default(DEFAULT_CONNECTIONS),
    DRAIN_SECONDS: whole(1, 600).default(25),
    DRAIN_NOTICE_SECONDS: whole(0, 300).default(0),
  })
  .refine((env) => env.DATABASE_URL !== undefined || env.DATABASE_OWNER_URL === undefined, {
    path: ["DATABASE_OWNER_URL"],
    error: "needs DATABASE_URL beside it, or must be unset to run the embedded database",
    // Otherwise a malformed DATABASE_URL would hide this complaint until the next attempt.
    when: () => true,
  })
  .refine((env) => env.DATABASE_URL !== undefined || env.DATABASE_READ_URL === undefined, {
    path: ["DATABASE_READ_URL"],
    error: "needs DATABASE_URL beside it: the primary that it is a replica of",
    when: () => true,
  })
  .refine((env) => env.PUBLIC_URL !== undefined || isWebUrl(env.AUDIENCE), {
    path: ["PUBLIC_URL"],
    error: "must say where callers reach /graphql, since AUDIENCE is no http or https URL",
  })
  .refine((env) => env.DRAIN_NOTICE_SECONDS < env.DRAIN_SECONDS, {
    path: ["DRAIN_NOTICE_SECONDS"],
    error:
      "must be less than DRAIN_SECONDS, of which it is a part: what is under way is answered after it",
  });

/** Of what listens there: an address of IPv6 stands in brackets (RFC 3986). */
export const originOf = (host: string, port: number) =>
  `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;

/** As far as the log's form goes, before anything of the configuration is known to be right. */
export const isProduction = (env: NodeJS.ProcessEnv = process.env): boolean =>
  env["NODE_ENV"] === "production";

/**
 * Reads the environment; an empty variable counts as unset.
 * Throws {@link ConfigError} naming every variable at fault, and never a value: URLs hold passwords.
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")} ${issue.message}`);
    throw new ConfigError(`The configuration is not valid:\n${lines.join("\n")}`);
  }
  const { data } = parsed;
  return {
    host: data.HOST,
    port: data.PORT,
    dataDir: resolve(data.DATA_DIR),
    databaseUrl: data.DATABASE_URL,
    databaseOwnerUrl: data.DATABASE_OWNER_URL,
    databaseReadUrl: data.DATABASE_READ_URL,
    nodeKeyFile: resolve(data.NODE_KEY_FILE ?? join(data.DATA_DIR, "node-key.json")),
    seed: data.SEED ?? (data.DATABASE_URL === undefined ? "demo" : "none"),
    environment: data.NODE_ENV,
    audience: data.AUDIENCE,
    publicUrl: new URL(data.PUBLIC_URL ?? new URL("/graphql", data.AUDIENCE)).href,
    introspection: data.INTROSPECTION === "authenticated",
    documentsDir: data.DOCUMENTS_DIR === undefined ? null : resolve(data.DOCUMENTS_DIR),
    logLevel: data.LOG_LEVEL,
    operations:
      data.METRICS_PORT === undefined ? null : { host: data.METRICS_HOST, port: data.METRICS_PORT },
    tracesEndpoint: data.OTEL_EXPORTER_OTLP_ENDPOINT,
    jobs: data.JOBS,
    limits: {
      clientPerSecond: data.CLIENT_REQUESTS_PER_SECOND,
      organisationPerSecond: data.ORGANISATION_REQUESTS_PER_SECOND,
      searchesPerMinute: data.SEARCHES_PER_MINUTE,
      perHour: {
        holds: data.HOLDS_PER_HOUR,
        offers: data.OFFERS_PER_HOUR,
        introductions: data.INTRODUCTIONS_PER_HOUR,
        grants: data.GRANTS_PER_HOUR,
        advisories: data.ADVISORIES_PER_HOUR,
        clients: data.CLIENTS_PER_HOUR,
        keys: data.KEYS_PER_HOUR,
        upkeep: data.UPKEEP_PER_HOUR,
        sealings: data.SEALINGS_PER_HOUR,
      },
      requestSeconds: data.REQUEST_SECONDS,
      connections: data.CONNECTIONS,
    },
    databaseConnections: data.DATABASE_CONNECTIONS,
    drain: { noticeSeconds: data.DRAIN_NOTICE_SECONDS, mostSeconds: data.DRAIN_SECONDS },
  };
}
