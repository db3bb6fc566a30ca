import { type Kysely, sql } from "kysely";
import type { DB } from "../../platform/db/schema.ts";
import type { Place } from "../../platform/streams/cursors.ts";

interface EventRow extends Place {
  readonly kind: string;
  readonly subject_type: string;
  readonly subject_id: string;
  readonly at: Date;
}

/** In the order in which they were settled. Null: what followed the place is no longer kept. */
export async function listEvents(
  db: Kysely<DB>,
  after: Place | null,
  kinds: readonly string[] | null,
  limit: number,
): Promise<EventRow[] | null> {
  const { transaction, position } = after ?? { transaction: "0", position: "0" };
  const { rows } = await sql<EventRow & { is_kept: boolean; transaction: string | null }>`
    select is_kept, transaction_id::text as transaction, "position"::text as position, kind,
        subject_type, subject_id, at
      from read_events(${transaction}::xid8, ${position}::bigint, ${kinds}::text[], ${limit}::integer)
  `.execute(db);
  if (after && !rows[0]?.is_kept) return null;
  return rows.filter((row) => row.transaction !== null);
}
