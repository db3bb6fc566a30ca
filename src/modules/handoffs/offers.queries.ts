import { sql, type Transaction } from "kysely";
import { lockName } from "../../platform/db/locks.ts";
import type { DB } from "../../platform/db/schema.ts";
import type { Priority } from "./handoffs.rules.ts";

/** Which of these organisations let the caller offer to them, for one of these destinations. */
export async function findOpenTo(
  tx: Transaction<DB>,
  candidates: readonly string[],
  destinations: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ owner_id: string }>`
    select distinct r.owner_id from viewer_reach('handoffs:offer') r
      where r.owner_id = any(${candidates}::uuid[])
        and (r.country is null or r.country = any(${destinations}::text[]))
  `.execute(tx);
  return rows.map((row) => row.owner_id);
}

/** Whether every destination is closed to this profile, as far as the caller may know. */
export async function findBlocked(
  tx: Transaction<DB>,
  destinations: readonly string[],
  riskProfile: string,
  organisation: string,
): Promise<boolean> {
  const { rows } = await sql<{ blocked: boolean }>`
    select is_blocked(${destinations}::text[], ${riskProfile}, ${organisation}, null) as blocked
  `.execute(tx);
  return rows[0]!.blocked;
}

/** Of two offers for one reference the second waits here. */
export async function lockReference(tx: Transaction<DB>, organisation: string, reference: string) {
  await lockName(tx, `case:${organisation}:${reference}`);
}

/** Whether the caller has a live offer for this reference of its own. */
export async function hasLiveOffer(tx: Transaction<DB>, reference: string): Promise<boolean> {
  const { rows } = await sql`
    select from handoff_reference r join handoff h on h.id = r.handoff_id
      where r.organisation_id = (select viewer_organisation()) and r.case_reference = ${reference}
        and h.sender_id = r.organisation_id
        and handoff_status(h) in ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD') limit 1
  `.execute(tx);
  return rows.length > 0;
}

export interface NewHandoff {
  readonly id: string;
  readonly senderId: string;
  readonly candidates: readonly string[];
  readonly needs: readonly string[];
  readonly riskProfile: string;
  readonly party: {
    readonly adults: number;
    readonly children: number;
    readonly placement: string;
  };
  readonly priority: Priority;
  readonly country: string;
  readonly destinations: readonly string[];
  readonly documentsHeld: readonly string[];
  readonly windowStart: string;
  readonly windowEnd: string;
  readonly consent: {
    readonly purpose: string;
    readonly givenAt: Date;
    readonly expiresAt: Date;
    readonly caregiver: boolean;
  };
  readonly answerWithinMs: number;
}

export const inMs = (milliseconds: number) =>
  sql<Date>`now() + make_interval(secs => ${milliseconds / 1000})`;

export async function insertHandoff(tx: Transaction<DB>, made: NewHandoff): Promise<void> {
  await tx
    .insertInto("handoff")
    .values({
      id: made.id,
      sender_id: made.senderId,
      needs: [...made.needs],
      risk_profile: made.riskProfile,
      ...made.party,
      priority: made.priority,
      country: made.country,
      destinations: [...made.destinations],
      documents_held: [...made.documentsHeld],
      window_start: made.windowStart,
      window_end: made.windowEnd,
      consent_purpose: made.consent.purpose,
      consent_given_at: made.consent.givenAt,
      consent_expires_at: made.consent.expiresAt,
      consent_by_caregiver: made.consent.caregiver,
      acknowledge_by: inMs(made.answerWithinMs),
      decide_by: inMs(2 * made.answerWithinMs),
    })
    .execute();
  await tx
    .insertInto("handoff_candidate")
    .values(
      made.candidates.map((organisation_id) => ({
        handoff_id: made.id,
        sender_id: made.senderId,
        organisation_id,
      })),
    )
    .execute();
}

export async function insertReference(
  tx: Transaction<DB>,
  id: string,
  organisation: string,
  reference: string,
): Promise<void> {
  await tx
    .insertInto("handoff_reference")
    .values({ handoff_id: id, organisation_id: organisation, case_reference: reference })
    .execute();
}
