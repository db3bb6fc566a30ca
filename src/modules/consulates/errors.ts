import { DomainError } from "../../kernel/refusals.ts";

export class RevealBudgetSpent extends DomainError {
  readonly message = "The client or its organisation has revealed as much as it may in a day.";
  constructor(readonly retryAfterSeconds: number) {
    super();
  }
}
