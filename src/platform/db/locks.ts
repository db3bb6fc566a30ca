import { sql, type Transaction } from "kysely";
import type { DB } from "./schema.ts";

/*
 * What waits for another transaction is locked in this order, here and in the database's functions, so that no two wait
 * for one another. Who takes a lock out of it finds a deadlock: PostgreSQL ends it after a second, and writes.ts begins anew.
 *
 *  1. the idempotency key, and the budget that the call is counted against
 *  2. what only its own organisation takes, one of them in a call: shelters:, contacts: or a contact, keys: of its own log,
 *     its clients in order of id and then the budget that is kept for what lets one do more, introductions:, reveal:
 *  3. the row of the organisation whose status is set; standing: of the sides, in order of id
 *  4. a circle
 *  5. grants, in order of id; then what they reach
 *  6. an advisory
 *  7. handoffs, in order of id; then what belongs to them
 *  8. advisory: of countries, in order
 *  9. case: of references, in order
 * 10. holds, in order of id; then keys: of who is sealed to, shared
 * 11. a shelter; then nights, in order of shelter and night
 * 12. the table of acquaintances, and acquaintance for two that were not
 * 13. audit chains, in order of id: all that the transaction appends to at once, and after them nothing
 *
 * Foreign keys wait for nothing here: what they name is neither deleted nor given another key while calls name it. What the
 * jobs find locked they pass by, until nights, acquaintances and chains.
 */

/** Of several transactions that name the same, one goes on until its end, and the next sees all of it. */
export async function lockName(tx: Transaction<DB>, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(tx);
}

/** Several that share it go on at once; whoever locks it waits for them all. */
export async function shareName(tx: Transaction<DB>, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(hashtextextended(${name}, 0))`.execute(tx);
}
