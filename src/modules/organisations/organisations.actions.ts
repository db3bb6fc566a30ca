import type { Transaction } from "kysely";
import { BadUserInput, NotFound, refuse } from "../../kernel/errors.ts";
import { uuidOf } from "../../kernel/ids.ts";
import { type PublicJwk, thumbprint } from "../../kernel/jwk.ts";
import type { Scope } from "../../kernel/scopes.ts";
import type { DB } from "../../platform/db/schema.ts";
import type { Session } from "../../platform/db/session.ts";
import type { Keyed, Change } from "../../platform/db/writes.ts";
import { insertClient } from "./clients.queries.ts";
import {
  findIdOfHandle,
  findIdOfThumbprint,
  findOrganisations,
  findOwnCeiling,
  insertOrganisation,
  introduce,
  revokeEveryGrantOf,
  suspendHandoffsOf,
  updateCeiling,
  updateStatus,
} from "./organisations.queries.ts";
import {
  ADMINISTRATION,
  faultsOfFirstScopes,
  faultsOfRegistration,
  faultsOfScopes,
  faultsOfUse,
} from "./organisations.rules.ts";

export type OrganisationRow = Awaited<ReturnType<typeof findOrganisations>>[number];

/** By exactly one of the three; whoever names a thumbprint sees its organisation from then on. @throws RateLimited */
export async function findOrganisationId(
  session: Session,
  by: { readonly id?: string; readonly handle?: string; readonly thumbprint?: string },
): Promise<string | null> {
  if (Object.keys(by).length !== 1) {
    throw new BadUserInput([{ path: [], message: "give one of id, handle and thumbprint" }]);
  }
  if (by.thumbprint !== undefined) {
    // Who sees it already guesses nothing: a bot names its partners with each file that it seals or opens.
    const isKnown = (await findIdOfThumbprint(session.read, by.thumbprint)) !== null;
    if (!isKnown) await session.countIntroduction();
    return introduce(session.read, by.thumbprint);
  }
  if (by.handle !== undefined) return findIdOfHandle(session.read, by.handle);
  try {
    return uuidOf("Organisation", by.id!);
  } catch (error) {
    if (error instanceof NotFound) return null;
    throw error;
  }
}

export interface RegisterOrganisation extends Keyed {
  readonly handle: string;
  readonly identityKey: PublicJwk;
  readonly issuer: string;
  readonly jwksUri: string | null;
  readonly signingKeys: readonly PublicJwk[];
  readonly scopes: readonly Scope[];
}

/** With its first client, `admin`, which then registers the others. @throws BadUserInput */
export async function registerOrganisation(
  session: Session,
  input: RegisterOrganisation,
): Promise<string> {
  refuse([...faultsOfRegistration(input), ...faultsOfFirstScopes(input.scopes)]);
  const identityThumbprint = thumbprint(input.identityKey);
  const keys = new Map(input.signingKeys.map((jwk) => [thumbprint(jwk), jwk]));
  refuse(faultsOfUse(identityThumbprint, [...keys.keys()], ["signingKeys"]));
  const operation = { name: "registerOrganisation", scope: "network:admin" } as const;
  const { id } = await session.write(operation, input, async (tx) => {
    refuse(faultsOfScopes(input.scopes, await findOwnCeiling(tx)));
    const made = await insertOrganisation(tx, {
      ...input,
      identityThumbprint,
      signingKeys: [...keys].map(([kid, jwk]) => ({ kid, jwk })),
    });
    await insertClient(tx, made, {
      clientId: "admin",
      kind: "ADMIN",
      scopes: input.scopes.filter((scope) => ADMINISTRATION.has(scope)),
    });
    return { result: { id: made }, changes: [changed(made)] };
  });
  return id;
}

