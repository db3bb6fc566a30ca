import { createServer, type Server } from "node:http";
import { createGatewayRuntime } from "@graphql-hive/gateway-runtime";
import httpTransport from "@graphql-mesh/transport-http";

export interface GatewayOptions {
  /** `schema/supergraph.graphql`: the network's graph and cases.graphql, composed. */
  readonly supergraph: string;
  readonly networkUrl: string;
  readonly casesUrl: string;
}

/**
 * One partner's own gateway, for its own dashboard. It decides nothing: each subgraph checks the token
 * that it is handed. `authorization` goes to the network, `x-cases-authorization` to the case subgraph:
 * two tokens, so that nobody who reads what the network's server receives can open a case with it.
 */
export function createGateway(options: GatewayOptions): Server {
  const gateway = createGatewayRuntime({
    supergraph: options.supergraph,
    transports: { http: httpTransport },
    transportEntries: {
      // Else the transport would subscribe by GET, which the network refuses.
      network: { location: options.networkUrl, options: { method: "POST" } },
      cases: { location: options.casesUrl },
    },
    propagateHeaders: {
      fromClientToSubgraphs({ request, subgraphName }) {
        const header = subgraphName === "cases" ? "x-cases-authorization" : "authorization";
        return { authorization: request.headers.get(header) };
      },
    },
    // The network resolves at most 100 representations at once.
    __experimental__batchDelegateOptions: { maxBatchSize: 100 },
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
    logging: false,
  });
  return createServer((request, response) => void gateway(request, response)).on(
    "close",
    () => void gateway.dispose(),
  );
}
