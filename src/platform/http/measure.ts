import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { codesOf } from "./answers.ts";
import type { Metrics } from "../telemetry/metrics.ts";

/** Counts every request of a server. A stream's time says nothing of ours, so streams are left out. */
export function measureRequests(server: Server, metrics: Metrics): void {
  server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
    const begun = performance.now();
    response.once("close", () => {
      for (const code of codesOf(response)) metrics.refused(code);
      if (String(response.getHeader("content-type")).startsWith("text/event-stream")) return;
      // 499: the caller went away before it had its answer.
      const status = response.writableFinished ? response.statusCode : 499;
      metrics.requestEnded(routeOf(request.url), status, (performance.now() - begun) / 1_000);
    });
  });
}

function routeOf(url = ""): "graphql" | "health" | "other" {
  const path = url.split("?")[0];
  if (path === "/graphql") return "graphql";
  return path === "/health/live" || path === "/health/ready" ? "health" : "other";
}
