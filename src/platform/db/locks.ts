import { sql, type Transaction } from "kysely";
import type { DB } from "./schema.ts";

/** Of several transactions that name the same, one goes on until its end, and the next sees all of it. */
export async function lockName(tx: Transaction<DB>, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(tx);
}

/** Several that share it go on at once; whoever locks it waits for them all. */
export async function shareName(tx: Transaction<DB>, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(hashtextextended(${name}, 0))`.execute(tx);
}
