import { sql, type Transaction } from "kysely";
import type { DB } from "../../platform/db/schema.ts";

/** Kept until any token of that name has expired: the longest life, and the skew a clock may have. False: it was revoked before. */
export async function insertRevokedToken(
  tx: Transaction<DB>,
  organisationId: string,
  jti: string,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto("revoked_token")
    .values({
      organisation_id: organisationId,
      jti,
      expires_at: sql`now() + interval '20 minutes'`,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows! > 0n;
}
