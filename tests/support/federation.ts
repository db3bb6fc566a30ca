import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { importJWK, type JWK, type JWTPayload, SignJWT } from "jose";
import { type CaseRecord, createCaseSubgraph } from "../../examples/partner/cases.ts";
import { createGateway } from "../../examples/partner/gateway.ts";
import { text } from "node:stream/consumers";
import { createGatewayRuntime } from "@graphql-hive/gateway-runtime";
import httpTransport from "@graphql-mesh/transport-http";
import { type Scope, SCOPES } from "../../src/kernel/scopes.ts";
import { demoIssuer, demoKey } from "../../src/platform/auth/demo-keys.ts";
import { AUDIENCE, type Demo } from "./demo.ts";
import { serveGraph } from "./ports.ts";

export const CASES_AUDIENCE = "https://cases.lantern.example";

export interface Federation {
  readonly gatewayUrl: string;
  readonly casesUrl: string;
  /** As the organisation's bot, with a token for each subgraph. */
  post(organisation: string, body: object, scopes?: readonly Scope[]): Promise<string>;
  stop(): Promise<void>;
}

/** The example's gateway and lantern's case subgraph, before the network's graph. */
export async function startFederation(
  demo: Demo,
  records: readonly CaseRecord[],
  networkUrl = demo.url,
): Promise<Federation> {
  const { publicJwk, kid } = demoKey(demo.dataDir, "lantern");
  const cases = createCaseSubgraph({
    records,
    issuer: demoIssuer("lantern"),
    audience: CASES_AUDIENCE,
    keys: { keys: [{ ...publicJwk, kid }] },
  });
  const casesUrl = await serveGraph(cases);
  const supergraph = readFileSync("schema/supergraph.graphql", "utf8");
  const gateway = createGateway({ supergraph, networkUrl, casesUrl });
  const gatewayUrl = await serveGraph(gateway);
  return {
    gatewayUrl,
    casesUrl,
    post: async (organisation, body, scopes = SCOPES) =>
      postTo(gatewayUrl, body, {
        authorization: await bearer(demo, organisation, { aud: AUDIENCE, scope: scopes.join(" ") }),
        "x-cases-authorization": await bearer(demo, organisation, { aud: CASES_AUDIENCE }),
      }),
    async stop() {
      for (const server of [gateway, cases]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

/** Another gateway before the same two, which says in its own way what of a call goes to the network. */
export async function startGateway(
  networkUrl: string,
  casesUrl: string,
  toNetwork: (headers: Headers) => Record<string, string | null>,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const gateway = createGatewayRuntime({
    supergraph: readFileSync("schema/supergraph.graphql", "utf8"),
    transports: { http: httpTransport },
    transportEntries: {
      network: { location: networkUrl, options: { method: "POST" } },
      cases: { location: casesUrl },
    },
    propagateHeaders: {
      fromClientToSubgraphs: ({ request: { headers }, subgraphName }) =>
        subgraphName === "network"
          ? toNetwork(headers as Headers)
          : { authorization: headers.get("x-cases-authorization") },
    },
    logging: false,
  });
  const server = createServer((request, response) => void gateway(request, response));
  return {
    url: await serveGraph(server),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await gateway.dispose();
    },
  };
}

/** Which documents a network is asked, by whoever takes the URL for its. */
export async function recordDocuments(
  networkUrl: string,
  ask: (url: string) => Promise<void>,
): Promise<string[]> {
  const documents = new Set<string>();
  const recorder = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      documents.add((JSON.parse(body) as { query: string }).query);
      const { authorization = "", accept = "" } = request.headers;
      const headers = { "content-type": "application/json", authorization, accept };
      const answer = await fetch(networkUrl, { method: "POST", headers, body });
      response.setHeader("content-type", answer.headers.get("content-type")!);
      response.end(await answer.text());
    })();
  });
  await ask(await serveGraph(recorder));
  recorder.closeAllConnections();
  recorder.close();
  return [...documents];
}

export async function postTo(
  url: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return response.text();
}

/** An `authorization` header with a token of the organisation's bot, whatever its claims. */
export async function bearer(
  demo: Demo,
  organisation: string,
  claims: JWTPayload & { scope?: string },
): Promise<string> {
  const { privateJwk, kid } = demoKey(demo.dataDir, organisation);
  const now = Math.floor(Date.now() / 1000);
  const standard = {
    iss: demoIssuer(organisation),
    sub: "bot",
    client_id: "bot",
    jti: crypto.randomUUID(),
    iat: now,
    exp: now + 60,
  };
  const token = await new SignJWT({ ...standard, ...claims })
    .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid })
    .sign(await importJWK(privateJwk as JWK, "EdDSA"));
  return `Bearer ${token}`;
}
