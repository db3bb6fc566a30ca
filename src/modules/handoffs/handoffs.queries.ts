import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { DB } from "../../platform/db/schema.ts";
import { cardOf } from "../organisations/index.ts";
import type { HandoffFacts, HandoffStatus, Priority } from "./handoffs.rules.ts";
import { inMs } from "./offers.queries.ts";

const statusNow = sql<HandoffStatus>`handoff_status(h, (select closed_countries()), (select inactive_organisations()))`;
const select = (db: Kysely<DB>) =>
  db
    .selectFrom("handoff as h")
    .selectAll("h")
    .select(statusNow.as("status_now"))
    .select(
      sql<boolean>`h.recipient_id is null and h.sender_id <> viewer_organisation()`.as(
        "as_candidate",
      ),
    );

export function findHandoffs(db: Kysely<DB>, ids: readonly string[]) {
  return select(db)
    .where("h.id", "=", sql<string>`any(${ids}::uuid[])`)
    .execute();
}

/** Its own offers, in order of id. */
export function listOutbox(
  db: Kysely<DB>,
  sender: string,
  statuses: readonly string[] | null,
  after: string | null,
  limit: number,
) {
  return select(db)
    .where("h.sender_id", "=", sender)
    .$if(statuses !== null, (query) => query.where(sql<boolean>`${statusNow} = any(${statuses})`))
    .$if(after !== null, (query) => query.where("h.id", ">", after))
    .orderBy("h.id")
    .limit(limit)
    .execute();
}

interface Received extends Selectable<DB["handoff"]> {
  readonly status_now: HandoffStatus;
  readonly sender_handle: string;
  readonly sender_status: string;
  readonly sender_thumbprint: string;
}

/** Offered to the caller or accepted by it, in order of id, with the senders. */
export async function listInbox(
  db: Kysely<DB>,
  statuses: readonly string[] | null,
  after: string | null,
  limit: number,
) {
  const { rows } = await sql<Received>`
    select (i.handoff).*, i.status_now, i.sender_handle, i.sender_status, i.sender_thumbprint
      from read_inbox(${statuses}, ${after}, ${limit}) i
  `.execute(db);
  return rows.map((row) => ({
    ...row,
    as_candidate: row.recipient_id === null,
    sender: cardOf(row.sender_id, row.sender_handle, row.sender_status, row.sender_thumbprint),
  }));
}

/** With the clock's edge where a deadline has passed and no job has written it yet. */
export async function findTransitions(db: Kysely<DB>, handoffIds: readonly string[]) {
  const { rows } = await sql<{ handoff_id: string; status: string; party: string; at: Date }>`
    select t.handoff_id, t.status, t.party, t.at, t.position
      from handoff_transition t where t.handoff_id = any(${handoffIds}::uuid[])
    union all
    select h.id, 'EXPIRED', 'CLOCK', date_trunc('hour', case h.status when 'REQUESTED' then h.decide_by else h.seal_by end), 32767
      from handoff h where h.id = any(${handoffIds}::uuid[])
        and h.status <> 'EXPIRED' and handoff_status(h) = 'EXPIRED'
    order by 1, 5
  `.execute(db);
  return rows;
}

export function findHandoffReferences(db: Kysely<DB>, handoffIds: readonly string[]) {
  return db
    .selectFrom("handoff_reference")
    .select(["handoff_id", "case_reference"])
    .where("handoff_id", "=", sql<string>`any(${handoffIds}::uuid[])`)
    .execute();
}

export function findEnvelopes(db: Kysely<DB>, handoffIds: readonly string[]) {
  return db
    .selectFrom("handoff_envelope")
    .select(["handoff_id", "envelope"])
    .where("handoff_id", "=", sql<string>`any(${handoffIds}::uuid[])`)
    .execute();
}