/** What it loses, its clients and its grants lose with the next statement. @throws NotFound, BadUserInput */
export function setOrganisationScopes(
  session: Session,
  input: Keyed & { readonly organisationId: string; readonly scopes: readonly Scope[] },
): Promise<OrganisationRow> {
  const uuid = uuidOf("Organisation", input.organisationId);
  const operation = { name: "setOrganisationScopes", scope: "network:admin" } as const;
  return writeOrganisation(session, operation, input, async (tx) => {
    refuse(faultsOfScopes(input.scopes, await findOwnCeiling(tx)));
    if (uuid === session.organisationId && !input.scopes.includes("network:admin")) {
      const message = "must keep NETWORK_ADMIN: another network admin may take it from you";
      throw new BadUserInput([{ path: ["scopes"], message }]);
    }
    if (!(await updateCeiling(tx, uuid, input.scopes))) throw new NotFound();
    return { id: uuid, changes: [changed(uuid)] };
  });
}

export type OrganisationStatus = "ACTIVE" | "SUSPENDED" | "LOCKED_DOWN";

/** Suspended, its grants lie dormant; locked down, they are revoked. @throws NotFound, BadUserInput */
export function setOrganisationStatus(
  session: Session,
  input: Keyed & { readonly organisationId: string; readonly status: OrganisationStatus },
): Promise<OrganisationRow> {
  const uuid = uuidOf("Organisation", input.organisationId);
  if (uuid === session.organisationId) {
    const message = "must be another's: your own is locked down with lockDownOrganisation";
    throw new BadUserInput([{ path: ["organisationId"], message }]);
  }
  const operation = { name: "setOrganisationStatus", scope: "network:admin" } as const;
  return writeOrganisation(session, operation, input, async (tx) => {
    if (!(await updateStatus(tx, uuid, input.status))) throw new NotFound();
    const revoked = input.status === "LOCKED_DOWN" ? await revokeEveryGrantOf(tx, uuid) : [];
    if (input.status !== "ACTIVE") await suspendHandoffsOf(tx, uuid, ownersOf(revoked));
    return { id: uuid, changes: [changed(uuid), ...revoked.map(ended)] };
  });
}

/** The panic button of the caller's own organisation; a network admin alone undoes it. @throws NotFound */
export function lockDownOrganisation(
  session: Session,
  input: Keyed & { readonly organisationId: string },
): Promise<OrganisationRow> {
  const uuid = uuidOf("Organisation", input.organisationId);
  if (uuid !== session.organisationId) throw new NotFound();
  const operation = { name: "lockDownOrganisation", scope: "clients:manage" } as const;
  return writeOrganisation(session, operation, input, async (tx) => {
    await updateStatus(tx, uuid, "LOCKED_DOWN");
    const revoked = await revokeEveryGrantOf(tx, uuid);
    await suspendHandoffsOf(tx, uuid, ownersOf(revoked));
    return { id: uuid, changes: [changed(uuid), ...revoked.map(ended)] };
  });
}

/** The row as its own transaction sees it: afterwards the caller may have lost the right to. */
async function writeOrganisation(
  session: Session,
  operation: Parameters<Session["write"]>[0],
  input: Keyed,
  work: (tx: Transaction<DB>) => Promise<{ id: string; changes: Change[] }>,
): Promise<OrganisationRow> {
  let row: OrganisationRow | undefined;
  const { id } = await session.write(operation, input, async (tx) => {
    const { id: uuid, changes } = await work(tx);
    [row] = await findOrganisations(tx, [uuid]);
    return { result: { id: uuid }, changes };
  });
  [row] = row ? [row] : await findOrganisations(session.read, [id]);
  if (!row) throw new NotFound();
  return row;
}

const changed = (id: string): Change => ({
  event: "ORGANISATION_CHANGED",
  type: "Organisation",
  id,
  owner: id,
});
const ownersOf = (grants: readonly { readonly owner_id: string }[]) =>
  grants.map(({ owner_id }) => owner_id);
const ended = (grant: {
  id: string;
  owner_id: string;
  organisation_id: string | null;
}): Change => ({
  event: "GRANT_CHANGED",
  type: "SharingGrant",
  id: grant.id,
  owner: grant.owner_id,
  ...(grant.organisation_id !== null && { party: grant.organisation_id }),
});
