import { builder, idempotencyKey } from "../../platform/graphql/builder.ts";
import { Organisation } from "./organisations.graphql.ts";
import { revokeToken } from "./tokens.actions.ts";

const RevokeTokenInput = builder.inputType("RevokeTokenInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    jti: t.string({
      required: true,
      description: "The token's own id (RFC 7519): 16 to 128 visible ASCII characters.",
    }),
  }),
});
builder.mutationField("revokeToken", (t) =>
  t.field({
    type: Organisation,
    description:
      "From the commit on this one access token of the caller's own organisation opens nothing, known or not. Answers with the organisation.",
    requiresScopes: [["clients:manage"]],
    args: { input: t.arg({ type: RevokeTokenInput, required: true }) },
    resolve: (_, { input }, { session }) => revokeToken(session, input),
  }),
);
