import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";

export interface CaseRecord {
  /** The partner's own random UUID (version 4); all that the network ever learns of a case. */
  readonly reference: string;
  readonly code: string;
  readonly stage: "INTAKE" | "PLANNING" | "UNDER_WAY" | "ARRIVED";
  readonly notes: readonly string[];
}

export interface CaseSubgraphOptions {
  readonly records: readonly CaseRecord[];
  /** The partner's own identity provider. */
  readonly issuer: string;
  /** Of this subgraph and no other: a token that the network's server has seen opens nothing here. */
  readonly audience: string;
  readonly keys: JSONWebKeySet;
}

/** The partner's private subgraph. It trusts no gateway: whoever reaches it shows a token, schema readers too. */
export function createCaseSubgraph(options: CaseSubgraphOptions): Server {
  const byReference = new Map(options.records.map((record) => [record.reference, record]));
  const referenceOf = (id: string) => ({ id, case: byReference.get(id) ?? null });
  const schema = buildSubgraphSchema({
    typeDefs: parse(readFileSync(new URL("cases.graphql", import.meta.url), "utf8")),
    resolvers: {
      Query: { cases: () => options.records },
      CaseReference: { __resolveReference: ({ id }: { id: string }) => referenceOf(id) },
      CaseRecord: { reference: ({ reference }: CaseRecord) => referenceOf(reference) },
    },
  });
  const yoga = createYoga({
    schema,
    plugins: [tokenOnly(options)],
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
    logging: false,
  });
  return createServer((request, response) => void yoga(request, response));
}

/** RFC 9068: signed by the partner, for this audience alone, and not expired. */
function tokenOnly({ issuer, audience, keys }: CaseSubgraphOptions): Plugin {
  const keySet = createLocalJWKSet(keys);
  const expected = { issuer, audience, typ: "at+jwt", requiredClaims: ["exp", "sub", "client_id"] };
  return {
    async onRequest(call) {
      const header = call.request.headers.get("authorization") ?? "";
      const token = /^Bearer (\S+)$/i.exec(header)?.[1] ?? "";
      const isOurs = await jwtVerify(token, keySet, expected).then(
        ({ payload }) => payload.aud === audience,
        () => false,
      );
      if (isOurs) return;
      const message = "A valid access token is required.";
      const body = { errors: [{ message, extensions: { code: "UNAUTHENTICATED" } }] };
      const headers = { "www-authenticate": "Bearer" };
      call.endResponse(call.fetchAPI.Response.json(body, { status: 401, headers }));
    },
  };
}
