import { type Kysely, sql, type Transaction } from "kysely";
import { lockName } from "../../platform/db/locks.ts";
import type { DB } from "../../platform/db/schema.ts";
import type { OrganisationCard } from "./organisations.queries.ts";

export function findCircles(db: Kysely<DB>, ids: readonly string[]) {
  return db
    .selectFrom("circle")
    .select(["id", "name"])
    .where("id", "=", sql<string>`any(${ids}::uuid[])`)
    .execute();
}

/** Those the caller is in; a network admin's are all. Who has left one may see it still, by what it once gave it. */
export function listCircles(db: Kysely<DB>) {
  return db
    .selectFrom("circle")
    .select(["id", "name"])
    .where(sql<boolean>`id in (select viewer_circles()) or (select viewer_may('network:admin'))`)
    .orderBy("id")
    .execute();
}

export function findMembers(db: Kysely<DB>, circleIds: readonly string[]) {
  return db
    .selectFrom("circle_member")
    .select(["circle_id", "organisation_id"])
    .where("circle_id", "=", sql<string>`any(${circleIds}::uuid[])`)
    .orderBy("organisation_id")
    .execute();
}

/** Of circles that the caller may see, also where nothing but a grant to one ties it to the steward. */
export async function findStewards(db: Kysely<DB>, circleIds: readonly string[]) {
  const { rows } = await sql<OrganisationCard & { readonly circle_id: string }>`
    select * from stewards_of(${circleIds}::uuid[])
  `.execute(db);
  return rows;
}

/** For one more: of two that count, the second waits here. A network admin's are all. */
export async function countCircles(tx: Transaction<DB>): Promise<number> {
  await lockName(tx, "circles");
  const { count } = await tx
    .selectFrom("circle")
    .select(sql<number>`count(*)::integer`.as("count"))
    .executeTakeFirstOrThrow();
  return count;
}

export async function insertCircle(tx: Transaction<DB>, name: string, steward: string) {
  const { id } = await tx
    .insertInto("circle")
    .values({ name, steward_id: steward })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/** Until the transaction ends no member joins or leaves. Null: not the caller's to see. */
export async function lockCircle(tx: Transaction<DB>, id: string, to: "count" | "change") {
  const row = await tx
    .selectFrom("circle")
    .select("steward_id")
    .where("id", "=", id)
    .$call((query) => (to === "count" ? query.forShare() : query.forNoKeyUpdate()))
    .executeTakeFirst();
  return row ?? null;
}

/** Of grants to the circle, those that end for these members when they leave it. */
export async function findGrantsReaching(
  tx: Transaction<DB>,
  circle: string,
  members: readonly string[],
) {
  const { rows } = await sql<{ grant_id: string; owner_id: string; organisation_id: string }>`
    select * from grants_reaching(${circle}, ${members}::uuid[])
  `.execute(tx);
  return rows;
}

/** Grants that reached the leavers through the circle end with their membership. */
export async function replaceMembers(
  tx: Transaction<DB>,
  circle: string,
  joining: readonly string[],
  leaving: readonly string[],
): Promise<void> {
  if (joining.length > 0) {
    await tx
      .insertInto("circle_member")
      .values(joining.map((organisation_id) => ({ circle_id: circle, organisation_id })))
      .execute();
  }
  if (leaving.length > 0) {
    await tx
      .deleteFrom("circle_member")
      .where("circle_id", "=", circle)
      .where("organisation_id", "=", sql<string>`any(${leaving}::uuid[])`)
      .execute();
  }
}
