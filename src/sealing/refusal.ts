/** Why an envelope, a statement or a log is not taken. Part of the public contract. */
export type SealingReason =
  | "NOT_CANONICAL"
  | "WRONG_HEADER"
  | "WRONG_SIZE"
  | "TOO_LARGE"
  | "NOT_FOR_THIS_KEY"
  | "CANNOT_DECRYPT"
  | "UNKNOWN_SIGNER"
  | "BAD_SIGNATURE"
  | "BAD_CLAIMS"
  | "BAD_PADDING"
  | "WRONG_SENDER"
  | "WRONG_AUDIENCE"
  | "WRONG_SUBJECT"
  | "NOT_YET"
  | "EXPIRED"
  | "BAD_KEY"
  | "BAD_STATEMENT"
  | "THUMBPRINT_MISMATCH"
  | "LOG_BROKEN"
  | "LOG_ROLLED_BACK"
  | "LOG_FORKED"
  | "KEY_NOT_ACTIVE"
  | "NOT_PINNED";

/** Its message names the rule and never what was sealed. */
export class SealingError extends Error {
  override readonly name = "SealingError";
  constructor(
    readonly reason: SealingReason,
    message: string,
  ) {
    super(message);
  }
}

export function demand(
  condition: boolean,
  reason: SealingReason,
  message: string,
): asserts condition {
  if (!condition) throw new SealingError(reason, message);
}
