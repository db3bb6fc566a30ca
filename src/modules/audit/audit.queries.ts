import { type Kysely, sql } from "kysely";
import type { PublicJwk } from "../../kernel/jwk.ts";
import type { DB } from "../../platform/db/schema.ts";

export interface AuditRow {
  readonly organisation_id: string;
  readonly sequence: number;
  readonly at: Date;
  readonly actor_id: string;
  readonly client_name: string | null;
  readonly owner_id: string;
  readonly action: string;
  readonly scope: string;
  readonly subject_type: string;
  readonly subject_id: string;
  readonly previous_hash: string;
  readonly hash: string;
  readonly record: string;
}

/** The caller's own chain, after a sequence. */
export async function listAuditTrail(
  db: Kysely<DB>,
  organisation: string,
  after: number,
  limit: number,
): Promise<AuditRow[]> {
  const { rows } = await sql<AuditRow>`
    select organisation_id, sequence, at, actor_id, client_name, owner_id, action, scope, subject_type,
        subject_id, encode(previous_hash, 'hex') as previous_hash, encode(hash, 'hex') as hash,
        audit_record(audit_entry) as record
      from audit_entry
      where organisation_id = ${organisation} and sequence > ${after}
      order by sequence limit ${limit}
  `.execute(db);
  return rows;
}

/** The end of the caller's own chain; null before its first entry. */
export async function findLastEntry(
  db: Kysely<DB>,
  organisation: string,
): Promise<{ sequence: number; hash: string } | null> {
  const row = await db
    .selectFrom("audit_entry")
    .select(["sequence", sql<string>`encode(hash, 'hex')`.as("hash")])
    .where("organisation_id", "=", organisation)
    .orderBy("sequence", "desc")
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

/** Of those that the caller's own chain names. */
export async function findOrganisationsOfChain(db: Kysely<DB>, ids: readonly string[]) {
  const { rows } = await sql<{
    id: string;
    handle: string;
    status: string;
    identity_thumbprint: string;
    identity_jwk: PublicJwk;
  }>`select id, handle, status, identity_thumbprint, identity_jwk
      from organisations_of_chain(${ids}::uuid[])`.execute(db);
  return rows;
}

/** For network admins; nothing for anybody else. The latest first. */
export async function findBlastRadius(
  db: Kysely<DB>,
  organisation: string,
  since: Date,
  limit: number,
) {
  const { rows } = await sql<{
    owner_id: string;
    action: string;
    count: number;
    last_at: Date;
  }>`select owner_id, action, count, last_at from blast_radius(${organisation}, ${since}) limit ${limit}`.execute(
    db,
  );
  return rows;
}
