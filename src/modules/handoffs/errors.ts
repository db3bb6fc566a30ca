import { DomainError } from "../../kernel/refusals.ts";

export class AlreadyAccepted extends DomainError {
  readonly message = "Another candidate has accepted it.";
}

export class EnvelopeReplaced extends DomainError {
  readonly message = "Another envelope lies there than the one that was read.";
}
