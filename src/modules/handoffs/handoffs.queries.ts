import { type Kysely, sql } from "kysely";
import type { DB } from "../../platform/db/schema.ts";
import type { Session } from "../../platform/db/session.ts";
import type { RiskProfileName } from "../advisories/index.ts";
import { cardColumns, type OrganisationRef } from "../organisations/index.ts";
import type {
  DocumentHeld,
  HandoffReason,
  HandoffStatus,
  Need,
  Priority,
} from "./handoffs.rules.ts";

/** A handoff as the schema names it; instants as the database spells them. Of a list only what was selected is there. */
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
const RECIPIENT = `h.recipient_id as "recipientId"`;
/** What a field of the schema is read from, of a handoff named h. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  recipient: [RECIPIENT],
  needs: ["h.needs"],
  riskProfile: [`h.risk_profile as "riskProfile"`],
  party: [
    `h.adults as "party.adults", h.children as "party.children", h.placement as "party.placement"`,
  ],
  priority: ["h.priority"],
  country: ["h.country"],
  destinations: ["h.destinations"],
  documentsHeld: [`h.documents_held as "documentsHeld"`],
  windowStart: [`h.window_start as "windowStart"`],
  windowEnd: [`h.window_end as "windowEnd"`],
  consent: [
    `h.consent_purpose as "consent.purpose", h.consent_given_at::text as "consent.givenAt",
      h.consent_expires_at::text as "consent.expiresAt", h.consent_by_caregiver as "consent.caregiver",
      h.consent_withdrawn_at::text as "consent.withdrawnAt"`,
  ],
  acknowledgedAt: [`h.acknowledged_at::text as "acknowledgedAt"`, RECIPIENT],
  acknowledgeBy: [`h.acknowledge_by::text as "acknowledgeBy"`],
  decideBy: [`h.decide_by::text as "decideBy"`],
  reason: ["h.reason"],
};
const columnsBehind = (names: readonly string[]) =>
  [...new Set(["h.id", ...names.flatMap((name) => COLUMNS[name]!)])].join(", ");
/** Fields that need no more than what is read of every handoff: its id, status and sender. */
const ALWAYS = new Set(["__typename", "id", "status", "sender"]);
const ALL = columnsBehind(Object.keys(COLUMNS));

/** Each is a statement of its own, which connections keep: past so many all columns are read. */
const MOST_SELECTIONS = 50;
const selections = new Set<string>();
/** What these fields are read from; everything where one of them is made of several. */
function columnsOf(selected: ReadonlySet<string>): string {
  const rest = [...selected].filter((field) => !ALWAYS.has(field));
  if (!rest.every((field) => Object.hasOwn(COLUMNS, field))) return ALL;
  const columns = columnsBehind(Object.keys(COLUMNS).filter((name) => selected.has(name)));
  if (selections.size < MOST_SELECTIONS) selections.add(columns);
  return selections.has(columns) ? columns : ALL;
}

const select = (columns = ALL, inactive = "(select inactive_organisations())") =>
  sql`select ${sql.raw(columns)}, h.sender_id as "sender.id",
    handoff_status(h, (select closed_countries()), ${sql.raw(inactive)}) as status`;

export async function findHandoffs(db: Kysely<DB>, ids: readonly string[]) {
  const { rows } = await sql<HandoffRow>`
    ${select()} from handoff h where h.id = any(${ids}::uuid[])
  `.execute(db);
  return rows;
}

/** Its own offers, in order of id, as far as `selected` shows them. Who is not active would not be let in to ask. */
export async function listOutbox(
  db: Kysely<DB>,
  selected: ReadonlySet<string>,
  statuses: readonly string[] | null,
  after: string | null,
  limit: number,
) {
  const { rows } = await sql<HandoffRow>`
    ${select(columnsOf(selected), "'{}'")} from list_outbox(${statuses}, ${after}, ${limit}) h
  `.execute(db);
  return rows;
}

const inboxes = new WeakMap<ReadonlySet<string>, string>();
function inboxOf(selected: ReadonlySet<string>): string {
  let text = inboxes.get(selected);
  if (text === undefined) {
    text = `select ${columnsOf(selected)}, ${cardColumns("sender", "h.sender")}, h.status
      from list_inbox($1, $2, $3) h`;
    inboxes.set(selected, text);
  }
  return text;
}

/** Offered to the caller or accepted by it, in order of id, with the senders, as far as `selected` shows them. */
export function listInbox(
  session: Session,
  selected: ReadonlySet<string>,
  statuses: readonly string[] | null,
  after: string | null,
  limit: number,
): Promise<HandoffRow[]> {
  return session.ask<HandoffRow>({ text: inboxOf(selected), values: [statuses, after, limit] });
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
    .select(["handoff_id", "case_reference as id"])
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

/** SHA-256 of what the caller has sealed, where it still lies there. */
export async function findSealedFiles(db: Kysely<DB>, handoffIds: readonly string[]) {
  const { rows } = await sql<{ handoff_id: string; digest: Buffer }>`
    select handoff_id, digest from sealed_files(${handoffIds}::uuid[])
  `.execute(db);
  return rows;
}

/** Those whose file is sealed to a retired key. */
export async function findFilesToRetiredKeys(db: Kysely<DB>, handoffIds: readonly string[]) {
  const { rows } = await sql<{ handoff_id: string; retired_at: Date }>`
    select handoff_id, retired_at from files_to_retired_keys(${handoffIds}::uuid[])
  `.execute(db);
  return rows;
}

/** Which envelope was received, where one was. */
export function findReceipts(db: Kysely<DB>, handoffIds: readonly string[]) {
  return db
    .selectFrom("handoff")
    .select(["id", "received_digest as digest"])
    .where("id", "=", sql<string>`any(${handoffIds}::uuid[])`)
    .execute();
}

/** The caller's own, for references of its own; of each at most so many. */
export async function findHandoffsOf(db: Kysely<DB>, references: readonly string[], most: number) {
  const { rows } = await sql<HandoffRow & { readonly case_reference: string }>`
    ${select()}, r.case_reference
      from unnest(${references}::uuid[]) c (reference)
      cross join lateral (
        select r.handoff_id, r.case_reference from handoff_reference r
          where r.organisation_id = (select viewer_organisation()) and r.case_reference = c.reference
          limit ${most}) r
      join handoff h on h.id = r.handoff_id
      order by h.id
  `.execute(db);
  return rows;
}

/** The caller's own, as a candidate. */
export async function findAcknowledgements(db: Kysely<DB>, handoffIds: readonly string[]) {
  const { rows } = await sql<{ handoff_id: string; acknowledgedAt: string | null }>`
    select handoff_id, acknowledged_at::text as "acknowledgedAt" from handoff_candidate
      where handoff_id = any(${handoffIds}::uuid[]) and organisation_id = (select viewer_organisation())
  `.execute(db);
  return rows;
}
