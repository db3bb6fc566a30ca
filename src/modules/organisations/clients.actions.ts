import type { Transaction } from "kysely";
import {
  BadUserInput,
  Forbidden,
  LimitExceeded,
  NotFound,
  refuse,
  Unauthenticated,
} from "../../kernel/errors.ts";
import { uuidOf } from "../../kernel/ids.ts";
import type { Scope } from "../../kernel/scopes.ts";
import type { DB } from "../../platform/db/schema.ts";
import type { Session } from "../../platform/db/session.ts";
import type { Keyed, Change } from "../../platform/db/writes.ts";
import type { Budget } from "../../platform/limits/limits.ts";
import {
  findClients,
  insertClient,
  lockClients,
  type NewClient,
  updateClientDpop,
  updateClientRevoked,
  updateClientScopes,
} from "./clients.queries.ts";
import { findOwnCeiling } from "./organisations.queries.ts";
import { faultsOfClientId, faultsOfScopes, hasAdmin, MOST_CLIENTS } from "./organisations.rules.ts";

export type ClientRow = Awaited<ReturnType<typeof findClients>>[number];

/** @throws BadUserInput for a scope the organisation lacks, and for a client id it already has, LimitExceeded, RateLimited */
export async function registerClient(
  session: Session,
  input: Keyed & NewClient & { readonly scopes: readonly Scope[] },
): Promise<string> {
  refuse(faultsOfClientId(input.clientId));
  const owner = session.organisationId;
  const operation = { name: "registerClient", scope: "clients:manage", budget: "clients" } as const;
  const { id } = await session.write(operation, input, async (tx) => {
    const clients = await lockClients(tx, owner, null);
    refuseFormer(clients, session.clientId);
    if (clients.length >= MOST_CLIENTS)
      throw new LimitExceeded(`You have ${MOST_CLIENTS} clients: revoke one first.`);
    refuse(faultsOfScopes(input.scopes, await findOwnCeiling(tx)));
    const made = await insertClient(tx, owner, input);
    return { result: { id: made }, changes: [changed(made, owner)] };
  });
  return id;
}

/**
 * What it may not do yet is counted, since an entry of it stays; what is taken from it never is.
 * @throws NotFound, BadUserInput, also where nobody would be left to manage clients, RateLimited
 */
export function setClientScopes(
  session: Session,
  input: Keyed & { readonly id: string; readonly scopes: readonly Scope[] },
): Promise<ClientRow> {
  const operation = { name: "setClientScopes", scope: "clients:manage" } as const;
  return writeClient(session, operation, input, async (tx, clients, client) => {
    refuse(faultsOfScopes(input.scopes, await findOwnCeiling(tx)));
    refuseWithoutAdmin(clients, { ...client, scopes: [...input.scopes] });
    await updateClientScopes(tx, client.id, input.scopes);
    const isMore = input.scopes.some((scope) => !client.scopes.includes(scope));
    const isChanged = isMore || input.scopes.length < client.scopes.length;
    return { isChanged, budget: isMore ? "upkeep" : null };
  });
}

/**
 * Whether a token of its opens anything without a proof of the key it is bound to. Requiring it is never counted.
 * @throws NotFound, RateLimited
 */
export function setClientDpop(
  session: Session,
  input: Keyed & { readonly id: string; readonly requireDpop: boolean },
): Promise<ClientRow> {
  const operation = { name: "setClientDpop", scope: "clients:manage" } as const;
  return writeClient(session, operation, input, async (tx, _, client) => {
    await updateClientDpop(tx, client.id, input.requireDpop);
    const isChanged = input.requireDpop !== client.require_dpop;
    const isMore = isChanged && !input.requireDpop;
    return { isChanged, budget: isMore ? "upkeep" : null };
  });
}

/** Its tokens open nothing from then on; for good. Never counted. @throws NotFound, BadUserInput for the last admin */
export function revokeClient(
  session: Session,
  input: Keyed & { readonly id: string },
): Promise<ClientRow> {
  const operation = { name: "revokeClient", scope: "clients:manage" } as const;
  return writeClient(session, operation, input, async (tx, clients, client) => {
    if (client.revoked_at !== null) return { isChanged: false, budget: null };
    refuseWithoutAdmin(clients, { ...client, revoked_at: new Date() });
    await updateClientRevoked(tx, client.id);
    return { isChanged: true, budget: null };
  });
}

interface Outcome {
  /** False: as it was, and nothing is entered or told. Else whoever repeats it would write without end. */
  readonly isChanged: boolean;
  readonly budget: Budget | null;
}

/** The row as its own transaction sees it: whoever revokes itself sees nothing afterwards. */
async function writeClient(
  session: Session,
  operation: Parameters<Session["write"]>[0],
  input: Keyed & { readonly id: string },
  work: (tx: Transaction<DB>, clients: readonly ClientRow[], client: ClientRow) => Promise<Outcome>,
): Promise<ClientRow> {
  const uuid = uuidOf("Client", input.id);
  const owner = session.organisationId;
  let row: ClientRow | undefined;
  await session.write(operation, input, async (tx) => {
    const clients = await lockClients(tx, owner, uuid);
    refuseFormer(clients, session.clientId);
    const client = clients.find(({ id }) => id === uuid);
    if (!client) throw new NotFound();
    const { isChanged, budget } = await work(tx, clients, client);
    [row] = await findClients(tx, [uuid]);
    return { result: { id: uuid }, changes: isChanged ? [changed(uuid, owner)] : [], budget };
  });
  [row] = row ? [row] : await findClients(session.read, [uuid]);
  if (!row) throw new NotFound();
  return row;
}

/** Who waited for the lock may have lost its right meanwhile. @throws Unauthenticated, Forbidden */
function refuseFormer(clients: readonly ClientRow[], caller: string): void {
  const own = clients.find(({ id }) => id === caller);
  if (!own || own.revoked_at !== null) throw new Unauthenticated();
  if (!own.scopes.includes("clients:manage")) throw new Forbidden();
}

function refuseWithoutAdmin(clients: readonly ClientRow[], changedClient: ClientRow): void {
  const after = clients.map((client) => (client.id === changedClient.id ? changedClient : client));
  if (hasAdmin(after)) return;
  const message = "is the last ADMIN client with CLIENTS_MANAGE: register another one first";
  throw new BadUserInput([{ path: ["id"], message }]);
}

const changed = (id: string, owner: string): Change => ({
  event: "ORGANISATION_CHANGED",
  type: "Client",
  id,
  owner,
});