/** The caller's own, for references of its own. */
export async function findHandoffsOf(db: Kysely<DB>, references: readonly string[]) {
  return select(db)
    .innerJoin("handoff_reference as r", "r.handoff_id", "h.id")
    .select("r.case_reference")
    .where("r.organisation_id", "=", sql<string>`(select viewer_organisation())`)
    .where("r.case_reference", "=", sql<string>`any(${references}::uuid[])`)
    .orderBy("h.id")
    .execute();
}

export interface Locked extends HandoffFacts {
  readonly senderId: string;
  readonly recipientId: string | null;
  readonly priority: Priority;
  readonly riskProfile: string;
  readonly destinations: readonly string[];
}

/** Null: neither side's, nor ever offered to the caller. */
export async function lockHandoff(tx: Transaction<DB>, id: string): Promise<Locked | null> {
  const { rows } = await sql<Locked>`
    select viewed_as as standing, status, held_from as "heldFrom", sender_id as "senderId",
      recipient_id as "recipientId", priority, risk_profile as "riskProfile", destinations,
      is_sealed as "isSealed", is_blocked as "isBlocked", has_consent as "hasConsent"
    from lock_handoff(${id})
  `.execute(tx);
  return rows[0] ?? null;
}

export async function countOpenCandidates(tx: Transaction<DB>, id: string): Promise<number> {
  const { rows } = await sql<{ open: number }>`select open_candidates(${id}) as open`.execute(tx);
  return rows[0]!.open;
}

/** The sender's to know. */
export async function findCandidates(tx: Transaction<DB>, id: string): Promise<string[]> {
  const rows = await tx
    .selectFrom("handoff_candidate")
    .select("organisation_id")
    .where("handoff_id", "=", id)
    .orderBy("organisation_id")
    .execute();
  return rows.map((row) => row.organisation_id);
}

export async function updateHandoff(
  tx: Transaction<DB>,
  id: string,
  change: {
    readonly status?: HandoffStatus;
    readonly recipientId?: string;
    readonly heldFrom?: string | null;
    readonly reason?: string | null;
    /** Within which the file is to be sealed; null: it need not be, or is. */
    readonly sealWithinMs?: number | null;
    readonly acknowledged?: true;
    readonly consentWithdrawn?: true;
  },
): Promise<void> {
  const { status, recipientId, heldFrom, reason, sealWithinMs } = change;
  await tx
    .updateTable("handoff")
    .set({
      ...(status && { status }),
      ...(recipientId && { recipient_id: recipientId }),
      ...(heldFrom !== undefined && { held_from: heldFrom }),
      ...(reason && { reason }),
      ...(sealWithinMs !== undefined && {
        seal_by: sealWithinMs === null ? null : inMs(sealWithinMs),
      }),
      ...(change.acknowledged && { acknowledged_at: sql`coalesce(acknowledged_at, now())` }),
      ...(change.consentWithdrawn && { consent_withdrawn_at: sql`now()` }),
    })
    .where("id", "=", id)
    .execute();
}

export async function dropOut(tx: Transaction<DB>, id: string, candidate: string): Promise<void> {
  await tx
    .updateTable("handoff_candidate")
    .set({ dropped_out: true })
    .where("handoff_id", "=", id)
    .where("organisation_id", "=", candidate)
    .execute();
}

export async function insertTransition(
  tx: Transaction<DB>,
  id: string,
  sender: string,
  status: HandoffStatus,
  party: "SENDER" | "RECIPIENT",
): Promise<void> {
  await sql`
    insert into handoff_transition (handoff_id, position, sender_id, status, party)
      select ${id}, count(*) + 1, ${sender}, ${status}, ${party}
      from handoff_transition where handoff_id = ${id}
  `.execute(tx);
}

/** For good. */
export async function deleteEnvelope(tx: Transaction<DB>, id: string): Promise<void> {
  await sql`select destroy_envelope(${id})`.execute(tx);
}

export async function replaceEnvelope(
  tx: Transaction<DB>,
  id: string,
  recipient: string,
  envelope: string,
): Promise<void> {
  await deleteEnvelope(tx, id);
  await tx
    .insertInto("handoff_envelope")
    .values({ handoff_id: id, recipient_id: recipient, envelope })
    .execute();
}
