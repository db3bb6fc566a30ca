import { createServer } from "node:http";
import pg from "pg";
import { BARE, bareValues } from "./statements.ts";

// The limit: node:http, pg and one prepared statement that answers in JSON. No token, no scope, no
// row-level security, no GraphQL: who asks is a header, and believed.
const pool = new pg.Pool({
  connectionString: process.env["DATABASE_URL"],
  max: 4,
  idleTimeoutMillis: 0,
});

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const operation = request.url!.slice(1) as keyof typeof BARE;
    const { variables } = JSON.parse(Buffer.concat(chunks).toString()) as { variables: unknown };
    const values = bareValues(operation, request.headers["x-organisation"] as string, variables);
    pool
      .query<{ data: string }>({ ...BARE[operation], values })
      .then(({ rows }) => {
        const body = `{"data":${rows[0]!.data}}`;
        response.writeHead(200, {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
        });
        response.end(body);
      })
      .catch((error: Error) => response.writeHead(500).end(error.message));
  });
});
server.listen(0, "127.0.0.1", () => {
  console.log(`serves http://127.0.0.1:${(server.address() as { port: number }).port}/`);
});
process.once("SIGTERM", () => server.close(() => void pool.end()).closeAllConnections());
