import { type Kysely, sql } from "kysely";
import type { DB } from "../../platform/db/schema.ts";

export function findOrganisations(db: Kysely<DB>, ids: readonly string[]) {
  return db
    .selectFrom("organisation")
    .select(["id", "handle", "status", "identity_thumbprint"])
    .where("id", "=", sql<string>`any(${ids}::uuid[])`)
    .execute();
}

export function findClients(db: Kysely<DB>, ids: readonly string[]) {
  return db
    .selectFrom("client")
    .select(["id", "name", "kind", "scopes", "revoked_at"])
    .where("id", "=", sql<string>`any(${ids}::uuid[])`)
    .execute();
}
