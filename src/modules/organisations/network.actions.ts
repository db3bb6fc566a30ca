import type { Session } from "../../platform/db/session.ts";
import type { Keyed } from "../../platform/db/writes.ts";
import { updateNetworkStatus } from "./network.queries.ts";

export type NetworkStatus = "ACTIVE" | "LOCKED_DOWN";

/** Locked down, nobody is let in but network admins, and they with network:admin alone. */
export async function setNetworkStatus(
  session: Session,
  input: Keyed & { readonly status: NetworkStatus },
): Promise<NetworkStatus> {
  const id = session.organisationId;
  const operation = { name: "setNetworkStatus", scope: "network:admin" } as const;
  await session.write(operation, input, async (tx) => {
    await updateNetworkStatus(tx, input.status);
    const change = { event: "ORGANISATION_CHANGED", type: "Organisation", id, owner: id };
    return { result: {}, changes: [change] };
  });
  return input.status;
}
