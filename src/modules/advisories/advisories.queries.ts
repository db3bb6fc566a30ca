import { type Kysely, sql, type Transaction } from "kysely";
import { lockName } from "../../platform/db/locks.ts";
import type { DB } from "../../platform/db/schema.ts";

const select = (db: Kysely<DB>) =>
  db
    .selectFrom("advisory as a")
    .select([
      "a.id",
      "a.issuer_id",
      "a.country",
      "a.risk_profiles",
      "a.level",
      "a.hazards",
      "a.effective_from",
      "a.expires_at",
      "a.withdrawn_at",
    ])
    .select(sql<number>`confirmations_of(a.id)`.as("confirmations"))
    .select(sql<boolean>`advisory_in_force(a)`.as("in_force"));

export function findAdvisories(db: Kysely<DB>, ids: readonly string[]) {
  return select(db)
    .where("a.id", "=", sql<string>`any(${ids}::uuid[])`)
    .execute();
}

/** Neither withdrawn nor lapsed; those of a later day too. */
export function listAdvisories(
  db: Kysely<DB>,
  country: string | null,
  after: string | null,
  limit: number,
) {
  return select(db)
    .where("a.withdrawn_at", "is", null)
    .where("a.expires_at", ">", sql<Date>`now()`)
    .$if(country !== null, (query) => query.where("a.country", "=", country!))
    .$if(after !== null, (query) => query.where("a.id", ">", after))
    .orderBy("a.id")
    .limit(limit)
    .execute();
}

/** The caller's, neither withdrawn nor lapsed. */
export async function countOwnAdvisories(tx: Transaction<DB>): Promise<number> {
  const { count } = await tx
    .selectFrom("advisory")
    .select(sql<number>`count(*)::integer`.as("count"))
    .where("issuer_id", "=", sql<string>`(select viewer_organisation())`)
    .where("withdrawn_at", "is", null)
    .where("expires_at", ">", sql<Date>`now()`)
    .executeTakeFirstOrThrow();
  return count;
}

/** That warn now, in force or not. */
export function findWarnings(db: Kysely<DB>, countries: readonly string[]) {
  return select(db)
    .where("a.country", "=", sql<string>`any(${countries}::text[])`)
    .where(sql<boolean>`advisory_warns(a)`)
    .orderBy("a.id")
    .execute();
}

/** The advisory in force that forbids the caller these countries for this profile, or null. */
export async function findAdvisoryAgainst(
  tx: Transaction<DB>,
  countries: readonly string[],
  riskProfile: string,
): Promise<string | null> {
  const { rows } = await sql<{ id: string | null }>`
    select advisory_against_viewer(${countries}::text[], ${riskProfile}) as id
  `.execute(tx);
  return rows[0]?.id ?? null;
}

export interface NewAdvisory {
  readonly country: string;
  readonly riskProfiles: readonly string[];
  readonly level: string;
  readonly hazards: readonly string[];
  /** Null: from now on. */
  readonly effectiveFrom: Date | null;
  readonly expiresAt: Date;
}

export async function insertAdvisory(tx: Transaction<DB>, issuer: string, made: NewAdvisory) {
  const { id } = await tx
    .insertInto("advisory")
    .values({
      issuer_id: issuer,
      country: made.country,
      risk_profiles: [...made.riskProfiles],
      level: made.level,
      hazards: [...made.hazards],
      ...(made.effectiveFrom && { effective_from: made.effectiveFrom }),
      expires_at: made.expiresAt,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/** Null: not the caller's to see. */
export async function lockAdvisory(tx: Transaction<DB>, id: string) {
  const row = await tx
    .selectFrom("advisory")
    .select(["id", "issuer_id", "country", "withdrawn_at"])
    .select(sql<boolean>`expires_at <= now()`.as("lapsed"))
    .where("id", "=", id)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row ?? null;
}

/** From the commit on it may be in force: what is being held in its country meanwhile is waited for. False: it stood before. */
export async function insertConfirmation(
  tx: Transaction<DB>,
  advisory: { readonly id: string; readonly issuer_id: string; readonly country: string },
  organisation: string,
): Promise<boolean> {
  await lockName(tx, `advisory:${advisory.country}`);
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto("advisory_confirmation")
    .values({
      advisory_id: advisory.id,
      issuer_id: advisory.issuer_id,
      organisation_id: organisation,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows! > 0n;
}

/**
 * What an advisory in force stops by now stands still, and both sides are told, as when the clock comes by: so that
 * what its end leaves to be resumed does not depend on when that was.
 */
export async function settleHandoffs(db: Kysely<DB>): Promise<void> {
  await sql`select settle_handoffs(1000)`.execute(db);
}

export async function updateWithdrawn(tx: Transaction<DB>, id: string): Promise<void> {
  await tx
    .updateTable("advisory")
    .set({ withdrawn_at: sql`now()` })
    .where("id", "=", id)
    .execute();
}
