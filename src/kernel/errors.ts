/**
 * The closed list of error codes that leave this process as `extensions.code`.
 * Adding one is a change of the public contract; a message never carries input, SQL or a row.
 */
export const ERROR_CODES = [
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "NOT_FOUND",
  "BAD_USER_INPUT",
  "IDEMPOTENCY_MISMATCH",
  "RATE_LIMITED",
  "LIMIT_EXCEEDED",
  "UNAVAILABLE",
  "INTERNAL",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Where an input is wrong: the path from the argument's root, and what would be right. */
export interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** An error the caller may see. Anything that is not one leaves as INTERNAL, without its message. */
export abstract class WayhouseError extends Error {
  abstract readonly code: ErrorCode;
  /** Further members of `extensions`, beside `code`. */
  get details(): Readonly<Record<string, unknown>> {
    return {};
  }
}

/** No token, or one that opens nothing. The reason is never told: it would help only whoever forged it. */
export class Unauthenticated extends WayhouseError {
  readonly code = "UNAUTHENTICATED";
  constructor(options?: ErrorOptions) {
    super("A valid access token is required.", options);
  }
}

/** A scope of the caller's own is missing. Says nothing of what the operation would have touched. */
export class Forbidden extends WayhouseError {
  readonly code = "FORBIDDEN";
  constructor() {
    super("The caller lacks a scope that this operation requires.");
  }
}

/** Missing, foreign, deleted or not shared: one answer, to the byte. */
export class NotFound extends WayhouseError {
  readonly code = "NOT_FOUND";
  constructor() {
    super("Nothing with this id is shared with the caller.");
  }
}

export class BadUserInput extends WayhouseError {
  readonly code = "BAD_USER_INPUT";
  constructor(readonly issues: readonly Issue[]) {
    super("The input is not valid.");
  }
  override get details() {
    return { issues: this.issues };
  }
}

/** @throws BadUserInput if there is an issue */
export function refuse(issues: readonly Issue[]): void {
  if (issues.length > 0) throw new BadUserInput(issues);
}

/** The idempotency key was used by this client before, for another operation or another input. */
export class IdempotencyMismatch extends WayhouseError {
  readonly code = "IDEMPOTENCY_MISMATCH";
  constructor() {
    super(
      "This idempotency key was used before with another input, whose effect stands. Use a new key for a new intention.",
    );
  }
}

/** Too much in too short a time; nothing happened, and the same again may be sent once that has passed. */
export class RateLimited extends WayhouseError {
  readonly code = "RATE_LIMITED";
  constructor(
    /** At least 1. */
    readonly retryAfterSeconds: number,
  ) {
    super(
      `Too many of these in too short a time: nothing was done. Send the same again in ${retryAfterSeconds} s.`,
    );
  }
  override get details() {
    return { retryAfterSeconds: this.retryAfterSeconds };
  }
}

/** A bound of the API itself: size, depth, cost, length of a list. */
export class LimitExceeded extends WayhouseError {
  readonly code = "LIMIT_EXCEEDED";
}

/** The caller may try the same again, with the same idempotency key. */
export class Unavailable extends WayhouseError {
  readonly code = "UNAVAILABLE";
  constructor(options?: ErrorOptions) {
    super("The service cannot answer now; retry with the same idempotency key.", options);
  }
}
