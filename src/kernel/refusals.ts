/**
 * What a caller can act on and gets as data. An action throws it inside a Refused, so that nothing of
 * the attempt remains.
 */
export abstract class DomainError {
  abstract readonly message: string;
}

/** The state machine has no such edge for this caller. */
export class IllegalTransition extends DomainError {
  readonly message = "It cannot go there from the state it is in.";
  constructor(
    readonly from: string,
    readonly allowed: readonly string[],
  ) {
    super();
  }
}

/** Neither read nor sealed over. */
export class EnvelopeReplaced extends DomainError {
  readonly message = "What lies there is not the envelope that was named.";
}

export class Refused extends Error {
  constructor(readonly refusal: DomainError) {
    super(refusal.message);
  }
}
