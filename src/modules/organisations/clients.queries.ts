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

export function findClients(db: Kysely<DB>, ids: readonly string[]) {
  return db
    .selectFrom("client")
    .select(COLUMNS)
    .where("id", "=", sql<string>`any(${ids}::uuid[])`)
    .execute();
}

/** Of organisations whose clients the caller manages: its own, or with network:admin any. */
export function findClientsOf(db: Kysely<DB>, organisationIds: readonly string[]) {
  return db
    .selectFrom("client")
    .select(COLUMNS)
    .where("organisation_id", "=", sql<string>`any(${organisationIds}::uuid[])`)
    .where(sql<boolean>`(select viewer_may('clients:manage', 'network:admin'))`)
    .orderBy("name")
    .execute();
}

/** In one order, so that two admins cannot each take away the other's last right. */
export function lockClients(tx: Transaction<DB>, organisationId: string) {
  return tx
    .selectFrom("client")
    .select(COLUMNS)
    .where("organisation_id", "=", organisationId)
    .orderBy("id")
    .forNoKeyUpdate()
    .execute();
}

export interface NewClient {
  readonly clientId: string;
  readonly kind: "DASHBOARD" | "BOT" | "ADMIN";
  readonly scopes: readonly string[];
  readonly requireDpop?: boolean | null | undefined;
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
