import { NotFound, refuse } from "../../kernel/errors.ts";
import type { Session } from "../../platform/db/session.ts";
import type { Keyed } from "../../platform/db/writes.ts";
import { faultsOfJti } from "./organisations.rules.ts";
import type { OrganisationRow } from "./organisations.actions.ts";
import { findOrganisations } from "./organisations.queries.ts";
import { insertRevokedToken } from "./tokens.queries.ts";

/**
 * For a token of the caller's own organisation; another's of the same name stays as it is. Counted against nothing, though
 * each leaves an entry: a stolen one is locked out whatever else was done in the hour. @throws BadUserInput
 */
export async function revokeToken(
  session: Session,
  input: Keyed & { readonly jti: string },
): Promise<OrganisationRow> {
  refuse(faultsOfJti(input.jti));
  const id = session.organisationId;
  const operation = { name: "revokeToken", scope: "clients:manage" } as const;
  let row: OrganisationRow | undefined;
  await session.write(operation, input, async (tx) => {
    const isNew = await insertRevokedToken(tx, id, input.jti);
    // As its own transaction sees it: whoever revokes its own token sees nothing afterwards.
    [row] = await findOrganisations(tx, [id]);
    // To itself alone: nobody else is to hear how often.
    const change = {
      event: "ORGANISATION_CHANGED",
      type: "Organisation",
      id,
      owner: id,
      party: id,
    };
    return { result: {}, changes: isNew ? [change] : [] };
  });
  [row] = row ? [row] : await findOrganisations(session.read, [id]);
  if (!row) throw new NotFound();
  return row;
}
