import { CallFailed } from "../client/failure.ts";
import { printable } from "../kernel/printable.ts";

const ADVICE: Partial<Record<CallFailed["code"], string>> = {
  UNAUTHENTICATED:
    "The organisation must be registered with this key and ACTIVE, the client registered, the network not locked down, AUDIENCE the server's, and the clock right.",
  FORBIDDEN:
    "The client lacks a scope that <command> --help names: an admin gives it with `clients scopes`, or choose another --client.",
  NETWORK: "Is the server running? `doctor` looks.",
  NOT_FOUND: "It is not there, or not yours to see.",
};

/** What to do about a call that failed. */
export function adviceOn(error: CallFailed): string {
  return `${error.code}: ${printable(error.message)} ${ADVICE[error.code] ?? ""}`.trimEnd();
}

const OF_EVERY_CALL: ReadonlySet<string> = new Set([
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "RATE_LIMITED",
  "UNAVAILABLE",
  "NETWORK",
  "PROTOCOL",
]);
/** Refused for what this call says, and another one may fare better; else it is thrown again. */
export function refusal(error: unknown): CallFailed {
  if (error instanceof CallFailed && !OF_EVERY_CALL.has(error.code)) return error;
  throw error;
}
