import {
  BadUserInput,
  LimitExceeded,
  NotFound,
  refuse,
  Unauthenticated,
} from "../../kernel/errors.ts";
import { uuidOf } from "../../kernel/ids.ts";
import type { Session } from "../../platform/db/session.ts";
import type { Change, Keyed } from "../../platform/db/writes.ts";
import {
  faultsOfScopes,
  findMembers,
  findOrganisations,
  findOwnCeiling,
  lockCircle,
} from "../organisations/index.ts";
import { endGrant, insertGrant, lockGrant, reachTooFar, stands } from "./grants.queries.ts";
import {
  faultsOfTerms,
  type GrantTerms,
  MOST_GRANTS,
  MOST_REACHES,
  reachesOf,
  reachesTooMany,
} from "./grants.rules.ts";

export interface GrantScopes extends Keyed, GrantTerms {
  readonly organisationId: string | null;
  readonly circleId: string | null;
}

/**
 * To a circle it reaches the members of this moment. @throws NotFound for a grantee the caller may not
 * know of, BadUserInput for a scope that its organisation lacks, LimitExceeded, RateLimited
 */
export async function grantScopes(session: Session, input: GrantScopes): Promise<string> {
  if ((input.organisationId === null) === (input.circleId === null)) {
    const message = "give exactly one of organisationId and circleId";
    throw new BadUserInput([{ path: ["organisationId"], message }]);
  }
  const [organisationId, circleId] = [
    input.organisationId === null ? null : uuidOf("Organisation", input.organisationId),
    input.circleId === null ? null : uuidOf("Circle", input.circleId),
  ];
  const owner = session.organisationId;
  if (organisationId === owner) {
    const message = "must be another's: nobody shares with itself";
    throw new BadUserInput([{ path: ["organisationId"], message }]);
  }
  const operation = { name: "grantScopes", scope: "sharing:manage", budget: "grants" } as const;
  const { id } = await session.write(operation, input, async (tx) => {
    const [isActive, ceiling] = await Promise.all([stands(tx), findOwnCeiling(tx)]);
    if (!isActive) throw new Unauthenticated();
    refuse([...faultsOfScopes(input.scopes, ceiling), ...faultsOfTerms(input, new Date())]);
    let audience: string[];
    if (circleId !== null) {
      if (!(await lockCircle(tx, circleId, "count"))) throw new NotFound();
      const members = await findMembers(tx, [circleId]);
      audience = members.map((row) => row.organisation_id).filter((member) => member !== owner);
    } else {
      audience = (await findOrganisations(tx, [organisationId!])).map((row) => row.id);
      if (audience.length === 0) throw new NotFound();
    }
    const { scopes, countries, validFrom, validUntil } = input;
    if (reachesTooMany(input, audience.length)) {
      throw new LimitExceeded("It is too much for so many at once: name fewer countries, or none.");
    }
    // Asked before: what is taken away again with the rest may be a million rows.
    const reaches = MOST_REACHES - reachesOf(input);
    if (await reachTooFar(tx, audience, { reaches, grants: MOST_GRANTS - 1 })) {
      throw new LimitExceeded("You gave it too many: revoke those that have ended, too.");
    }
    const made = await insertGrant(tx, {
      ownerId: owner,
      organisationId,
      circleId,
      scopes,
      countries,
      validFrom,
      validUntil,
      audience,
    });
    return { result: { id: made }, changes: changesOf(made, owner, audience) };
  });
  return id;
}

/** From the commit on nobody is let in by it; revoked again, it stays as it was. @throws NotFound */
export async function revokeGrant(
  session: Session,
  input: Keyed & { readonly id: string },
): Promise<string> {
  const uuid = uuidOf("SharingGrant", input.id);
  const owner = session.organisationId;
  const operation = { name: "revokeGrant", scope: "sharing:manage" } as const;
  const { id } = await session.write(operation, input, async (tx) => {
    const grant = await lockGrant(tx, owner, uuid);
    if (!grant) throw new NotFound();
    // Taking back is never counted, so what takes nothing leaves nothing.
    if (grant.revoked_at !== null) return { result: { id: uuid }, changes: [] };
    return { result: { id: uuid }, changes: changesOf(uuid, owner, await endGrant(tx, uuid)) };
  });
  return id;
}

/** One to each whom it reaches; one to its owner alone where that is nobody. */
function changesOf(id: string, owner: string, audience: readonly string[]): Change[] {
  const change = { event: "GRANT_CHANGED", type: "SharingGrant", id, owner };
  return audience.length > 0 ? audience.map((party) => ({ ...change, party })) : [change];
}
