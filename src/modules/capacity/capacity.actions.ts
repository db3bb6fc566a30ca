import { randomUUID } from "node:crypto";
import { BadUserInput, NotFound } from "../../kernel/errors.ts";
import { uuidOf } from "../../kernel/ids.ts";
import type { Scope } from "../../kernel/scopes.ts";
import type { Session } from "../../platform/db/session.ts";
import { moveHold, placeHold, settleOverdueHolds, type Stay } from "./capacity.queries.ts";
import {
  faultsOfKey,
  faultsOfStay,
  HOLD_EDGES,
  type HoldMove,
  movesFrom,
} from "./capacity.rules.ts";
import { findShelters } from "./shelters.queries.ts";
import { CapacityExhausted, IllegalTransition, Refused } from "./errors.ts";

const MOST_STAYS = 20;
const LONGEST_HOLD_MINUTES = 7 * 24 * 60;

export interface HoldBeds {
  readonly idempotencyKey: string;
  readonly stays: readonly Stay[];
  readonly ttlMinutes: number;
}

/** All stays at one host, or none. @throws CapacityExhausted, NotFound, BadUserInput */
export async function holdBeds(session: Session, input: HoldBeds): Promise<string> {
  refuseKey(input.idempotencyKey);
  const today = new Date().toISOString().slice(0, 10);
  const issues = input.stays.flatMap((stay, index) =>
    faultsOfStay(stay, today).map(({ path, message }) => ({
      path: ["stays", index, ...path],
      message,
    })),
  );
  if (input.stays.length < 1 || input.stays.length > MOST_STAYS) {
    issues.push({ path: ["stays"], message: `must be from 1 to ${MOST_STAYS}` });
  }
  if (input.ttlMinutes < 1 || input.ttlMinutes > LONGEST_HOLD_MINUTES) {
    issues.push({ path: ["ttlMinutes"], message: `must be from 1 to ${LONGEST_HOLD_MINUTES}` });
  }
  if (issues.length > 0) throw new BadUserInput(issues);
  const stays = input.stays.map((stay) => ({
    ...stay,
    shelterId: uuidOf("Shelter", stay.shelterId),
  }));
  await settleOverdueHolds(
    session.read,
    stays.map(({ shelterId }) => shelterId),
  );

  const { id } = await session.write(
    { name: "holdBeds", scope: "beds:hold" },
    input,
    async (tx) => {
      const shelters = await findShelters(
        tx,
        stays.map(({ shelterId }) => shelterId),
      );
      const known = new Map(shelters.map((shelter) => [shelter.id, shelter]));
      for (const [index, stay] of stays.entries()) {
        const shelter = known.get(stay.shelterId);
        if (!shelter) throw new NotFound();
        const nights = (Date.parse(stay.checkOut) - Date.parse(stay.checkIn)) / 86_400_000;
        if (shelter.max_stay_nights !== null && nights > shelter.max_stay_nights) {
          const message = `must be at most ${shelter.max_stay_nights} nights after checkIn`;
          throw new BadUserInput([{ path: ["stays", index, "checkOut"], message }]);
        }
        if (shelter.owner_id !== known.get(stays[0]!.shelterId)!.owner_id) {
          throw new BadUserInput([
            { path: ["stays", index, "shelterId"], message: "must be of the first stay's host" },
          ]);
        }
      }
      const hold = randomUUID();
      const placed = await placeHold(tx, { id: hold, ttlMinutes: input.ttlMinutes, stays });
      if (!placed) throw new NotFound();
      if (placed.exhausted_id) throw new Refused(new CapacityExhausted(placed.exhausted_id));
      const change = { event: "BED_HOLD_CHANGED", type: "BedHold", id: hold };
      return {
        result: { id: hold },
        changes: [{ ...change, owner: placed.host_id, party: session.organisationId }],
      };
    },
  );
  return id;
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
  refuseKey(input.idempotencyKey);
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

function refuseKey(key: string): void {
  const faults = faultsOfKey(key);
  if (faults.length > 0) throw new BadUserInput(faults);
}
