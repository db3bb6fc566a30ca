import { createServer, type Server } from "node:http";
import { type Metrics, METRICS_TYPE } from "./metrics.ts";

/** GET /metrics and the two health checks, apart from the API: this port is for operators alone. */
export function createOperationsServer(options: {
  readonly metrics: Metrics;
  readonly isReady: () => Promise<boolean>;
}): Server {
  const { metrics, isReady } = options;
  const answers: Readonly<Record<string, () => Promise<[number, string, string]>>> = {
    "/metrics": async () => [200, METRICS_TYPE, await metrics.text()],
    "/health/live": async () => [200, "text/plain", "ok\n"],
    "/health/ready": async () =>
      (await isReady()) ? [200, "text/plain", "ok\n"] : [503, "text/plain", "not ready\n"],
  };
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ""];
    if (!answer) return void response.writeHead(404).end();
    if (request.method !== "GET") return void response.writeHead(405, { allow: "GET" }).end();
    answer().then(
      ([status, type, body]) => response.writeHead(status, { "content-type": type }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  server.maxConnections = 32;
  return server;
}
