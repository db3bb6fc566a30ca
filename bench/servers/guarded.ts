import { createServer } from "node:http";
import { createTokenVerifier, type Issuer } from "../../src/platform/auth/token.ts";
import { admitted, enterAs } from "../../src/platform/db/admission.ts";
import { runBatch } from "../../src/platform/db/pipeline.ts";
import { createPool } from "../../src/platform/db/pool.ts";
import { AUDIENCE } from "../network.ts";
import { walled } from "./statements.ts";

// The limit with every guard: the token is verified, and Wayhouse's own statements run behind the caller's
// status as the API's role, in one round trip, and answer in JSON. Still no GraphQL.
const pool = createPool({ url: process.env["DATABASE_URL"]!, log: () => {} });
const verifier = createTokenVerifier({
  audience: AUDIENCE,
  now: () => Date.now(),
  jwks: () => Promise.reject(new Error("nobody here has a JWKS URI")),
  async findIssuer(issuer) {
    const { rows } = await pool.query<{ organisation_id: string; keys: Issuer["keys"] }>(
      "select * from issuer_of_tokens($1)",
      [issuer],
    );
    return rows[0]
      ? {
          organisationId: rows[0].organisation_id,
          identityThumbprint: "",
          jwksUri: null,
          keys: rows[0].keys,
        }
      : null;
  },
});

const SCOPES = { search: "beds:read", inbox: "handoffs:read", hold: "beds:hold" } as const;

async function answer(url: string, authorization: string, body: string): Promise<string> {
  const operation = url.slice(1) as keyof typeof SCOPES;
  const { variables } = JSON.parse(body) as { variables: unknown };
  const who = await verifier.verify(authorization.slice("Bearer ".length));
  const client = await pool.connect();
  try {
    const asked = walled(operation, variables, who.scopes.join(" "));
    const told = await runBatch(client, [enterAs(who), ...asked]);
    if (!admitted(told[0]).scopes.has(SCOPES[operation])) throw new Error("refused");
    return `{"data":${told.at(-1)!.rows[0]!["data"] as string}}`;
  } finally {
    client.release();
  }
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    answer(request.url!, request.headers.authorization!, Buffer.concat(chunks).toString()).then(
      (body) => {
        response.writeHead(200, {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
        });
        response.end(body);
      },
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
});
server.listen(0, "127.0.0.1", () => {
  console.log(`serves http://127.0.0.1:${(server.address() as { port: number }).port}/`);
});
process.once("SIGTERM", () => server.close(() => void pool.end()).closeAllConnections());
