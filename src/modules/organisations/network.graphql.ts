import { builder, idempotencyKey } from "../../platform/graphql/builder.ts";
import { setNetworkStatus } from "./network.actions.ts";

const NetworkStatus = builder.enumType("NetworkStatus", {
  values: {
    ACTIVE: {},
    LOCKED_DOWN: {
      description:
        "Nobody is let in but network admins, and they with NETWORK_ADMIN alone: to see what was touched (blastRadius), to suspend by whom, and to open it again.",
    },
  } as const,
});

const SetNetworkStatusInput = builder.inputType("SetNetworkStatusInput", {
  fields: (t) => ({
    idempotencyKey: idempotencyKey(t),
    status: t.field({ type: NetworkStatus, required: true }),
  }),
});
builder.mutationField("setNetworkStatus", (t) =>
  t.field({
    type: NetworkStatus,
    description:
      "The panic button of the whole network: from its reply on every token but a network admin's opens nothing, and every stream ends, on every replica. Nothing is deleted, and beds stay held.",
    requiresScopes: [["network:admin"]],
    args: { input: t.arg({ type: SetNetworkStatusInput, required: true }) },
    resolve: (_, { input }, { session }) => setNetworkStatus(session, input),
  }),
);
