import type { JsonWebKey } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { createApp } from "../../src/app.ts";
import { type Scope, SCOPES } from "../../src/kernel/scopes.ts";
import { loadNodeKey } from "../../src/platform/auth/node-key.ts";
import { signAccessToken } from "../../src/platform/auth/sign.ts";
import type { DEMO_ORGANISATIONS } from "../../src/platform/auth/demo-keys.ts";
import { demoIssuer, demoKey } from "../../src/platform/auth/demo-keys.ts";
import { seedDemo } from "../../src/platform/db/demo-network.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/platform/limits/limits.ts";
import { createLog } from "../../src/platform/telemetry/log.ts";
import { createMetrics } from "../../src/platform/telemetry/metrics.ts";
import { serveGraph } from "./ports.ts";
import { createTestDatabase, type TestDatabase } from "./postgres.ts";

export const AUDIENCE = "https://node.example";
export const PUBLIC_URL = `${AUDIENCE}/graphql`;
export type Organisation = (typeof DEMO_ORGANISATIONS)[number];

/** Whatever was asked for; each expectation says what it is. */
type Fields = ReturnType<typeof JSON.parse>;
export interface Answer {
  data?: Fields;
  errors?: { message: string; extensions: { code: string } }[];
}
export const codeOf = (answer: Answer) => answer.errors?.[0]?.extensions.code;
export const night = (days: number) =>
  new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** `key` and `issuer` where it is none of the demo's. */
interface DemoCaller {
  readonly organisation: string;
  readonly clientId?: string;
  readonly scopes?: readonly Scope[];
  readonly key?: JsonWebKey;
  readonly issuer?: string;
  /** Thumbprint of the key that the token is bound to. */
  readonly jkt?: string;
  /** As long as a token may live, unless said otherwise: a busy machine takes a minute for what takes a second. */
  readonly ttlSeconds?: number;
}
export interface Demo {
  readonly url: string;
  readonly database: TestDatabase;
  /** What the server logged: faults of ours. */
  readonly faults: readonly string[];
  /** Holds the keys of the organisations. */
  readonly dataDir: string;
  /** Of the organisation's bot. */
  token(organisation: string, scopes: readonly Scope[]): Promise<string>;
  /** Of any client of any organisation. */
  tokenOf(caller: DemoCaller): Promise<string>;
  /** As any client of any organisation. */
  call(caller: DemoCaller, body: unknown): Promise<{ status: number; text: string }>;
  /** As the organisation's bot. */
  post(
    organisation: string,
    body: unknown,
    scopes?: readonly Scope[],
  ): Promise<{ status: number; text: string }>;
  ask(organisation: string, query: string, variables?: object): Promise<Answer>;
  /** Streams that the server holds open. */
  streams(): Promise<number>;
  /** Of the server, by name and labels. */
  measured(name: string): Promise<number>;
  stop(): Promise<void>;
}

/** The demo network, served over HTTP as the API's role. */
export async function startDemo(
  limits: Partial<Limits> = {},
  options: { readonly introspection?: boolean } = {},
): Promise<Demo> {
  const database = await createTestDatabase();
  const dataDir = mkdtempSync(join(tmpdir(), "wayhouse-demo-"));
  await seedDemo({ ...database, dataDir });
  const served = await serveToo({ database, dataDir }, limits, options);
  return {
    ...served,
    async stop() {
      await served.stop();
      await database.leave();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The API once more over the same network, as another process of the node serves it. */
export async function serveToo<Database extends { readonly apiUrl: string }>(
  { database, dataDir }: { readonly database: Database; readonly dataDir: string },
  limits: Partial<Limits> = {},
  options: { readonly introspection?: boolean; readonly readUrl?: string } = {},
): Promise<Omit<Demo, "database"> & { readonly database: Database }> {
  const faults: string[] = [];
  const write = (line: string) => void faults.push(line);
  const log = createLog({ format: "text", level: "warn", write });
  const nodeKey = await loadNodeKey(inject("nodeKeyFile"));
  const metrics = createMetrics();
  const app = await createApp({
    apiUrl: database.apiUrl,
    audience: AUDIENCE,
    nodeKey,
    log,
    metrics,
    limits: { ...DEFAULT_LIMITS, ...limits },
    ...options,
  });
  const url = await serveGraph(app.server);

  const tokenOf = async (caller: DemoCaller) => {
    const { organisation, clientId = "bot", scopes = SCOPES, ttlSeconds = 15 * 60 } = caller;
    const { key, issuer, jkt } = caller;
    return signAccessToken({
      privateJwk: key ?? demoKey(dataDir, organisation).privateJwk,
      issuer: issuer ?? demoIssuer(organisation),
      audience: AUDIENCE,
      clientId,
      scopes,
      ttlSeconds,
      ...(jkt !== undefined && { jkt }),
    });
  };
  const measured = async (name: string) => {
    const line = (await metrics.text()).split("\n").find((one) => one.startsWith(`${name} `));
    return Number(line?.slice(name.length) ?? 0);
  };
  /** As a client does, which signs none for a call while its last one lasts. */
  const lastTokens = new Map<string, { readonly token: Promise<string>; readonly at: number }>();
  const lastTokenOf = (caller: DemoCaller): Promise<string> => {
    const { organisation, key = demoKey(dataDir, organisation).privateJwk } = caller;
    const what = JSON.stringify({ ...caller, key });
    const last = lastTokens.get(what);
    const age = last ? Date.now() - last.at : Infinity;
    if (age >= 0 && age < 60_000) return last!.token;
    const token = tokenOf(caller);
    lastTokens.set(what, { token, at: Date.now() });
    return token;
  };
  const call: Demo["call"] = async (caller, body) => {
    const authorization = `Bearer ${await lastTokenOf(caller)}`;
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  };
  const post: Demo["post"] = (organisation, body, scopes = SCOPES) =>
    call({ organisation, scopes }, body);
  return {
    url,
    database,
    faults,
    dataDir,
    tokenOf,
    token: (organisation, scopes) => tokenOf({ organisation, scopes }),
    call,
    post,
    ask: async (organisation, query, variables = {}) =>
      JSON.parse((await post(organisation, { query, variables })).text) as Answer,
    streams: () => measured("wayhouse_streams"),
    measured,
    stop: async () => void (await app.stop()),
  };
}

export const idOf = async (ask: Demo["ask"], handle: string): Promise<string> =>
  (await ask(handle, "{ viewer { organisation { id } } }")).data["viewer"].organisation.id;
