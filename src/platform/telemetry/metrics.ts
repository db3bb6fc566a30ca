import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { ERROR_CODES, type ErrorCode } from "../../kernel/errors.ts";

/** Seconds. From a cached read to the longest statement. */
const BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/**
 * What is counted. Every label is of a closed list: nothing that a caller writes, and nobody's id, so that
 * numbers tell how the service is and never who used it.
 */
export interface Metrics {
  /** `status` is HTTP's. */
  requestEnded(route: "graphql" | "health" | "other", status: number, seconds: number): void;
  /** `field` is a root field of the schema. */
  operationEnded(field: string, seconds: number): void;
  /** An error left with this code, in a body or as the body. */
  refused(code: ErrorCode): void;
  /** `wasKept`: its signature was checked before. */
  tokenVerified(wasKept: boolean): void;
  streamOpened(): void;
  streamClosed(): void;
  jobEnded(job: string, outcome: "success" | "failure", seconds: number): void;
  /** Of a read that a replica may answer. */
  replicaAsked(outcome: ReplicaOutcome): void;
  watchReplica(isInUse: () => boolean): void;
  /** Asked each time that somebody looks. */
  watchPool(counts: () => PoolCounts): void;
  watchJobs(names: readonly string[]): void;
  /** CPU, memory, event loop, garbage collection of this process. */
  watchProcess(): void;
  /** Prometheus text exposition format 0.0.4. */
  text(): Promise<string>;
}
/** Where it was not answered, the primary did. */
type ReplicaOutcome = "answered" | "behind" | "failed" | "left_out";
interface PoolCounts {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
}

export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Histogram({
    name: "wayhouse_http_request_seconds",
    help: "From the first byte of a request's head to the last of its answer, streams left out.",
    labelNames: ["route", "status"],
    buckets: BUCKETS,
    registers,
  });
  const operations = new Histogram({
    name: "wayhouse_operation_seconds",
    help: "Execution of an operation, by its first root field.",
    labelNames: ["field"],
    buckets: BUCKETS,
    registers,
  });
  const refusals = new Counter({
    name: "wayhouse_refusals_total",
    help: "Errors that left, by their code.",
    labelNames: ["code"],
    registers,
  });
  const tokens = new Counter({
    name: "wayhouse_tokens_total",
    help: "Access tokens that were found good: checked, or kept from an earlier request.",
    labelNames: ["found"],
    registers,
  });
  const streams = new Gauge({
    name: "wayhouse_streams",
    help: "Event streams that are open.",
    registers,
  });
  const jobs = new Histogram({
    name: "wayhouse_job_seconds",
    help: "Runs of a job, by how they ended.",
    labelNames: ["job", "outcome"],
    buckets: BUCKETS,
    registers,
  });
  const replicaReads = new Counter({
    name: "wayhouse_replica_reads_total",
    help: "Reads that a replica may answer: those it answered, and why the primary did.",
    labelNames: ["outcome"],
    registers,
  });
  // What is not there yet does not rise: the first of them would ring no alert.
  for (const code of ERROR_CODES) refusals.inc({ code }, 0);
  const succeeded = new Map<string, number>();

  return {
    requestEnded: (route, status, seconds) =>
      requests.observe({ route, status: String(status) }, seconds),
    operationEnded: (field, seconds) => operations.observe({ field }, seconds),
    refused: (code) => refusals.inc({ code }),
    tokenVerified: (wasKept) => tokens.inc({ found: wasKept ? "kept" : "checked" }),
    streamOpened: () => streams.inc(),
    streamClosed: () => streams.dec(),
    jobEnded(job, outcome, seconds) {
      jobs.observe({ job, outcome }, seconds);
      if (outcome === "success") succeeded.set(job, performance.now());
    },
    replicaAsked: (outcome) => replicaReads.inc({ outcome }),
    watchReplica(isInUse) {
      new Gauge({
        name: "wayhouse_replica_in_use",
        help: "1 while the replica follows the primary closely and is asked.",
        registers,
        collect() {
          this.set(isInUse() ? 1 : 0);
        },
      });
    },
    watchPool(counts) {
      new Gauge({
        name: "wayhouse_database_connections",
        help: "Connections of the pool; waiting: calls that wait for one.",
        labelNames: ["state"],
        registers,
        collect() {
          const { total, idle, waiting } = counts();
          this.set({ state: "idle" }, idle);
          this.set({ state: "busy" }, total - idle);
          this.set({ state: "waiting" }, waiting);
        },
      });
    },
    watchJobs(names) {
      for (const job of names) jobs.zero({ job, outcome: "failure" });
      const since = performance.now();
      new Gauge({
        name: "wayhouse_job_lag_seconds",
        help: "Since a job last succeeded in this process, or since the process began.",
        labelNames: ["job"],
        registers,
        collect() {
          for (const job of names)
            this.set({ job }, (performance.now() - (succeeded.get(job) ?? since)) / 1_000);
        },
      });
    },
    watchProcess: () => collectDefaultMetrics({ register: registry }),
    text: () => registry.metrics(),
  };
}
