import { composeServices } from "@theguild/federation-composition";
import { parse } from "graphql";

/** A private subgraph beside the network's, as a partner's own gateway would compose the two. */
export function composeWithNetwork(network: string, cases: string) {
  const { supergraphSdl, errors } = composeServices([
    { name: "network", url: "https://wayhouse.localhost/graphql", typeDefs: parse(network) },
    { name: "cases", url: "https://cases.localhost/graphql", typeDefs: parse(cases) },
  ]);
  if (supergraphSdl === undefined || errors) {
    return { ok: false as const, errors: (errors ?? []).map(({ message }) => message) };
  }
  return { ok: true as const, supergraph: `${supergraphSdl}\n` };
}
