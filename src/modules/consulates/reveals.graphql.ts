import { builder, idempotencyKey } from "../../platform/graphql/builder.ts";
import { ENVELOPE_COST } from "../../platform/graphql/costs.ts";
import { present } from "../../platform/graphql/loader.ts";
import { DomainErrorInterface, orRefusal, refusalOr } from "../../platform/graphql/refusals.ts";
import { type Reveal, revealConsulateContact } from "./consulates.actions.ts";
import { ConsulateContact, loadContact } from "./consulates.graphql.ts";
import { RevealBudgetSpent } from "./errors.ts";

const RevealPurpose = builder.enumType("RevealPurpose", {
  values: ["VISA_APPLICATION", "TRAVEL_DOCUMENT", "DETENTION", "LEGAL_DEFENCE"] as const,
});
const ConsulateReveal = builder.objectRef<Reveal>("ConsulateReveal");
ConsulateReveal.implement({
  authenticated: true,
  fields: (t) => ({
    contact: t.field({
      type: ConsulateContact,
      resolve: ({ contactId }, _, { session }) => present(loadContact(session, contactId)),
    }),
    envelope: t.field({
      type: "SealedEnvelope",
      nullable: true,
      complexity: ENVELOPE_COST,
      description:
        "Null while the owner has yet to seal it to an active key of the caller; an event tells when it has. Null while its programme is CLOSED.",
      resolve: ({ envelope }) => envelope,
    }),
  }),
});
builder.objectType(RevealBudgetSpent, {
  name: "RevealBudgetSpent",
  authenticated: true,
  interfaces: [DomainErrorInterface],
  description: "Nothing was revealed.",
  fields: (t) => ({
    retryAfterSeconds: t.exposeInt("retryAfterSeconds", { description: "At least 1." }),
  }),
});
const RevealConsulateContactResult = builder.unionType("RevealConsulateContactResult", {
  types: [ConsulateReveal, RevealBudgetSpent],
  resolveType: refusalOr("ConsulateReveal"),
});
const RevealConsulateContactInput = builder.inputType("RevealConsulateContactInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    id: t.id({ required: true }),
    purpose: t.field({ type: RevealPurpose, required: true }),
  }),
});
builder.mutationField("revealConsulateContact", (t) =>
  t.field({
    type: RevealConsulateContactResult,
    description:
      "At most 20 a client and 60 an organisation in 24 hours. Written into both audit chains before it is answered. NOT_FOUND for the caller's own. Of one whose programme is CLOSED nothing is revealed, spent or written. Called again under its key within 24 hours it spends nothing more and tells the envelope that lies there by then; later, none.",
    requiresScopes: [["consulates:reveal"]],
    args: { input: t.arg({ type: RevealConsulateContactInput, required: true }) },
    resolve: (_, { input }, { session }) =>
      orRefusal(() => revealConsulateContact(session, input), RevealBudgetSpent),
  }),
);
