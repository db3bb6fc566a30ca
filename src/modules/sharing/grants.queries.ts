import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../../platform/db/schema.ts";
import type { GrantTerms } from "./grants.rules.ts";

const COLUMNS = [
  "id",
  "owner_id",
  "organisation_id",
  "circle_id",
  "scopes",
  "countries",
  "valid_from",
  "valid_until",
  "revoked_at",
] as const;

export function findGrants(db: Kysely<DB>, ids: readonly string[]) {
  return db
    .selectFrom("sharing_grant")
    .select(COLUMNS)
    .where("id", "=", sql<string>`any(${ids}::uuid[])`)
    .execute();
}

/** Given: all of them, the ended too. Received: those that reach the caller now or from a later day on. */
export async function listGrants(
  db: Kysely<DB>,
  direction: "GIVEN" | "RECEIVED",
  after: string | null,
  limit: number,
) {
  const columns = sql.join(COLUMNS.map((name) => sql.ref(`g.${name}`)));
  const { rows } = await sql<Awaited<ReturnType<typeof findGrants>>[number]>`
    select ${columns} from list_grants(${direction === "RECEIVED"}, ${after}, ${limit}) g
  `.execute(db);
  return rows;
}

interface NewGrant extends GrantTerms {
  readonly ownerId: string;
  readonly organisationId: string | null;
  readonly circleId: string | null;
  /** Whom it reaches: the one organisation, or the circle's members but its owner. */
  readonly audience: readonly string[];
}

/**
 * Whether the caller's organisation is active. Whoever locks it down meanwhile waits for the end of the
 * transaction, and then takes back what it gave.
 */
export async function stands(tx: Transaction<DB>): Promise<boolean> {
  const { rows } = await sql<{ stands: boolean }>`select viewer_stands() as stands`.execute(tx);
  return rows[0]!.stands;
}

export async function insertGrant(tx: Transaction<DB>, made: NewGrant): Promise<string> {
  const grant = await tx
    .insertInto("sharing_grant")
    .values({
      owner_id: made.ownerId,
      organisation_id: made.organisationId,
      circle_id: made.circleId,
      scopes: [...made.scopes],
      countries: made.countries && [...made.countries],
      ...(made.validFrom && { valid_from: made.validFrom }),
      valid_until: made.validUntil,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  await sql`
    insert into sharing_reach
        (grant_id, organisation_id, owner_id, circle_id, scope, country, valid_from, valid_until)
      select g.id, reached, g.owner_id, g.circle_id, scope, country, g.valid_from, g.valid_until
      from sharing_grant g
      cross join unnest(${made.audience}::uuid[]) reached
      cross join unnest(g.scopes) scope
      cross join unnest(coalesce(g.countries, array[null])) country
      where g.id = ${grant.id}
  `.execute(tx);
  return grant.id;
}

/** Whether more reaches, or more grants, than so many lead to one of these from the caller, ended ones among them. */
export async function reachTooFar(
  tx: Transaction<DB>,
  audience: readonly string[],
  most: { readonly reaches: number; readonly grants: number },
): Promise<boolean> {
  const { rows } = await sql`
    select from sharing_reach
      where owner_id = (select viewer_organisation()) and organisation_id = any(${audience}::uuid[])
      group by organisation_id
      having count(*) > ${most.reaches} or count(distinct grant_id) > ${most.grants} limit 1
  `.execute(tx);
  return rows.length > 0;
}

/** Null: not the caller's own. */
export async function lockGrant(tx: Transaction<DB>, owner: string, id: string) {
  const row = await tx
    .selectFrom("sharing_grant")
    .select(COLUMNS)
    .where("id", "=", id)
    .where("owner_id", "=", owner)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row ?? null;
}

/** Whom it reached until now. */
export async function endGrant(tx: Transaction<DB>, id: string): Promise<string[]> {
  await tx
    .updateTable("sharing_grant")
    .set({ revoked_at: sql`now()` })
    .where("id", "=", id)
    .execute();
  const reached = await tx
    .deleteFrom("sharing_reach")
    .where("grant_id", "=", id)
    .returning("organisation_id")
    .execute();
  return [...new Set(reached.map((row) => row.organisation_id))];
}
