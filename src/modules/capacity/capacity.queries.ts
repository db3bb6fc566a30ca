import { type Kysely, sql, type Transaction } from "kysely";
import { BadUserInput } from "../../kernel/errors.ts";
import type { DB } from "../../platform/db/schema.ts";
import { faultsOfStay } from "./capacity.rules.ts";

export interface BedSearch {
  readonly country: string;
  readonly locality: string | null;
  readonly checkIn: string;
  /** Exclusive. */
  readonly checkOut: string;
  readonly beds: number;
  readonly features: readonly string[];
}
export interface Stay {
  readonly shelterId: string;
  readonly beds: number;
  readonly checkIn: string;
  readonly checkOut: string;
}

/** @throws BadUserInput. In order of id, after `after`; one statement whatever the data. */
export async function searchBeds(
  db: Kysely<DB>,
  search: BedSearch,
  after: string | null,
  limit: number,
) {
  const faults = faultsOfStay(search, new Date().toISOString().slice(0, 10));
  if (faults.length > 0) {
    throw new BadUserInput(
      faults.map(({ path, message }) => ({ path: ["search", ...path], message })),
    );
  }
  const { rows } = await sql<{ shelter_id: string; band: string; beds: number | null }>`
    select * from search_beds(${search.country}, ${search.locality}, ${search.features},
      ${search.checkIn}, ${search.checkOut}, ${search.beds}, ${after}, ${limit})
  `.execute(db);
  return rows;
}

/** As it is now: a hold past its time is EXPIRED, whether or not the clock has tidied it. */
export function findHolds(db: Kysely<DB>, ids: readonly string[]) {
  return db
    .selectFrom("bed_hold")
    .select(["id", "holder_id", "host_id", "expires_at"])
    .select(sql<string>`hold_status(status, expires_at, ends_on)`.as("status"))
    .where("id", "=", sql<string>`any(${ids}::uuid[])`)
    .execute();
}

/** Own holds as holder or as host, in order of id; statuses as they are now, null: every one. */
export function listHolds(
  db: Kysely<DB>,
  of: {
    readonly side: "HOLDER" | "HOST";
    readonly organisationId: string;
    readonly statuses: readonly string[] | null;
  },
  after: string | null,
  limit: number,
) {
  const status = sql<string>`hold_status(status, expires_at, ends_on)`;
  return db
    .selectFrom("bed_hold")
    .select(["id", "holder_id", "host_id", "expires_at"])
    .select(status.as("status"))
    .where(of.side === "HOLDER" ? "holder_id" : "host_id", "=", of.organisationId)
    .$if(of.statuses !== null, (query) =>
      query.where(sql<boolean>`${status} = any(${of.statuses})`),
    )
    .$if(after !== null, (query) => query.where("id", ">", after))
    .orderBy("id")
    .limit(limit)
    .execute();
}

export function findStays(db: Kysely<DB>, holdIds: readonly string[]) {
  return db
    .selectFrom("bed_stay")
    .select(["hold_id", "shelter_id", "beds", "check_in", "check_out"])
    .where("hold_id", "=", sql<string>`any(${holdIds}::uuid[])`)
    .orderBy("hold_id")
    .orderBy("position")
    .execute();
}

/** Frees what is past its time at these shelters, so that a hold placed next can have it. */
export async function settleOverdueHolds(db: Kysely<DB>, shelterIds: readonly string[]) {
  await sql`select settle_overdue_holds(${shelterIds}::uuid[], 1000)`.execute(db);
}

/** Every bed of every stay or, with `exhausted_id` set, a transaction to roll back. */
export async function placeHold(
  tx: Transaction<DB>,
  hold: { readonly id: string; readonly ttlMinutes: number; readonly stays: readonly Stay[] },
) {
  const { rows } = await sql<{ host_id: string; exhausted_id: string | null }>`
    select * from place_hold(${hold.id}, now() + make_interval(mins => ${hold.ttlMinutes}), null,
      ${JSON.stringify(hold.stays)})
  `.execute(tx);
  return rows[0] ?? null;
}

/** The state it was found in; moved if that is one of `from`. Null: not the caller's to move. */
export async function moveHold(
  tx: Transaction<DB>,
  id: string,
  from: readonly string[],
  to: string,
) {
  const { rows } = await sql<{ holder_id: string; host_id: string; was: string }>`
    select * from move_hold(${id}, ${from}, ${to})
  `.execute(tx);
  return rows[0] ?? null;
}
