import { ERROR_CODES, type ErrorCode, type Issue } from "../kernel/errors.ts";
import { printable } from "../kernel/printable.ts";

/** NETWORK: no answer came. PROTOCOL: what came is no answer of Wayhouse. The rest is the API's own word. */
export type FailureCode = ErrorCode | "NETWORK" | "PROTOCOL";

interface Details {
  readonly issues?: readonly Issue[];
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** A call without an answer. What an operation may refuse as data (`__typename`) is not one. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
  /** Of BAD_USER_INPUT: where the input is wrong. */
  readonly issues: readonly Issue[];
  /** The API asks for at least this pause. */
  readonly retryAfterSeconds: number | null;
  /** Of a mutation, which may have been done: called again under this key, it still has one effect. */
  idempotencyKey: string | null = null;
  constructor(
    readonly code: FailureCode,
    message: string,
    { issues = [], retryAfterSeconds, cause }: Details = {},
  ) {
    super(message, { cause });
    this.issues = issues;
    this.retryAfterSeconds = retryAfterSeconds ?? null;
  }

  /** The same call may fare better later. */
  get isPassing(): boolean {
    return PASSING.has(this.code);
  }
}
const PASSING: ReadonlySet<FailureCode> = new Set(["NETWORK", "UNAVAILABLE", "RATE_LIMITED"]);

/** A GraphQL response (§7 of its specification), as far as anything relies on it. */
export interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: Readonly<Record<string, unknown>>;
  }[];
}

/** What the first error of an answer says; null without one. */
export function failureOf({ errors }: Answer): CallFailed | null {
  const error = errors?.[0];
  if (!error) return null;
  const { code, issues, retryAfterSeconds } = error.extensions ?? {};
  const known = ERROR_CODES.find((one) => one === code);
  const wrong = ((issues ?? []) as readonly Issue[]).slice(0, MOST_ISSUES).map(readable);
  const told = wrong.map(({ path, message }) => `${path.join(".")} ${message}`.trim()).join("; ");
  return new CallFailed(known ?? "PROTOCOL", printable(told || error.message), {
    issues: wrong,
    ...(typeof retryAfterSeconds === "number" && { retryAfterSeconds }),
  });
}

/** Of one input, more than anybody mends. */
const MOST_ISSUES = 100;
/** Whoever ends on a failure has its platform print all of it. */
const readable = ({ path, message }: Issue): Issue => ({
  path: path.slice(0, MOST_ISSUES).map((at) => (typeof at === "string" ? printable(at) : at)),
  message: printable(message),
});

/** Null for whatever is none: nothing else of what came is relied on. */
export function answerOf(text: string | null): Answer | null {
  try {
    const answer: unknown = JSON.parse(text ?? "");
    if (typeof answer !== "object" || answer === null) return null;
    const { data, errors } = answer as Record<string, unknown>;
    if (data === undefined && errors === undefined) return null;
    const isOne = Array.isArray(errors) ? errors.every(isError) : (errors ?? null) === null;
    return isOne ? (answer as Answer) : null;
  } catch {
    return null;
  }
}

function isError(error: unknown): boolean {
  const { message, extensions } = Object(error) as Record<string, unknown>;
  const { issues, retryAfterSeconds } = Object(extensions) as Record<string, unknown>;
  const isPause = typeof retryAfterSeconds === "number" && retryAfterSeconds >= 0;
  return (
    typeof message === "string" &&
    (issues === undefined || (Array.isArray(issues) && issues.every(isIssue))) &&
    (retryAfterSeconds === undefined || isPause)
  );
}

function isIssue(issue: unknown): boolean {
  const { path, message } = Object(issue) as Record<string, unknown>;
  const isPlace = (at: unknown) => typeof at === "string" || typeof at === "number";
  return Array.isArray(path) && path.every(isPlace) && typeof message === "string";
}
