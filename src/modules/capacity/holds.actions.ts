import { randomUUID } from "node:crypto";
import { BadUserInput, NotFound, refuse } from "../../kernel/errors.ts";
import { isReference, uuidOf } from "../../kernel/ids.ts";
import type { Scope } from "../../kernel/scopes.ts";
import type { Session } from "../../platform/db/session.ts";
import {
  findHolds,
  findKeptApart,
  lockReferences,
  moveHold,
  placeHold,
  settleOverdueHolds,
  type Stay,
} from "./holds.queries.ts";
import { faultsOfStay, HOLD_EDGES, type HoldMove, movesFrom } from "./capacity.rules.ts";
import { findAdvisoryAgainst, type RiskProfileName } from "../advisories/index.ts";
import { findShelters } from "./shelters.queries.ts";
import {
  AdvisoryInForce,
  CapacityExhausted,
  IllegalTransition,
  KeptApart,
  Refused,
} from "./errors.ts";

const MOST_STAYS = 20;
const MOST_KEPT_APART = 50;
const LONGEST_HOLD_MINUTES = 7 * 24 * 60;

export interface HoldBeds {
  readonly idempotencyKey: string;
  readonly stays: readonly Stay[];
  readonly ttlMinutes: number;
  readonly riskProfile: RiskProfileName;
  /** The holder's own, a random UUID. */
  readonly caseReference: string | null;
  /** Own references and ids of own holds. */
  readonly keepApartFrom: readonly string[];
}

/** All stays at one host, or none. @throws AdvisoryInForce, CapacityExhausted, KeptApart, NotFound, BadUserInput */
export async function holdBeds(session: Session, input: HoldBeds): Promise<string> {
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
  if (input.keepApartFrom.length > MOST_KEPT_APART) {
    issues.push({ path: ["keepApartFrom"], message: `must be at most ${MOST_KEPT_APART}` });
  }
  if (input.caseReference !== null && !isReference(input.caseReference)) {
    issues.push({ path: ["caseReference"], message: "must be a random UUID (version 4)" });
  }
  refuse(issues);
  const references = input.keepApartFrom.filter(isReference);
  const holds = input.keepApartFrom
    .filter((id) => !isReference(id))
    .map((id) => uuidOf("BedHold", id));
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
      const countries = shelters.map(({ country }) => country);
      const advisory = await findAdvisoryAgainst(tx, countries, input.riskProfile);
      if (advisory !== null) throw new Refused(new AdvisoryInForce(advisory));
      const { caseReference, ttlMinutes } = input;
      if (references.length + holds.length > 0 || caseReference !== null) {
        const own = caseReference === null ? references : [...references, caseReference];
        await lockReferences(tx, session.organisationId, own);
        const known = await findHolds(tx, holds);
        if (
          !holds.every((id) =>
            known.some((row) => row.id === id && row.holder_id === session.organisationId),
          )
        )
          throw new NotFound();
        const apart = await findKeptApart(tx, stays, { references, holds });
        if (apart !== null) throw new Refused(new KeptApart(apart));
      }
      const hold = randomUUID();
      const placed = await placeHold(tx, { id: hold, ttlMinutes, caseReference, stays });
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
