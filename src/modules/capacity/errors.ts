import { DomainError } from "../../kernel/refusals.ts";

export class CapacityExhausted extends DomainError {
  readonly message =
    "Nothing is held: so many beds are not free on every night of the stay. Search again, or ask for fewer beds or other nights.";
  constructor(readonly shelterId: string) {
    super();
  }
}

export class AdvisoryInForce extends DomainError {
  readonly message =
    "Nothing was done: an advisory in force closes this country to this risk profile. Choose another country, or wait until it ends.";
  constructor(readonly advisoryId: string) {
    super();
  }
}

export class KeptApart extends DomainError {
  readonly message =
    "Nothing is held: one of keepApartFrom stays there in the same nights. Choose another shelter, or other nights.";
  constructor(readonly shelterId: string) {
    super();
  }
}
