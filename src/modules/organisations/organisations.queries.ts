import { type Kysely, sql, type Transaction } from "kysely";
import type { PublicJwk } from "../../kernel/jwk.ts";
import type { DB } from "../../platform/db/schema.ts";

const COLUMNS = [
  "id",
  "handle",
  "status",
  "identity_thumbprint",
  sql<PublicJwk>`identity_jwk`.as("identity_jwk"),
] as const;

/** As it is read with what it owns or sent; its key is read when it is asked for. */
export interface OrganisationCard {
  readonly id: string;
  readonly handle: string;
  readonly status: string;
  readonly identity_thumbprint: string;
  readonly identity_jwk?: PublicJwk;
}
/** Whole, or its id alone. */
export type OrganisationRef = OrganisationCard | { readonly id: string; readonly handle?: never };

/** A card as `of` of the row, from columns that begin with `from`. */
export const cardColumns = (of: string, from: string, id = `${from}_id`) =>
  `${id} as "${of}.id", ${from}_handle as "${of}.handle", ${from}_status as "${of}.status",
    ${from}_thumbprint as "${of}.identity_thumbprint"`;

export function findOrganisations(db: Kysely<DB>, ids: readonly string[]) {
  return db
    .selectFrom("organisation")
    .select(COLUMNS)
    .where("id", "=", sql<string>`any(${ids}::uuid[])`)
    .execute();
}

/** Those the caller may know of, itself included, in order of id. */
export function listOrganisations(db: Kysely<DB>, after: string | null, limit: number) {
  return db
    .selectFrom("organisation")
    .select(COLUMNS)
    .$if(after !== null, (query) => query.where("id", ">", after))
    .orderBy("id")
    .limit(limit)
    .execute();
}

export async function findIdOfHandle(db: Kysely<DB>, handle: string): Promise<string | null> {
  const row = await db
    .selectFrom("organisation")
    .select("id")
    .where("handle", "=", handle)
    .executeTakeFirst();
  return row?.id ?? null;
}

export async function findIdOfThumbprint(
  db: Kysely<DB>,
  thumbprint: string,
): Promise<string | null> {
  const row = await db
    .selectFrom("organisation")
    .select("id")
    .where("identity_thumbprint", "=", thumbprint)
    .executeTakeFirst();
  return row?.id ?? null;
}

/** Whoever names a thumbprint sees its organisation from then on. */
export async function introduce(db: Kysely<DB>, thumbprint: string): Promise<string | null> {
  const { rows } = await sql<{ id: string | null }>`select introduce(${thumbprint}) as id`.execute(
    db,
  );
  return rows[0]?.id ?? null;
}

/** Ceilings that the caller may see: its own with clients:manage, with network:admin any. */
export function findCeilings(db: Kysely<DB>, ids: readonly string[]) {
  return db
    .selectFrom("organisation_account")
    .select(["organisation_id", "scopes"])
    .where("organisation_id", "=", sql<string>`any(${ids}::uuid[])`)
    .where(sql<boolean>`(select viewer_may('clients:manage', 'network:admin'))`)
    .execute();
}

/** All that this organisation may give. */
export async function findOwnCeiling(tx: Transaction<DB>): Promise<ReadonlySet<string>> {
  const row = await tx
    .selectFrom("organisation_account")
    .select("scopes")
    .where("organisation_id", "=", sql<string>`(select viewer_organisation())`)
    .executeTakeFirstOrThrow();
  return new Set(row.scopes);
}

interface NewOrganisation {
  readonly handle: string;
  readonly identityKey: PublicJwk;
  readonly identityThumbprint: string;
  readonly issuer: string;
  readonly jwksUri: string | null;
  readonly signingKeys: readonly { readonly kid: string; readonly jwk: PublicJwk }[];
  readonly scopes: readonly string[];
}

export async function insertOrganisation(
  tx: Transaction<DB>,
  made: NewOrganisation,
): Promise<string> {
  const { id } = await tx
    .insertInto("organisation")
    .values({
      handle: made.handle,
      identity_thumbprint: made.identityThumbprint,
      identity_jwk: JSON.stringify(made.identityKey),
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  await tx
    .insertInto("organisation_account")
    .values({
      organisation_id: id,
      issuer: made.issuer,
      jwks_uri: made.jwksUri,
      scopes: [...made.scopes],
    })
    .execute();
  if (made.signingKeys.length > 0) {
    await tx
      .insertInto("organisation_key")
      .values(
        made.signingKeys.map(({ kid, jwk }) => ({
          organisation_id: id,
          kid,
          use: "SIGN",
          jwk: JSON.stringify(jwk),
        })),
      )
      .execute();
  }
  return id;
}

/** False if there is no such organisation. */
export async function updateCeiling(
  tx: Transaction<DB>,
  id: string,
  scopes: readonly string[],
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("organisation_account")
    .set({ scopes: [...scopes] })
    .where("organisation_id", "=", id)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** False if there is no such organisation. */
export async function updateStatus(
  tx: Transaction<DB>,
  id: string,
  status: string,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("organisation")
    .set({ status })
    .where("id", "=", id)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Its live handoffs stop and their envelopes are gone; the other sides are told. `others`: whose chains the call tells as well. */
export async function suspendHandoffsOf(
  tx: Transaction<DB>,
  id: string,
  others: readonly string[],
): Promise<void> {
  await sql`select suspend_handoffs_of(${id}, ${others}::uuid[])`.execute(tx);
}

/** Given and received; the grants that ended thereby. */
export async function revokeEveryGrantOf(tx: Transaction<DB>, id: string) {
  const { rows } = await sql<{ id: string; owner_id: string; organisation_id: string | null }>`
    select id, owner_id, organisation_id from revoke_every_grant_of(${id}) order by id
  `.execute(tx);
  return rows;
}
