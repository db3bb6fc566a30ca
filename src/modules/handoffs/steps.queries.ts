import { sql, type Transaction } from "kysely";
import type { DB } from "../../platform/db/schema.ts";
import type { HandoffFacts, HandoffStatus, Priority } from "./handoffs.rules.ts";
import { digestIn, type Sealing } from "../organisations/index.ts";
import { inMs } from "./offers.queries.ts";

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

/** By one candidate. False: it had done so before. */
export async function acknowledge(
  tx: Transaction<DB>,
  id: string,
  candidate: string,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("handoff_candidate")
    .set({ acknowledged_at: sql`now()` })
    .where("handoff_id", "=", id)
    .where("organisation_id", "=", candidate)
    .where("acknowledged_at", "is", null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
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

/** Keeps which envelope is received: SHA-256, in base64url, of what lies there for the caller. */
export async function recordReceipt(tx: Transaction<DB>, id: string): Promise<string> {
  const { received_digest } = await tx
    .updateTable("handoff")
    .from("handoff_envelope as e")
    .set({ received_digest: sql`sha256(convert_to(e.envelope, 'UTF8'))` })
    .where("id", "=", id)
    .whereRef("e.handoff_id", "=", "handoff.id")
    .returning("received_digest")
    .executeTakeFirstOrThrow();
  return received_digest!.toString("base64url");
}

/**
 * As another row: a purge that looks at the earlier one takes that alone. False: what lies there is not what it
 * replaces.
 */
export async function replaceEnvelope(
  tx: Transaction<DB>,
  id: string,
  recipient: string,
  { envelope, replaces }: Pick<Sealing, "envelope" | "replaces">,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into handoff_envelope (handoff_id, recipient_id, envelope)
      select ${id}, ${recipient}, ${envelope}
      where make_way_for_file(${id}, ${replaces !== undefined}, ${digestIn(replaces)})
      on conflict do nothing
  `.execute(tx);
  return numAffectedRows === 1n;
}
