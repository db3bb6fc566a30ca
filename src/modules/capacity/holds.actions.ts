import { randomUUID } from "node:crypto";
import type { Transaction } from "kysely";
import { BadUserInput, NotFound, refuse } from "../../kernel/errors.ts";
import { isReference, uuidOf } from "../../kernel/ids.ts";
import { EnvelopeReplaced, IllegalTransition, Refused } from "../../kernel/refusals.ts";
import type { Scope } from "../../kernel/scopes.ts";
import { raisedBy } from "../../platform/db/errors.ts";
import type { DB } from "../../platform/db/schema.ts";
import type { Session } from "../../platform/db/session.ts";
import type { Change, Keyed } from "../../platform/db/writes.ts";
import {
  findHolds,
  type HoldRow,
  lockHostedHold,
  moveHold,
  replaceInstructions,
  settleOverdueHolds,
  type Stay,
  takeBeds,
  takeBedsWithin,
} from "./holds.queries.ts";
import {
  faultsOfHold,
  faultsOfStayAt,
  HOLD_EDGES,
  type HoldMove,
  movesFrom,
} from "./capacity.rules.ts";
import type { RiskProfileName } from "../advisories/index.ts";
import { inspectEnvelope, refuseStrayEnvelope, type Sealing } from "../organisations/index.ts";
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
export async function holdBeds(session: Session, input: HoldBeds & Keyed): Promise<HeldBeds> {
  const operation = { name: "holdBeds", scope: "beds:hold", budget: "holds" } as const;
  let hold: PreparedHold;
  try {
    hold = prepareHold(input);
  } catch (refusal) {
    // It may have been placed under this key when its first night was not over yet.
    const { id } = await session.write<{ id: string }>(operation, input, () =>
      Promise.reject(refusal as Error),
    );
    return { id, hold: null };
  }
  const recorded = { action: operation.name, scope: operation.scope };
  const { result, rows } = await whereBedsAreFree(session, input, async () => {
    const id = randomUUID();
    try {
      const work = takeBeds({ ...hold, id }, recorded);
      return await session.writeAtOnce<{ id: string }, HoldRow>(operation, input, { id }, work);
    } catch (error) {
      throw refusalIn(error, hold);
    }
  });
  return { id: result.id, hold: rows && rows[0]! };
}

interface HeldBeds {
  readonly id: string;
  /** As it is now; null where it was placed by an earlier call. */
  readonly hold: HoldRow | null;
}

/** Beds of holds past their time are free: whoever finds none has those freed, and looks once more. */
export async function whereBedsAreFree<R>(
  session: Session,
  { stays }: HoldBeds,
  place: () => Promise<R>,
): Promise<R> {
  try {
    return await place();
  } catch (error) {
    if (!(error instanceof Refused && error.refusal instanceof CapacityExhausted)) throw error;
    const freed = await settleOverdueHolds(
      session.read,
      stays.map(({ shelterId }) => uuidOf("Shelter", shelterId)),
    );
    if (freed === 0) throw error;
    return place();
  }
}

