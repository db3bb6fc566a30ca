/**
 * What a caller can act on and gets as data. An action throws it inside a Refused, so that nothing of
 * the attempt remains.
 */
export abstract class DomainError {
  abstract readonly message: string;
}

export class CapacityExhausted extends DomainError {
  readonly message = "The beds are not free on every night of the stay.";
  constructor(readonly shelterId: string) {
    super();
  }
}

export class AdvisoryInForce extends DomainError {
  readonly message = "An advisory in force forbids this country for this risk profile.";
  constructor(readonly advisoryId: string) {
    super();
  }
}

export class KeptApart extends DomainError {
  readonly message = "One of keepApartFrom stays there in the same nights.";
  constructor(readonly shelterId: string) {
    super();
  }
}

export class IllegalTransition extends DomainError {
  readonly message = "The hold cannot go there from the state it is in.";
  constructor(
    readonly from: string,
    readonly allowed: readonly string[],
  ) {
    super();
  }
}

export class Refused extends Error {
  constructor(readonly refusal: DomainError) {
    super(refusal.message);
  }
}
