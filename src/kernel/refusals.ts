/**
 * What a caller can act on and gets as data. An action throws it inside a Refused, so that nothing of
 * the attempt remains.
 */
export abstract class DomainError {
  abstract readonly message: string;
}

/** The state machine has no such edge for this caller. */
export class IllegalTransition extends DomainError {
  readonly message: string;
  constructor(
    readonly from: string,
    readonly allowed: readonly string[],
    /** Where more is known than the two tell. */
    hint?: string,
  ) {
    super();
    const ways =
      allowed.length > 0
        ? `from there you can take it to ${allowed.join(" or ")}`
        : "no step of yours leads on from there";
    this.message = `It is ${from}: ${hint ?? `${ways}. Read it again before you go on.`}`;
  }
}

/** Neither read nor sealed over. */
export class EnvelopeReplaced extends DomainError {
  readonly message =
    "Nothing was done: what lies there is not the envelope that you named. Read it again, and go on from what you find.";
}

export class Refused extends Error {
  constructor(readonly refusal: DomainError) {
    super(refusal.message);
  }
}
