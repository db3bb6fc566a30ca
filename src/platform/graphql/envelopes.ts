import { EnvelopeReplaced } from "../../kernel/refusals.ts";
import { builder } from "./builder.ts";
import { DomainErrorInterface } from "./refusals.ts";

builder.objectType(EnvelopeReplaced, {
  name: "EnvelopeReplaced",
  description:
    "What lies there is not what the call named: nothing was received, or sealed. Read what lies there now, and decide anew.",
  authenticated: true,
  interfaces: [DomainErrorInterface],
});

export const ReplacedEnvelopeInput = builder.inputType("ReplacedEnvelopeInput", {
  fields: (t) => ({
    digest: t.field({
      type: "EnvelopeDigest",
      description:
        "As envelopeDigest, instructionsDigest or sealed told it. Null: none lies there yet.",
    }),
  }),
});

/** Member of every input that seals something which can be sealed again. */
export const replaces = (
  t: PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, "InputObject">,
) =>
  t.field({
    type: ReplacedEnvelopeInput,
    description:
      "What the caller knows to lie there. EnvelopeReplaced where it is something else by then. Null puts this one over whatever lies there, also over what a colleague has sealed since.",
  });

/** As actions take it. */
export const replacedBy = (input: { digest?: string | null | undefined } | null | undefined) =>
  input ? { digest: input.digest ?? null } : undefined;
