import { CompiledQuery, type Kysely, sql, type Transaction } from "kysely";
import type { Statement } from "../../platform/db/pipeline.ts";
import type { DB } from "../../platform/db/schema.ts";
import type { BedHoldStatus } from "./capacity.rules.ts";
import {
  cardColumns,
  digestIn,
  type OrganisationRef,
  type Sealing,
} from "../organisations/index.ts";

export interface Stay {
  readonly shelterId: string;
  readonly beds: number;
  readonly checkIn: string;
  readonly checkOut: string;
}

/** A hold as the schema names it; the instant as the database spells it. */
export interface HoldRow {
  readonly id: string;
  readonly holder: OrganisationRef;
  readonly host: OrganisationRef;
  readonly status: BedHoldStatus;
  /** Null once confirmed. */
  readonly expiresAt: string | null;
}
/** All of it, of what tells the two sides with it, named t. */
const TOLD = `t.id, t.status, t.expires_at::text as "expiresAt", ${cardColumns("holder", "t.holder")},
  ${cardColumns("host", "t.host")}`;
/** All of it, of a hold named h: a hold past its time is EXPIRED, whether or not the clock has tidied it. */
const statusNow = sql`hold_status(h.status, h.expires_at, h.ends_on)`;
const columns = sql`h.id, h.holder_id as "holder.id", h.host_id as "host.id", ${statusNow} as status,
  h.expires_at::text as "expiresAt"`;

/** As they are now, with their two sides. */
export async function findHolds(db: Kysely<DB>, ids: readonly string[]) {
  const { rows } = await sql<HoldRow>`
    select ${sql.raw(TOLD)} from read_holds(${ids}::uuid[]) t
  `.execute(db);
  return rows;
}

/** Own holds as holder or as host, in order of id; statuses as they are now, null: every one. */
export async function listHolds(
  db: Kysely<DB>,
  of: { readonly side: "HOLDER" | "HOST"; readonly statuses: readonly string[] | null },
  after: string | null,
  limit: number,
) {
  const { rows } = await sql<HoldRow>`
    select ${columns} from list_holds(${of.side === "HOST"}, ${of.statuses}, ${after}, ${limit}) h
  `.execute(db);
  return rows;
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
  if (!recorded) return { text: `select ${TOLD} ${from}`, values };
  const change = `jsonb_build_object('event', 'BED_HOLD_CHANGED', 'type', 'BedHold', 'id', t.id,
    'owner', t.host_id, 'party', t.holder_id)`;
  return {
    text: `select ${TOLD}, record_changes($11, $12, jsonb_build_array(${change})) ${from}`,
    values: [...values, recorded.action, recorded.scope],
  };
}

/** As takeBeds, within a transaction that does more. */
export async function takeBedsWithin(tx: Transaction<DB>, hold: Taking): Promise<HoldRow> {
  const { text, values } = takeBeds(hold);
  const { rows } = await tx.executeQuery<HoldRow>(CompiledQuery.raw(text, [...values]));
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

/** The caller's own holds for these references of its own; of each at most so many. */
export async function findHoldsOf(db: Kysely<DB>, references: readonly string[], most: number) {
  const { rows } = await sql<HoldRow & { readonly case_reference: string }>`
    select ${columns}, r.case_reference
      from unnest(${references}::uuid[]) c (reference)
      cross join lateral (
        select r.hold_id, r.case_reference from bed_hold_reference r
          where r.holder_id = (select viewer_organisation()) and r.case_reference = c.reference
          limit ${most}) r
      join bed_hold h on h.id = r.hold_id
      order by h.id
  `.execute(db);
  return rows;
}

/** For the holder alone. */
export function findInstructions(db: Kysely<DB>, holdIds: readonly string[]) {
  return db
    .selectFrom("bed_hold_instruction")
    .select(["hold_id", "envelope"])
    .where("hold_id", "=", sql<string>`any(${holdIds}::uuid[])`)
    .execute();
}

/** SHA-256 of what the caller has sealed, where it still lies there. */
export async function findSealedInstructions(db: Kysely<DB>, holdIds: readonly string[]) {
  const { rows } = await sql<{ hold_id: string; digest: Buffer }>`
    select hold_id, digest from sealed_instructions(${holdIds}::uuid[])
  `.execute(db);
  return rows;
}

/** Those whose instructions are sealed to a retired key. */
export async function findInstructionsToRetiredKeys(db: Kysely<DB>, holdIds: readonly string[]) {
  const { rows } = await sql<{ hold_id: string; retired_at: Date }>`
    select hold_id, retired_at from instructions_to_retired_keys(${holdIds}::uuid[])
  `.execute(db);
  return rows;
}

/** Null: the caller is not its host. */
export async function lockHostedHold(tx: Transaction<DB>, id: string) {
  const { rows } = await sql<{ holder_id: string; status: string }>`
    select * from lock_hosted_hold(${id})
  `.execute(tx);
  return rows[0] ?? null;
}

/** False: what lies there is not what they replace. */
export async function replaceInstructions(
  tx: Transaction<DB>,
  id: string,
  { envelope, replaces }: Pick<Sealing, "envelope" | "replaces">,
): Promise<boolean> {
  const { rows } = await sql<{ put: boolean }>`
    select replace_instructions(${id}, ${envelope}, ${replaces !== undefined}, ${digestIn(replaces)}) as put
  `.execute(tx);
  return rows[0]!.put;
}
