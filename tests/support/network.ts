import { randomBytes } from "node:crypto";
import pg from "pg";
import type { Scope } from "../../src/kernel/scopes.ts";
import type { Identity } from "../../src/platform/db/admission.ts";

/** Plants an organisation with one client behind the API's back, as the bootstrap of a network does. */
export async function plantOrganisation(
  ownerUrl: string,
  handle: string,
  scopes: readonly Scope[],
): Promise<Identity> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query("begin");
    await client.query("set local role wayhouse_keeper");
    const { rows } = await client.query<{ id: string }>(
      "insert into organisation (handle, identity_thumbprint, identity_jwk) values ($1, $1, '{}') returning id",
      [handle],
    );
    const organisationId = rows[0]!.id;
    const list = [...scopes];
    await client.query("insert into organisation_account values ($1, $2, null, $3)", [
      organisationId,
      `https://${handle}.example`,
      list,
    ]);
    await client.query(
      "insert into organisation_key (organisation_id, kid, use, jwk) values ($1, 'key', 'SIGN', '{}')",
      [organisationId],
    );
    await client.query(
      "insert into client (organisation_id, name, kind, scopes) values ($1, 'bot', 'BOT', $2)",
      [organisationId, list],
    );
    await client.query("commit");
    const jti = randomBytes(16).toString("hex");
    return { organisationId, clientName: "bot", kid: "key", jti, scopes, jkt: null };
  } finally {
    await client.end();
  }
}
