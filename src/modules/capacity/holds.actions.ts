import { randomUUID } from "node:crypto";
import type { Transaction } from "kysely";
import { NotFound, refuse } from "../../kernel/errors.ts";
import { isReference, uuidOf } from "../../kernel/ids.ts";
import { IllegalTransition, Refused } from "../../kernel/refusals.ts";
import type { Scope } from "../../kernel/scopes.ts";
import type { DB } from "../../platform/db/schema.ts";
import type { Change, Keyed, Session } from "../../platform/db/session.ts";
import {
  findAdvisoryAt,
  findHolds,
  findKeptApart,
  findSheltersToHold,
  lockHostedHold,
  lockReferences,
  moveHold,
  placeHold,
  putInstructions,
  settleOverdueHolds,
  type Stay,
} from "./holds.queries.ts";
import {
  faultsOfHold,
  faultsOfStayAt,
  HOLD_EDGES,
  type HoldMove,
  movesFrom,
} from "./capacity.rules.ts";
import type { RiskProfileName } from "../advisories/index.ts";
import { inspectEnvelope, refuseStrayEnvelope } from "../organisations/index.ts";
import { AdvisoryInForce, CapacityExhausted, KeptApart } from "./errors.ts";

export interface HoldBeds {
  readonly stays: readonly Stay[];
  readonly ttlMinutes: number;
  readonly riskProfile: RiskProfileName;
  /** The holder's own, a random UUID. */
  readonly caseReference: string | null;
  /** Own references and ids of own holds. */
  readonly keepApartFrom: readonly string[];
}

/** All stays at one host, or none. @throws AdvisoryInForce, CapacityExhausted, KeptApart, NotFound, BadUserInput */
export async function holdBeds(session: Session, input: HoldBeds & Keyed): Promise<string> {
  const hold = prepareHold(input);
  const operation = { name: "holdBeds", scope: "beds:hold", budget: "holds" } as const;
  const { id } = await whereBedsAreFree(session, hold, () =>
    session.write(operation, input, async (tx) => {
      const change = await placeWithin(tx, session, hold);
      return { result: { id: change.id }, changes: [change] };
    }),
  );
  return id;
}

/** Beds of holds past their time are free: whoever finds none has those freed, and looks once more. */
export async function whereBedsAreFree<R>(
  session: Session,
  { stays }: PreparedHold,
  place: () => Promise<R>,
): Promise<R> {
  try {
    return await place();
  } catch (error) {
    if (!(error instanceof Refused && error.refusal instanceof CapacityExhausted)) throw error;
    const freed = await settleOverdueHolds(
      session.read,
      stays.map(({ shelterId }) => shelterId),
    );
    if (freed === 0) throw error;
    return place();
  }
}

export interface PreparedHold extends HoldBeds {
  readonly stays: readonly Stay[];
  /** Of keepApartFrom. */
  readonly references: readonly string[];
  readonly holds: readonly string[];
}

/** What can be said of a hold before any look at the data. @throws BadUserInput, NotFound */
export function prepareHold(input: HoldBeds): PreparedHold {
  refuse(faultsOfHold(input, new Date().toISOString().slice(0, 10)));
  const stays = input.stays.map((stay) => ({
    ...stay,
    shelterId: uuidOf("Shelter", stay.shelterId),
  }));
  const references = input.keepApartFrom.filter(isReference);
  const holds = input.keepApartFrom
    .filter((id) => !isReference(id))
    .map((id) => uuidOf("BedHold", id));
  return { ...input, stays, references, holds };
}

/** Within whatever transaction needs the beds; what it throws rolls that back. */
export async function placeWithin(
  tx: Transaction<DB>,
  session: Session,
  hold: PreparedHold,
): Promise<Change> {
  const { stays, caseReference, ttlMinutes } = hold;
  const id = randomUUID();
  const shelterIds = stays.map(({ shelterId }) => shelterId);
  const isKeptApart = hold.references.length + hold.holds.length > 0 || caseReference !== null;
  const place = () => placeHold(tx, { id, ttlMinutes, caseReference, stays });
  // Asked at once, and each refusal told in this order: what was placed all the same is rolled back.
  const [shelters, advisory, first] = await Promise.all([
    findSheltersToHold(tx, shelterIds),
    findAdvisoryAt(tx, shelterIds, hold.riskProfile),
    isKeptApart ? null : place(),
  ]);
  refuseUnfitStays(stays, shelters);
  if (advisory !== null) throw new Refused(new AdvisoryInForce(advisory));
  if (isKeptApart) await refuseTogether(tx, session, hold);
  const placed = isKeptApart ? await place() : first;
  if (!placed) throw new NotFound();
  if (placed.exhausted_id) throw new Refused(new CapacityExhausted(placed.exhausted_id));
  const change = { event: "BED_HOLD_CHANGED", type: "BedHold", id };
  return { ...change, owner: placed.host_id, party: session.organisationId };
}

