import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../../platform/db/schema.ts";
import type { Session } from "../../platform/db/session.ts";
import type { RiskProfileName } from "../advisories/index.ts";
import { cardColumns, type OrganisationRef } from "../organisations/index.ts";
import type {
  DocumentHeld,
  HandoffFacts,
  HandoffReason,
  HandoffStatus,
  Need,
  Priority,
} from "./handoffs.rules.ts";
import { inMs } from "./offers.queries.ts";

/** A handoff as the schema names it; instants as the database spells them. */
export interface HandoffRow {
  readonly id: string;
  readonly status: HandoffStatus;
  readonly sender: OrganisationRef;
  readonly recipientId: string | null;
  readonly needs: Need[];
  readonly riskProfile: RiskProfileName;
  readonly party: {
    readonly adults: number;
    readonly children: number;
    readonly placement: "TOGETHER" | "APART";
  };
  readonly priority: Priority;
  readonly country: string;
  readonly destinations: string[];
  readonly documentsHeld: DocumentHeld[];
  readonly windowStart: string;
  readonly windowEnd: string;
  readonly consent: {
    readonly purpose: Need;
    readonly givenAt: string;
    readonly expiresAt: string;
    readonly caregiver: boolean;
    readonly withdrawnAt: string | null;
  };
  readonly acknowledgedAt: string | null;
  readonly acknowledgeBy: string;
  readonly decideBy: string;
  readonly reason: HandoffReason | null;
}
/** All of it but its status and sender, of a handoff named h. */
const COLUMNS = `h.id, h.recipient_id as "recipientId", h.needs, h.risk_profile as "riskProfile",
  h.adults as "party.adults", h.children as "party.children", h.placement as "party.placement",
  h.priority, h.country, h.destinations, h.documents_held as "documentsHeld",
  h.window_start as "windowStart", h.window_end as "windowEnd", h.consent_purpose as "consent.purpose",
  h.consent_given_at::text as "consent.givenAt", h.consent_expires_at::text as "consent.expiresAt",
  h.consent_by_caregiver as "consent.caregiver", h.consent_withdrawn_at::text as "consent.withdrawnAt",
  h.acknowledged_at::text as "acknowledgedAt", h.acknowledge_by::text as "acknowledgeBy",
  h.decide_by::text as "decideBy", h.reason`;
const statusNow = sql`handoff_status(h, (select closed_countries()), (select inactive_organisations()))`;
const select = sql`select ${sql.raw(COLUMNS)}, h.sender_id as "sender.id", ${statusNow} as status`;

export async function findHandoffs(db: Kysely<DB>, ids: readonly string[]) {
  const { rows } = await sql<HandoffRow>`
    ${select} from handoff h where h.id = any(${ids}::uuid[])
  `.execute(db);
  return rows;
}

/** Its own offers, in order of id. */
export async function listOutbox(
  db: Kysely<DB>,
  sender: string,
  statuses: readonly string[] | null,
  after: string | null,
  limit: number,
) {
  const { rows } = await sql<HandoffRow>`
    ${select} from handoff h
      where h.sender_id = ${sender} and (${statuses}::text[] is null or ${statusNow} = any(${statuses}::text[]))
        and h.id > coalesce(${after}::uuid, '00000000-0000-0000-0000-000000000000')
      order by h.id limit ${limit}
  `.execute(db);
  return rows;
}

const INBOX = `select ${COLUMNS}, ${cardColumns("sender", "h.sender")}, h.status
  from list_inbox($1, $2, $3) h`;

/** Offered to the caller or accepted by it, in order of id, with the senders. */
export function listInbox(
  session: Session,
  statuses: readonly string[] | null,
  after: string | null,
  limit: number,
): Promise<HandoffRow[]> {
  return session.ask<HandoffRow>({ text: INBOX, values: [statuses, after, limit] });
}

/** With the clock's edge where a deadline has passed and no job has written it yet. */
export async function findTransitions(db: Kysely<DB>, handoffIds: readonly string[]) {
  const { rows } = await sql<{ handoff_id: string; status: string; party: string; at: Date }>`
    select t.handoff_id, t.status, t.party, t.at, t.position
      from handoff_transition t where t.handoff_id = any(${handoffIds}::uuid[])
    union all
    select h.id, 'EXPIRED', 'CLOCK', date_trunc('hour', case h.status when 'REQUESTED' then h.decide_by else h.seal_by end), 2147483647
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
  const { rows } = await sql<HandoffRow & { readonly case_reference: string }>`
    ${select}, r.case_reference from handoff h join handoff_reference r on r.handoff_id = h.id
      where r.organisation_id = (select viewer_organisation()) and r.case_reference = any(${references}::uuid[])
      order by h.id
  `.execute(db);
  return rows;
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

/** Of the caller, a candidate; the others' are not told to it. */
const ownAcknowledgement = (id: string) => sql`(
  select c.acknowledged_at from handoff_candidate c
    where c.handoff_id = ${id} and c.organisation_id = (select viewer_organisation()))`;

/** By one candidate. */
export async function acknowledge(tx: Transaction<DB>, id: string, candidate: string) {
  await tx
    .updateTable("handoff_candidate")
    .set({ acknowledged_at: sql`coalesce(acknowledged_at, now())` })
    .where("handoff_id", "=", id)
    .where("organisation_id", "=", candidate)
    .execute();
}

/** The caller's own, as a candidate. */
export async function findAcknowledgements(db: Kysely<DB>, handoffIds: readonly string[]) {
  const { rows } = await sql<{ handoff_id: string; acknowledgedAt: string | null }>`
    select handoff_id, acknowledged_at::text as "acknowledgedAt" from handoff_candidate
      where handoff_id = any(${handoffIds}::uuid[]) and organisation_id = (select viewer_organisation())
  `.execute(db);
  return rows;
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
      ...(change.acknowledged && {
        acknowledged_at: recipientId
          ? sql`coalesce(${ownAcknowledgement(id)}, now())`
          : sql`coalesce(acknowledged_at, now())`,
      }),
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

/** The how many it is, from 1 on. */
export async function insertTransition(
  tx: Transaction<DB>,
  id: string,
  sender: string,
  status: HandoffStatus,
  party: "SENDER" | "RECIPIENT",
): Promise<number> {
  const { rows } = await sql<{ position: number }>`
    insert into handoff_transition (handoff_id, position, sender_id, status, party)
      select ${id}, count(*) + 1, ${sender}, ${status}, ${party}
      from handoff_transition where handoff_id = ${id}
      returning position
  `.execute(tx);
  return rows[0]!.position;
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
