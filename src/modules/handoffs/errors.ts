import { DomainError } from "../../kernel/refusals.ts";

export class AlreadyAccepted extends DomainError {
  readonly message =
    "Another candidate has accepted it: it is theirs now. Release what beds you hold for it.";
}
