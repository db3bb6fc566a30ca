import type { TracingChannel } from "node:diagnostics_channel";
import { tracingChannel } from "node:diagnostics_channel";

/** Told of each round trip to the database while somebody listens: how many statements, never which. */
export interface RoundTrip {
  readonly statements: number;
  /** Once it is over; it is told of an error, not rejected. */
  readonly result?: { readonly error: Error | null };
}
export const roundTrips: TracingChannel<string, RoundTrip> = tracingChannel("wayhouse:round-trip");

/** What a span may tell beside its name and times. */
export interface SpanFacts {
  /** A root field of the schema. */
  readonly field?: string;
  /** Of an error that left, or a SQLSTATE. */
  readonly code?: string;
  readonly status?: number;
}
export type Tell = (facts: SpanFacts) => void;

export interface Tracing {
  /** One request or one job. `traceparent`: the caller's span (W3C Trace Context), if it sent one. */
  span<R>(name: string, traceparent: string | undefined, work: (tell: Tell) => R): R;
  /** Sends what is left. */
  stop(): Promise<void>;
}

export const NO_TRACING: Tracing = {
  span: (_name, _traceparent, work) => work(() => {}),
  stop: async () => {},
};
