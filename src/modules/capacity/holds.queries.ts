import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../../platform/db/schema.ts";
import { cardOf } from "../organisations/index.ts";

export interface Stay {
  readonly shelterId: string;
  readonly beds: number;
  readonly checkIn: string;
  readonly checkOut: string;
}

interface FoundHold {
  readonly id: string;
  readonly holder_id: string;
  readonly host_id: string;
  readonly expires_at: Date | null;
  readonly status: string;
  readonly holder_handle: string;
  readonly holder_status: string;
  readonly holder_thumbprint: string;
  readonly host_handle: string;
  readonly host_status: string;
  readonly host_thumbprint: string;
}

/** As it is now, with its two sides: a hold past its time is EXPIRED, whether or not the clock has tidied it. */
export async function findHolds(db: Kysely<DB>, ids: readonly string[]) {
  const { rows } = await sql<FoundHold>`select * from read_holds(${ids}::uuid[])`.execute(db);
  return rows.map((row) => {
    const { id, holder_id, host_id, expires_at, status } = row;
    const holder = cardOf(holder_id, row.holder_handle, row.holder_status, row.holder_thumbprint);
    const host = cardOf(host_id, row.host_handle, row.host_status, row.host_thumbprint);
    return { id, holder_id, host_id, expires_at, status, holder, host };
  });
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

/** Frees what is past its time at these shelters, so that a hold placed next can have it. How many it freed. */
export async function settleOverdueHolds(db: Kysely<DB>, shelterIds: readonly string[]) {
  const { rows } = await sql<{ freed: number }>`
    select settle_overdue_holds(${shelterIds}::uuid[], 1000) as freed
  `.execute(db);
  return rows[0]!.freed;
}

/** Those of these where the caller may hold beds. */
export async function findSheltersToHold(tx: Transaction<DB>, ids: readonly string[]) {
  const { rows } = await sql<{ id: string; owner_id: string; max_stay_nights: number | null }>`
    select id, owner_id, max_stay_nights from shelters_to_hold(${ids}::uuid[])
  `.execute(tx);
  return rows;
}

/** The first advisory in force against this profile where one of the shelters stands, or null. */
export async function findAdvisoryAt(
  tx: Transaction<DB>,
  shelterIds: readonly string[],
  riskProfile: string,
): Promise<string | null> {
  const { rows } = await sql<{ id: string | null }>`
    select advisory_against_viewer(
      array(select s.country from shelters_to_hold(${shelterIds}::uuid[]) s), ${riskProfile}) as id
  `.execute(tx);
  return rows[0]!.id;
}

/** Every bed of every stay or, with `exhausted_id` set, a transaction to roll back. */
export async function placeHold(
  tx: Transaction<DB>,
  hold: {
    readonly id: string;
    readonly ttlMinutes: number;
    readonly caseReference: string | null;
    readonly stays: readonly Stay[];
  },
) {
  const { rows } = await sql<{ host_id: string; exhausted_id: string | null }>`
    select * from place_hold(${hold.id}, now() + make_interval(mins => ${hold.ttlMinutes}),
      ${hold.caseReference}, ${JSON.stringify(hold.stays)})
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

/** The holder's own references of its holds; of another's holds none. */
export function findReferences(db: Kysely<DB>, holdIds: readonly string[]) {
  return db
    .selectFrom("bed_hold_reference")
    .select(["hold_id", "case_reference"])
    .where("hold_id", "=", sql<string>`any(${holdIds}::uuid[])`)
    .execute();
}

/** The caller's own holds for these references of its own. */
export async function findHoldsOf(db: Kysely<DB>, references: readonly string[]) {
  return db
    .selectFrom("bed_hold_reference as r")
    .innerJoin("bed_hold as h", "h.id", "r.hold_id")
    .select(["r.case_reference", "h.id", "h.holder_id", "h.host_id", "h.expires_at"])
    .select(sql<string>`hold_status(h.status, h.expires_at, h.ends_on)`.as("status"))
    .where("r.holder_id", "=", sql<string>`(select viewer_organisation())`)
    .where("r.case_reference", "=", sql<string>`any(${references}::uuid[])`)
    .orderBy("h.id")
    .execute();
}

/** Of two holds that name each other's cases one waits here for the other. Always in one order. */
export async function lockReferences(
  tx: Transaction<DB>,
  organisation: string,
  references: readonly string[],
): Promise<void> {
  await sql`
    select pg_advisory_xact_lock(hashtextextended('case:' || ${organisation}::text || ':' || r.id, 0))
    from (select distinct id from unnest(${references}::text[]) id order by id) r
  `.execute(tx);
}

/** The first of the shelters where one of these own cases or holds stays in the same nights, or null. */
export async function findKeptApart(
  tx: Transaction<DB>,
  stays: readonly Stay[],
  from: { readonly references: readonly string[]; readonly holds: readonly string[] },
): Promise<string | null> {
  const { rows } = await sql<{ shelter_id: string }>`
    select s.shelter_id
      from jsonb_array_elements(${JSON.stringify(stays)}::jsonb) with ordinality as i (stay, position)
      join bed_stay s on s.holder_id = (select viewer_organisation())
        and s.shelter_id = (i.stay ->> 'shelterId')::uuid
        and s.check_in < (i.stay ->> 'checkOut')::date and s.check_out > (i.stay ->> 'checkIn')::date
      join bed_hold h on h.id = s.hold_id
      left join bed_hold_reference r on r.hold_id = h.id
      where (h.id = any(${from.holds}::uuid[]) or r.case_reference = any(${from.references}::uuid[]))
        and hold_status(h.status, h.expires_at, h.ends_on) in ('HELD', 'CONFIRMED')
      order by i.position limit 1
  `.execute(tx);
  return rows[0]?.shelter_id ?? null;
}

/** For the holder alone. */
export function findInstructions(db: Kysely<DB>, holdIds: readonly string[]) {
  return db
    .selectFrom("bed_hold_instruction")
    .select(["hold_id", "envelope"])
    .where("hold_id", "=", sql<string>`any(${holdIds}::uuid[])`)
    .execute();
}

/** Null: the caller is not its host. */
export async function lockHostedHold(tx: Transaction<DB>, id: string) {
  const { rows } = await sql<{ holder_id: string; status: string }>`
    select * from lock_hosted_hold(${id})
  `.execute(tx);
  return rows[0] ?? null;
}

export async function putInstructions(tx: Transaction<DB>, id: string, envelope: string) {
  await sql`select put_instructions(${id}, ${envelope})`.execute(tx);
}