/** @throws NotFound, BadUserInput */
function refuseUnfitStays(
  stays: readonly Stay[],
  shelters: Awaited<ReturnType<typeof findSheltersToHold>>,
): void {
  const known = new Map(shelters.map((shelter) => [shelter.id, shelter]));
  for (const [index, stay] of stays.entries()) {
    const shelter = known.get(stay.shelterId);
    if (!shelter) throw new NotFound();
    const faults = faultsOfStayAt(stay, shelter, known.get(stays[0]!.shelterId)!.owner_id);
    refuse(faults.map(({ path, message }) => ({ path: ["stays", index, ...path], message })));
  }
}

/** @throws KeptApart, NotFound for a hold to keep apart from that is not the caller's */
async function refuseTogether(
  tx: Transaction<DB>,
  { organisationId }: Session,
  { stays, caseReference, references, holds }: PreparedHold,
): Promise<void> {
  const own = caseReference === null ? references : [...references, caseReference];
  await lockReferences(tx, organisationId, own);
  const known = await findHolds(tx, holds);
  const isOwn = (id: string) =>
    known.some((row) => row.id === id && row.holder_id === organisationId);
  if (!holds.every(isOwn)) throw new NotFound();
  const apart = await findKeptApart(tx, stays, { references, holds });
  if (apart !== null) throw new Refused(new KeptApart(apart));
}

const OPERATIONS = {
  CONFIRMED: { name: "confirmBedHold", scope: "beds:hold" },
  RELEASED: { name: "releaseBedHold", scope: "beds:hold" },
  DECLINED: { name: "declineBedHold", scope: "beds:manage" },
} as const satisfies Record<HoldMove, { name: string; scope: Scope }>;

/** @throws IllegalTransition from a state without this edge, NotFound if not the caller's to move */
export async function changeBedHold(
  session: Session,
  input: { readonly idempotencyKey: string; readonly id: string },
  to: HoldMove,
): Promise<string> {
  const uuid = uuidOf("BedHold", input.id);
  const { id } = await session.write(OPERATIONS[to], input, async (tx) => {
    const from: readonly string[] = HOLD_EDGES[to];
    const moved = await moveHold(tx, uuid, from, to);
    if (!moved) throw new NotFound();
    if (!from.includes(moved.was))
      throw new Refused(new IllegalTransition(moved.was, movesFrom(moved.was)));
    const change = { event: "BED_HOLD_CHANGED", type: "BedHold", id: uuid };
    return {
      result: { id: uuid },
      changes: [{ ...change, owner: moved.host_id, party: moved.holder_id }],
    };
  });
  return id;
}

/** Sealed by the host to the holder, while it is held or confirmed. @throws IllegalTransition, NotFound, BadUserInput */
export async function sendInstructions(
  session: Session,
  input: Keyed & { readonly id: string; readonly envelope: string },
): Promise<string> {
  const uuid = uuidOf("BedHold", input.id);
  const kid = await inspectEnvelope(input.envelope);
  const operation = { name: "sendInstructions", scope: "beds:manage" } as const;
  await session.write(operation, input, async (tx) => {
    const hold = await lockHostedHold(tx, uuid);
    if (!hold) throw new NotFound();
    if (hold.status !== "HELD" && hold.status !== "CONFIRMED") {
      throw new Refused(new IllegalTransition(hold.status, movesFrom(hold.status)));
    }
    await refuseStrayEnvelope(tx, kid, hold.holder_id);
    await putInstructions(tx, uuid, input.envelope);
    const change = { event: "BED_HOLD_CHANGED", type: "BedHold", id: uuid };
    const changes = [{ ...change, owner: session.organisationId, party: hold.holder_id }];
    return { result: { id: uuid }, changes };
  });
  return uuid;
}
