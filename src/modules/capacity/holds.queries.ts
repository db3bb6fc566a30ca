import { CompiledQuery, type Kysely, sql, type Transaction } from "kysely";
import type { Statement } from "../../platform/db/pipeline.ts";
import type { DB } from "../../platform/db/schema.ts";
import { cardOf } from "../organisations/index.ts";

export interface Stay {
  readonly shelterId: string;
  readonly beds: number;
  readonly checkIn: string;
  readonly checkOut: string;
}

export interface FoundHold {
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
  return rows.map(heldOf);
}

export function heldOf(row: FoundHold) {
  const { id, holder_id, host_id, expires_at, status } = row;
  const holder = cardOf(holder_id, row.holder_handle, row.holder_status, row.holder_thumbprint);
  const host = cardOf(host_id, row.host_handle, row.host_status, row.host_thumbprint);
  return { id, holder_id, host_id, expires_at, status, holder, host };
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

/**
 * Frees what is past its time at these shelters, as far as the caller sees them, so that a hold placed next can
 * have it. How many it freed.
 */
export async function settleOverdueHolds(db: Kysely<DB>, shelterIds: readonly string[]) {
  const { rows } = await sql<{ freed: number }>`
    select settle_overdue_holds(array(select id from shelter where id = any(${shelterIds}::uuid[])), 1000) as freed
  `.execute(db);
  return rows[0]!.freed;
}

/** All that is taken, or why not. */
export interface Taking {
  readonly id: string;
  readonly ttlMinutes: number;
  readonly riskProfile: string;
  readonly caseReference: string | null;
  readonly stays: readonly Stay[];
  /** Own references and holds to keep apart from. */
  readonly references: readonly string[];
  readonly holds: readonly string[];
}

/** Beds at every stay, or it raises; `recorded` too, for a transaction that does nothing else. */
export function takeBeds(hold: Taking, recorded?: { action: string; scope: string }): Statement {
  const { id, ttlMinutes, riskProfile, caseReference, stays, references, holds } = hold;
  const values = [
    id,
    ttlMinutes,
    riskProfile,
    caseReference,
    stays.map(({ shelterId }) => shelterId),
    stays.map(({ beds }) => beds),
    stays.map(({ checkIn }) => checkIn),
    stays.map(({ checkOut }) => checkOut),
    references,
    holds,
  ];
  const from = "from take_beds($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) t";
  if (!recorded) return { text: `select t.* ${from}`, values };
  const change = `jsonb_build_object('event', 'BED_HOLD_CHANGED', 'type', 'BedHold', 'id', t.id,
    'owner', t.host_id, 'party', t.holder_id)`;
  return {
    text: `select t.*, record_changes($11, $12, jsonb_build_array(${change})) ${from}`,
    values: [...values, recorded.action, recorded.scope],
  };
}

/** As takeBeds, within a transaction that does more. */
export async function takeBedsWithin(tx: Transaction<DB>, hold: Taking): Promise<FoundHold> {
  const { text, values } = takeBeds(hold);
  const { rows } = await tx.executeQuery<FoundHold>(CompiledQuery.raw(text, [...values]));
  return rows[0]!;
}

/** The state it was found in; moved if that is one of `from`. Null: not the caller's to move, and nothing was locked. */
export async function moveHold(
  tx: Transaction<DB>,
  id: string,
  from: readonly string[],
  to: string,
) {
  const { rows } = await sql<{ holder_id: string; host_id: string; was: string }>`
    select m.* from bed_hold h cross join lateral move_hold(h.id, ${from}, ${to}) m where h.id = ${id}
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
