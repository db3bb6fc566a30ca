import { BadUserInput, LimitExceeded, NotFound, refuse } from "../../kernel/errors.ts";
import { uuidOf } from "../../kernel/ids.ts";
import { spelled } from "../../kernel/names.ts";
import type { Session } from "../../platform/db/session.ts";
import type { Change, Keyed } from "../../platform/db/writes.ts";
import { settleOverdueHolds } from "./holds.queries.ts";
import { faultsOfNames, faultsOfNights, faultsOfShelter, MOST_SHELTERS } from "./capacity.rules.ts";
import {
  assureShelter,
  countShelters,
  insertShelter,
  type NewShelter,
  openNights,
  updateNames,
  updateNights,
} from "./shelters.queries.ts";

/** @throws BadUserInput, also if another shelter of the caller's has the label, LimitExceeded */
export async function createShelter(session: Session, given: Keyed & NewShelter): Promise<string> {
  const names = { label: spelled(given.label), locality: spelled(given.locality) };
  const input = { ...given, ...names };
  refuse(faultsOfShelter(input));
  const { idempotencyKey: _, ...shelter } = input;
  const owner = session.organisationId;
  const operation = { name: "createShelter", scope: "beds:manage" } as const;
  const { id } = await session.write(operation, input, async (tx) => {
    if ((await countShelters(tx, owner)) >= MOST_SHELTERS) {
      throw new LimitExceeded(`You have ${MOST_SHELTERS} shelters: use one of them again.`);
    }
    const made = await insertShelter(tx, owner, shelter);
    return { result: { id: made }, changes: [changed(made, owner, shelter.country)] };
  });
  return id;
}

/**
 * A name that was mistyped, or that gives the place away. Nothing that is kept says the earlier one.
 * @throws BadUserInput, also if another shelter of the caller's has the label, NotFound, RateLimited
 */
export async function renameShelter(
  session: Session,
  given: Keyed & {
    readonly shelterId: string;
    /** Null: as it is. */
    readonly label: string | null;
    readonly locality: string | null;
  },
): Promise<string> {
  const label = given.label && spelled(given.label);
  const locality = given.locality && spelled(given.locality);
  const input = { ...given, label, locality };
  refuse(faultsOfNames(input));
  const shelterId = uuidOf("Shelter", input.shelterId);
  const operation = { name: "renameShelter", scope: "beds:manage", budget: "upkeep" } as const;
  const owner = session.organisationId;
  const { id } = await session.write(operation, input, async (tx) => {
    const country = await updateNames(tx, owner, shelterId, { label, locality });
    if (country === null) throw new NotFound();
    return { result: { id: shelterId }, changes: [changed(shelterId, owner, country)] };
  });
  return id;
}

export interface SetBeds extends Keyed {
  readonly shelterId: string;
  readonly from: string;
  /** Exclusive. */
  readonly until: string;
  /** Null: as it is. */
  readonly maximum: number | null;
  readonly outOfService: number | null;
}

/** Never below what is held or occupied. @throws BadUserInput, NotFound, RateLimited */
export async function setBeds(session: Session, input: SetBeds): Promise<string> {
  const shelterId = uuidOf("Shelter", input.shelterId);
  await settleOverdueHolds(session.read, [shelterId]);
  const operation = { name: "setBeds", scope: "beds:manage", budget: "upkeep" } as const;
  const owner = session.organisationId;
  const setting = session.write(operation, input, async (tx) => {
    refuse(faultsOfNights(input, new Date().toISOString().slice(0, 10)));
    const country = await assureShelter(tx, owner, shelterId);
    if (country === null) throw new NotFound();
    // The last ones open once an hour: none that is named here is to begin as if nothing had been said.
    await Promise.all([openNights(tx, shelterId), updateNights(tx, { ...input, shelterId })]);
    return { result: { id: shelterId }, changes: [changed(shelterId, owner, country)] };
  });
  const { id } = await setting.catch((error: unknown) => {
    throw input.maximum === null ? ofOutOfService(error) : error;
  });
  return id;
}

/** The database says that a night does not fit, not by which of the two. */
function ofOutOfService(error: unknown): unknown {
  if (!(error instanceof BadUserInput && error.issues[0]?.path[0] === "maximum")) return error;
  const message =
    "must not exceed what is neither held nor occupied: decline what is held, and ask its holders to release what is occupied";
  return new BadUserInput([{ path: ["outOfService"], message }]);
}

const changed = (id: string, owner: string, country: string): Change => ({
  event: "BEDS_CHANGED",
  type: "Shelter",
  id,
  owner,
  country,
});
