import type { Transaction } from "kysely";
import type { DB } from "../../platform/db/schema.ts";

export async function updateNetworkStatus(tx: Transaction<DB>, status: string): Promise<void> {
  await tx.updateTable("network").set({ status }).where("status", "<>", status).execute();
}
