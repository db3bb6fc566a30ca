import { DomainError } from "../../kernel/refusals.ts";

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
