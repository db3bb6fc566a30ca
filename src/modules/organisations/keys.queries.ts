import { type Kysely, sql, type Transaction } from "kysely";
import type { PublicJwk } from "../../kernel/jwk.ts";
import { lockName, shareName } from "../../platform/db/locks.ts";
import type { DB } from "../../platform/db/schema.ts";

export interface KeyRow {
  readonly organisation_id: string;
  readonly kid: string;
  readonly use: string;
  readonly jwk: PublicJwk;
  readonly published_at: Date;
  readonly retired_at: Date | null;
  readonly statement: string | null;
}

const select = (db: Kysely<DB>) =>
  db
    .selectFrom("organisation_key")
    .select(["organisation_id", "kid", "use", "published_at", "retired_at", "statement"])
    .select(sql<PublicJwk>`jwk`.as("jwk"));

/** The active ones. */
export function findSealingKeys(
  db: Kysely<DB>,
  organisationIds: readonly string[],
): Promise<KeyRow[]> {
  return select(db)
    .where("organisation_id", "=", sql<string>`any(${organisationIds}::uuid[])`)
    .where("use", "=", "SEAL")
    .where("retired_at", "is", null)
    .orderBy("published_at")
    .execute();
}

export async function findOwnKey(db: Kysely<DB>, kid: string): Promise<KeyRow | null> {
  const row = await select(db)
    .where("organisation_id", "=", sql<string>`(select viewer_organisation())`)
    .where("kid", "=", kid)
    .executeTakeFirst();
  return row ?? null;
}

/** The caller's own. */
export async function countActiveKeys(tx: Transaction<DB>, use: string): Promise<number> {
  const { count } = await tx
    .selectFrom("organisation_key")
    .select(sql<number>`count(*)::integer`.as("count"))
    .where("organisation_id", "=", sql<string>`(select viewer_organisation())`)
    .where("use", "=", use)
    .where("retired_at", "is", null)
    .executeTakeFirstOrThrow();
  return count;
}

/** Of an organisation that the caller may know of; it stays so until the transaction ends. */
export async function isActiveSealingKey(
  tx: Transaction<DB>,
  organisation: string,
  kid: string,
): Promise<boolean> {
  // Whoever retires it waits, and then sees what was sealed to it.
  await shareName(tx, `keys:${organisation}`);
  const row = await tx
    .selectFrom("organisation_key")
    .select("kid")
    .where("organisation_id", "=", organisation)
    .where("kid", "=", kid)
    .where("use", "=", "SEAL")
    .where("retired_at", "is", null)
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether tokens can still be verified without this key. */
export async function hasOtherSigningKey(tx: Transaction<DB>, kid: string): Promise<boolean> {
  const { rows } = await sql`
    select from organisation_account a where a.organisation_id = (select viewer_organisation())
      and (a.jwks_uri is not null or exists (
        select from organisation_key k where k.organisation_id = a.organisation_id
          and k.use = 'SIGN' and k.retired_at is null and k.kid <> ${kid}))
  `.execute(tx);
  return rows.length > 0;
}

/** What lies there sealed to this key of the caller, and by whom. */
export async function findSealedTo(tx: Transaction<DB>, kid: string) {
  const { rows } = await sql<{ type: "Handoff" | "BedHold"; id: string; by: string }>`
    select subject_type as type, subject_id as id, sealed_by as by from sealed_to(${kid}) order by 1, 2
  `.execute(tx);
  return rows;
}

/** Of two that append to one log the second waits here. */
export async function lockKeyLog(tx: Transaction<DB>, organisation: string) {
  await lockName(tx, `keys:${organisation}`);
  const identity = await tx
    .selectFrom("organisation")
    .select("identity_thumbprint")
    .select(sql<PublicJwk>`identity_jwk`.as("identity_jwk"))
    .where("id", "=", organisation)
    .executeTakeFirstOrThrow();
  const last = await tx
    .selectFrom("key_log_entry")
    .select(["sequence", "hash"])
    .where("organisation_id", "=", organisation)
    .orderBy("sequence", "desc")
    .limit(1)
    .executeTakeFirst();
  return { ...identity, last: last ?? null };
}

interface NewEntry {
  readonly organisationId: string;
  readonly sequence: number;
  readonly kid: string;
  readonly change: "PUBLISHED" | "RETIRED";
  readonly statement: string;
  readonly previousHash: string;
  readonly hash: string;
}

export async function insertEntry(tx: Transaction<DB>, entry: NewEntry): Promise<void> {
  await tx
    .insertInto("key_log_entry")
    .values({
      organisation_id: entry.organisationId,
      sequence: entry.sequence,
      kid: entry.kid,
      change: entry.change,
      statement: entry.statement,
      previous_hash: entry.previousHash,
      hash: entry.hash,
    })
    .execute();
}

/** A key that was registered with its organisation gets its statement; any other is new. */
export async function saveKey(
  tx: Transaction<DB>,
  key: {
    readonly organisationId: string;
    readonly kid: string;
    readonly use: string;
    readonly jwk: PublicJwk;
    readonly statement: string;
  },
): Promise<void> {
  await tx
    .insertInto("organisation_key")
    .values({
      organisation_id: key.organisationId,
      kid: key.kid,
      use: key.use,
      jwk: JSON.stringify(key.jwk),
      statement: key.statement,
    })
    .onConflict((conflict) =>
      conflict.columns(["organisation_id", "kid"]).doUpdateSet({ statement: key.statement }),
    )
    .execute();
}

export async function retireOwnKey(
  tx: Transaction<DB>,
  organisation: string,
  kid: string,
  statement: string,
): Promise<void> {
  await tx
    .updateTable("organisation_key")
    .set({ retired_at: sql`now()`, statement: sql`coalesce(statement, ${statement})` })
    .where("organisation_id", "=", organisation)
    .where("kid", "=", kid)
    .execute();
}

/** Of an envelope, as the database has it; null: none is named. */
export const digestIn = (named?: { readonly digest: string | null }) =>
  named?.digest ? Buffer.from(named.digest, "base64url") : null;

/** In order of organisation and sequence; `after` is `organisation:sequence`. */
export function listKeyLog(
  db: Kysely<DB>,
  organisation: string | null,
  after: string | null,
  limit: number,
) {
  const [lastOrganisation, lastSequence] = after?.split(":") ?? [];
  return db
    .selectFrom("key_log_entry")
    .selectAll()
    .$if(organisation !== null, (query) => query.where("organisation_id", "=", organisation!))
    .$if(after !== null && organisation === lastOrganisation, (query) =>
      query.where("sequence", ">", Number(lastSequence)),
    )
    .$if(after !== null && organisation !== lastOrganisation, (query) =>
      query.where(
        sql<boolean>`(organisation_id, sequence) > (${lastOrganisation}::uuid, ${lastSequence}::integer)`,
      ),
    )
    .orderBy("organisation_id")
    .orderBy("sequence")
    .limit(limit)
    .execute();
}
