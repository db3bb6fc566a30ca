import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { faultOf } from "./log.ts";
import { type RoundTrip, roundTrips, type SpanFacts, type Tracing } from "./tracing.ts";

const LONGEST_FAREWELL_MS = 2_000;
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/**
 * Spans of requests, jobs and round trips, sent to `endpoint`/v1/traces (OTLP over HTTP, JSON). Headers
 * and sampling are as OpenTelemetry's own variables say (OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER).
 */
export function traceTo(endpoint: string): Tracing {
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, "")}/v1/traces` });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": "wayhouse" }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer("wayhouse");
  const current = new AsyncLocalStorage<Context>();
  const open = new WeakMap<RoundTrip, Span>();

  const followRoundTrips = {
    start(trip: RoundTrip) {
      const attributes = { "db.system.name": "postgresql", "wayhouse.statements": trip.statements };
      const options = { kind: SpanKind.CLIENT, attributes };
      open.set(trip, tracer.startSpan("database", options, current.getStore() ?? ROOT_CONTEXT));
    },
    end() {},
    asyncStart() {},
    asyncEnd(trip: RoundTrip) {
      const span = open.get(trip);
      const error = trip.result?.error;
      if (span && error) tell(span, { code: String(faultOf(error).code ?? "unknown") });
      span?.end();
    },
    error() {},
  };
  roundTrips.subscribe(followRoundTrips);

  return {
    span(name, traceparent, work) {
      const kind = traceparent === undefined ? SpanKind.INTERNAL : SpanKind.SERVER;
      const parent = callerOf(traceparent);
      const span = tracer.startSpan(name, { kind }, parent);
      const end = () => span.end();
      const result = current.run(trace.setSpan(parent, span), work, (facts: SpanFacts) =>
        tell(span, facts),
      );
      if (result instanceof Promise) void result.then(end, end);
      else end();
      return result;
    },
    async stop() {
      roundTrips.unsubscribe(followRoundTrips);
      // A collector that is gone, or takes what is sent and says nothing, holds nobody up.
      await Promise.race([
        provider.shutdown().catch(() => {}),
        sleep(LONGEST_FAREWELL_MS, undefined, { ref: false }),
      ]);
    },
  };
}

/** The caller's span; its tracestate and baggage hold whatever the caller likes, and are left out. */
function callerOf(traceparent: string | undefined): Context {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (!traceId || !spanId) return ROOT_CONTEXT;
  const caller = { traceId, spanId, traceFlags: Number.parseInt(flags!, 16) & 1, isRemote: true };
  return isSpanContextValid(caller) ? trace.setSpanContext(ROOT_CONTEXT, caller) : ROOT_CONTEXT;
}

function tell(span: Span, { field, code, status }: SpanFacts): void {
  if (field !== undefined) span.setAttribute("graphql.field", field);
  if (status !== undefined) span.setAttribute("http.response.status_code", status);
  if (code === undefined) return;
  span.setAttribute("error.type", code);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