interface PreparedHold extends HoldBeds {
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
export async function placeWithin(tx: Transaction<DB>, hold: PreparedHold): Promise<Change> {
  const id = randomUUID();
  try {
    const { host, holder } = await takeBedsWithin(tx, { ...hold, id });
    return changed(id, host.id, holder.id);
  } catch (error) {
    throw refusalIn(error, hold);
  }
}

/** What take_beds raised, as the caller is told it; whatever else was thrown as it is. */
function refusalIn(error: unknown, { stays }: PreparedHold): unknown {
  const raised = raisedBy(error, "WH002") as Raised | null;
  if (!raised) return error;
  if ("advisory" in raised) return new Refused(new AdvisoryInForce(raised.advisory));
  if ("keptApart" in raised) return new Refused(new KeptApart(raised.keptApart));
  if ("exhausted" in raised) return new Refused(new CapacityExhausted(raised.exhausted));
  const [first] = raised.unfit;
  const issues = stays.flatMap((stay, index) =>
    faultsOfStayAt(stay, raised.unfit[index]!, first!.owner_id).map(({ path, message }) => ({
      path: ["stays", index, ...path],
      message,
    })),
  );
  return new BadUserInput(issues);
}

type Raised =
  | { readonly advisory: string }
  | { readonly keptApart: string }
  | { readonly exhausted: string }
  | { readonly unfit: readonly { owner_id: string; max_stay_nights: number | null }[] };

const OPERATIONS = {
  CONFIRMED: { name: "confirmBedHold", scope: "beds:hold" },
  RELEASED: { name: "releaseBedHold", scope: "beds:hold" },
  DECLINED: { name: "declineBedHold", scope: "beds:manage" },
} as const satisfies Record<HoldMove, { name: string; scope: Scope }>;

const UNSHARED =
  "its host shares these beds with you no longer. Release it, and hold others; or ask the host.";

/** People are on their way to these beds, or in them: whom they were promised to must know first that they are gone. */
const PROMISED =
  "its holder alone can release it. Tell the holder with sendInstructions why it must, and by telephone.";

/** @throws IllegalTransition from a state without this edge, and of what the host shares no longer, NotFound if not the caller's to move */
export async function changeBedHold(
  session: Session,
  input: Keyed & { readonly id: string },
  to: HoldMove,
): Promise<string> {
  const uuid = uuidOf("BedHold", input.id);
  const caller = session.organisationId;
  const { id } = await session.write(OPERATIONS[to], input, async (tx) => {
    const from: readonly string[] = HOLD_EDGES[to].from;
    const moved = await moveHold(tx, uuid, from, to);
    if (!moved) {
      // A holder sees its hold also where the host shares the beds no longer: it is to know what it can do.
      const [seen] = to === "CONFIRMED" ? await findHolds(tx, [uuid]) : [];
      if (seen?.holder.id !== caller) throw new NotFound();
      const sides = { holder_id: seen.holder.id, host_id: seen.host.id };
      const allowed = movesFrom(seen.status, caller, sides).filter((one) => one === "RELEASED");
      // What is confirmed stays so, and what is over is nobody's to release.
      const hint = from.includes(seen.status) ? UNSHARED : undefined;
      throw new Refused(new IllegalTransition(seen.status, allowed, hint));
    }
    if (!from.includes(moved.was)) {
      const allowed = movesFrom(moved.was, caller, moved);
      const isPromised = moved.was === "CONFIRMED" && allowed.length === 0;
      const hint = isPromised ? PROMISED : undefined;
      throw new Refused(new IllegalTransition(moved.was, allowed, hint));
    }
    return { result: { id: uuid }, changes: [changed(uuid, moved.host_id, moved.holder_id)] };
  });
  return id;
}

/**
 * Sealed by the host to the holder, while it is held or confirmed.
 * @throws IllegalTransition, EnvelopeReplaced, NotFound, BadUserInput, RateLimited
 */
export async function sendInstructions(session: Session, input: Sealing): Promise<string> {
  const uuid = uuidOf("BedHold", input.id);
  const kid = await inspectEnvelope(input.envelope);
  const operation = {
    name: "sendInstructions",
    scope: "beds:manage",
    budget: "sealings",
  } as const;
  await session.write(operation, input, async (tx) => {
    const hold = await lockHostedHold(tx, uuid);
    if (!hold) throw new NotFound();
    // It is over: nothing leads on from there.
    if (hold.status !== "HELD" && hold.status !== "CONFIRMED")
      throw new Refused(new IllegalTransition(hold.status, []));
    await refuseStrayEnvelope(tx, kid, hold.holder_id);
    if (!(await replaceInstructions(tx, uuid, input))) throw new Refused(new EnvelopeReplaced());
    const change = changed(uuid, session.organisationId, hold.holder_id);
    return { result: { id: uuid }, changes: [change] };
  });
  return uuid;
}

const changed = (id: string, host: string, holder: string): Change => ({
  event: "BED_HOLD_CHANGED",
  type: "BedHold",
  id,
  owner: host,
  party: holder,
});
