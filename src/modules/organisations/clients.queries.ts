import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../../platform/db/schema.ts";

const COLUMNS = [
  "id",
  "organisation_id",
  "name",
  "kind",
  "scopes",
  "revoked_at",
  "require_dpop",
] as const;

/** Of one organisation, told in its list. */
const MOST_REVOKED = 100;

export function findClients(db: Kysely<DB>, ids: readonly string[]) {
  return db
    .selectFrom("client")
    .select(COLUMNS)
    .where("id", "=", sql<string>`any(${ids}::uuid[])`)
    .execute();
}

/**
 * Of organisations whose clients the caller manages: its own, or with network:admin any. All that stand, and of the
 * revoked, which stay for good, the last.
 */
export async function findClientsOf(db: Kysely<DB>, organisationIds: readonly string[]) {
  const columns = sql.join(COLUMNS.map((name) => sql.ref(`c.${name}`)));
  const { rows } = await sql<Awaited<ReturnType<typeof findClients>>[number]>`
    select c.* from unnest(${organisationIds}::uuid[]) o
      cross join lateral (
        (select ${columns} from client c where c.organisation_id = o and c.revoked_at is null)
        union all
        (select ${columns} from client c where c.organisation_id = o and c.revoked_at is not null
          order by c.revoked_at desc limit ${MOST_REVOKED})) c
      where (select viewer_may('clients:manage', 'network:admin'))
      order by c.name
  `.execute(db);
  return rows;
}

/** Those that stand, and this one: in one order, so that two admins cannot each take away the other's last right. */
export function lockClients(tx: Transaction<DB>, organisationId: string, id: string | null) {
  return tx
    .selectFrom("client")
    .select(COLUMNS)
    .where("organisation_id", "=", organisationId)
    .where((where) => where.or([where("revoked_at", "is", null), where("id", "=", id)]))
    .orderBy("id")
    .forNoKeyUpdate()
    .execute();
}

export interface NewClient {
  readonly clientId: string;
  readonly kind: "DASHBOARD" | "BOT" | "ADMIN";
  readonly scopes: readonly string[];
  readonly requireDpop?: boolean;
}

export async function insertClient(tx: Transaction<DB>, organisationId: string, made: NewClient) {
  const { id } = await tx
    .insertInto("client")
    .values({
      organisation_id: organisationId,
      name: made.clientId,
      kind: made.kind,
      scopes: [...made.scopes],
      require_dpop: made.requireDpop ?? false,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

export async function updateClientScopes(
  tx: Transaction<DB>,
  id: string,
  scopes: readonly string[],
): Promise<void> {
  await tx
    .updateTable("client")
    .set({ scopes: [...scopes] })
    .where("id", "=", id)
    .execute();
}

export async function updateClientDpop(
  tx: Transaction<DB>,
  id: string,
  requireDpop: boolean,
): Promise<void> {
  await tx.updateTable("client").set({ require_dpop: requireDpop }).where("id", "=", id).execute();
}

export async function updateClientRevoked(tx: Transaction<DB>, id: string): Promise<void> {
  await tx
    .updateTable("client")
    .set({ revoked_at: sql`now()` })
    .where("id", "=", id)
    .execute();
}
