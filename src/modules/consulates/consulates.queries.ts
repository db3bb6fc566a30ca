import { type Kysely, sql, type Transaction } from "kysely";
import { lockName } from "../../platform/db/locks.ts";
import type { DB } from "../../platform/db/schema.ts";
import { digestIn, type Sealing } from "../organisations/index.ts";

const select = (db: Kysely<DB>) =>
  db
    .selectFrom("consulate_contact")
    .selectAll()
    .select(sql<boolean>`review_by <= now()`.as("stale"));

export function findContacts(db: Kysely<DB>, ids: readonly string[]) {
  return select(db)
    .where("id", "=", sql<string>`any(${ids}::uuid[])`)
    .execute();
}

export interface ConsulateSearch {
  readonly representing: string | null;
  readonly country: string | null;
  /** Any of them; empty: whatever it issues. */
  readonly documents: readonly string[];
  readonly riskProfile: string | null;
  readonly includeStale: boolean;
}

/** Of whom the caller may see contacts: the policy says which, and this where an index begins. */
const OWNERS = sql<string>`any(array(
  select viewer_organisation() union
    select r.owner_id from viewer_reach('consulates:read', 'consulates:reveal') r))`;

/** Own ones and those shared with the caller, in order of id. */
export function searchContacts(
  db: Kysely<DB>,
  search: ConsulateSearch,
  after: string | null,
  limit: number,
) {
  const { representing, country, documents, riskProfile, includeStale } = search;
  return select(db)
    .where("owner_id", "=", OWNERS)
    .$if(representing !== null, (query) => query.where("representing", "=", representing!))
    .$if(country !== null, (query) => query.where("country", "=", country!))
    .$if(documents.length > 0, (query) =>
      query.where(sql<boolean>`documents && ${documents}::text[]`),
    )
    .$if(riskProfile !== null, (query) =>
      query.where(sql<boolean>`${riskProfile} = any(risk_profiles)`),
    )
    .$if(!includeStale, (query) => query.where("review_by", ">", sql<Date>`now()`))
    .$if(after !== null, (query) => query.where("id", ">", after))
    .orderBy("id")
    .limit(limit)
    .execute();
}

export interface NewContact {
  readonly representing: string;
  readonly country: string;
  readonly locality: string;
  readonly documents: readonly string[];
  readonly riskProfiles: readonly string[];
  readonly languages: readonly string[];
  readonly leadTimeDays: number | null;
  readonly reviewBy: Date;
}

/** For one more: of two that count, the second waits here. */
export async function countContacts(tx: Transaction<DB>, owner: string): Promise<number> {
  await lockName(tx, `contacts:${owner}`);
  const { count } = await tx
    .selectFrom("consulate_contact")
    .select(sql<number>`count(*)::integer`.as("count"))
    .where("owner_id", "=", owner)
    .executeTakeFirstOrThrow();
  return count;
}

export async function insertContact(tx: Transaction<DB>, owner: string, made: NewContact) {
  const { id } = await tx
    .insertInto("consulate_contact")
    .values({
      owner_id: owner,
      representing: made.representing,
      country: made.country,
      locality: made.locality,
      documents: [...made.documents],
      risk_profiles: [...made.riskProfiles],
      languages: [...made.languages],
      lead_time_days: made.leadTimeDays,
      review_by: made.reviewBy,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/** Null: not the caller's own. */
export async function lockContact(tx: Transaction<DB>, owner: string, id: string) {
  const row = await tx
    .selectFrom("consulate_contact")
    .select(["country", "programme"])
    .where("id", "=", id)
    .where("owner_id", "=", owner)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row ?? null;
}

export async function updateAssurance(
  tx: Transaction<DB>,
  id: string,
  programme: string,
  reviewBy: Date,
): Promise<void> {
  await tx
    .updateTable("consulate_contact")
    .set({ programme, review_by: reviewBy, assured_at: sql`now()` })
    .where("id", "=", id)
    .execute();
}

/** The organisation behind a kid, if a grant lets it reveal this own contact; else null. */
export async function findRecipient(tx: Transaction<DB>, contact: string, kid: string) {
  const { rows } = await sql<{ recipient: string | null }>`
    select recipient_of_contact(${contact}, ${kid}) as recipient
  `.execute(tx);
  return rows[0]!.recipient;
}

/** False: what lies there for the recipient is not what it replaces. */
export async function replaceEnvelope(
  tx: Transaction<DB>,
  contact: string,
  recipient: string,
  envelope: string,
  replaces: Sealing["replaces"],
): Promise<boolean> {
  const { rows } = await sql<{ put: boolean }>`
    select replace_consulate_envelope(${contact}, ${recipient}, ${envelope},
      ${replaces !== undefined}, ${digestIn(replaces)}) as put
  `.execute(tx);
  return rows[0]!.put;
}

/** What lies sealed for contacts of the caller's own. */
export async function findSealedContacts(db: Kysely<DB>, contacts: readonly string[]) {
  const { rows } = await sql<{
    contact_id: string;
    recipient_id: string;
    digest: Buffer;
    retired_at: Date | null;
  }>`select * from sealed_contacts(${contacts}::uuid[])`.execute(db);
  return rows;
}

/** Of what the caller may have revealed. */
export async function isClosed(tx: Transaction<DB>, contact: string): Promise<boolean> {
  const { rows } = await sql`
    select from consulate_contact c
      where c.id = ${contact} and c.programme = 'CLOSED' and c.owner_id <> viewer_organisation()
        and exists (select from viewer_reach('consulates:reveal') r
          where r.owner_id = c.owner_id and (r.country is null or r.country = c.country))
  `.execute(tx);
  return rows.length > 0;
}

interface Revealed {
  readonly owner_id: string;
  readonly envelope: string | null;
  /** Not null: the budget is spent, and nothing was revealed. */
  readonly wait_seconds: number | null;
}

/** Null: nothing that the caller may have revealed. */
export async function revealContact(
  tx: Transaction<DB>,
  contact: string,
  purpose: string,
  budget: { readonly perClient: number; readonly perOrganisation: number },
): Promise<Revealed | null> {
  const { rows } = await sql<Revealed>`
    select * from reveal_contact(${contact}, ${purpose}, ${budget.perClient}::integer,
      ${budget.perOrganisation}::integer, interval '24 hours')
  `.execute(tx);
  return rows[0] ?? null;
}

/** For a call that is repeated. */
export async function findRevealed(db: Kysely<DB>, contact: string): Promise<string | null> {
  const { rows } = await sql<{ envelope: string | null }>`
    select revealed_envelope(${contact}, interval '24 hours') as envelope
  `.execute(db);
  return rows[0]?.envelope ?? null;
}
