import type pg from "pg";
import type { PublicJwk } from "../../kernel/jwk.ts";
import { SCOPES, type Scope } from "../../kernel/scopes.ts";

/** A network has a first admin once. */
export class AlreadyFounded extends Error {
  override readonly name = "AlreadyFounded";
}

/**
 * Puts in the organisation that has nobody to ask, as the keeper, with its first client `admin`, and
 * writes down in its chain that this was so. Two at once: one founds, one is refused.
 * @throws AlreadyFounded
 */
export async function foundNetwork(
  owner: pg.ClientBase,
  first: {
    readonly handle: string;
    readonly issuer: string;
    readonly identity: { readonly kid: string; readonly jwk: PublicJwk };
    readonly signing: { readonly kid: string; readonly jwk: PublicJwk };
    readonly adminScopes: readonly Scope[];
  },
): Promise<string> {
  const { handle, issuer, identity, signing, adminScopes } = first;
  await owner.query("begin");
  try {
    await owner.query("lock table organisation in share row exclusive mode");
    await owner.query("set local role wayhouse_keeper");
    const { rowCount } = await owner.query("select from organisation limit 1");
    if (rowCount) throw new AlreadyFounded();
    const { rows } = await owner.query<{ id: string }>(
      "insert into organisation (handle, identity_thumbprint, identity_jwk) values ($1, $2, $3) returning id",
      [handle, identity.kid, identity.jwk],
    );
    const id = rows[0]!.id;
    await owner.query(
      "insert into organisation_account (organisation_id, issuer, scopes) values ($1, $2, $3)",
      [id, issuer, SCOPES],
    );
    await owner.query(
      "insert into organisation_key (organisation_id, kid, use, jwk) values ($1, $2, 'SIGN', $3)",
      [id, signing.kid, signing.jwk],
    );
    await owner.query(
      "insert into client (organisation_id, name, kind, scopes) values ($1, 'admin', 'ADMIN', $2)",
      [id, adminScopes],
    );
    await owner.query("select enter($1, 'admin', $2, 'found', $3)", [id, signing.kid, adminScopes]);
    const change = { event: "ORGANISATION_CHANGED", type: "Organisation", id, owner: id };
    await owner.query("select record_changes('foundNetwork', 'network:admin', $1)", [
      JSON.stringify([change]),
    ]);
    await owner.query("commit");
    return id;
  } catch (error) {
    await owner.query("rollback").catch(() => {});
    throw error;
  }
}
