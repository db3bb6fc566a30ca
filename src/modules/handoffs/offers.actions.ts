import { randomUUID } from "node:crypto";
import { BadUserInput, Forbidden, NotFound, refuse } from "../../kernel/errors.ts";
import { uuidOf } from "../../kernel/ids.ts";
import type { Session } from "../../platform/db/session.ts";
import type { Keyed } from "../../platform/db/writes.ts";
import { Refused } from "../../kernel/refusals.ts";
import { findAdvisoryAgainst } from "../advisories/index.ts";
import {
  AdvisoryInForce,
  faultsOfReference,
  type HoldBeds,
  placeWithin,
  prepareHold,
  whereBedsAreFree,
} from "../capacity/index.ts";
import {
  findBlocked,
  findOpenTo,
  hasLiveOffer,
  insertHandoff,
  insertReference,
  lockReference,
  type NewHandoff,
} from "./offers.queries.ts";
import { insertTransition, updateHandoff } from "./steps.queries.ts";
import { ANSWER_WITHIN_MS, faultsOfOffer } from "./handoffs.rules.ts";
import { changeOf, decided, lockStep } from "./steps.actions.ts";

export interface OfferHandoff
  extends Keyed, Omit<NewHandoff, "id" | "senderId" | "candidates" | "answerWithinMs"> {
  readonly candidateIds: readonly string[];
  /** The sender's own, a random UUID. */
  readonly caseReference: string | null;
}

/**
 * To candidates that gave the caller handoffs:offer, for one of the destinations.
 * @throws NotFound for a candidate that did not, AdvisoryInForce, BadUserInput, also where the case
 * reference has a live handoff already
 */
export async function offerHandoff(session: Session, input: OfferHandoff): Promise<string> {
  const { caseReference, candidateIds, destinations, riskProfile } = input;
  refuse(faultsOfReference(caseReference));
  const sender = session.organisationId;
  const candidates = candidateIds.map((id) => uuidOf("Organisation", id));
  const operation = { name: "offerHandoff", scope: "handoffs:offer", budget: "offers" } as const;
  const { id } = await session.write(operation, input, async (tx) => {
    refuse(faultsOfOffer(input, new Date()));
    const open = await findOpenTo(tx, candidates, destinations);
    if (!candidates.every((candidate) => open.includes(candidate))) throw new NotFound();
    if (await findBlocked(tx, destinations, riskProfile, sender)) {
      const advisory = await findAdvisoryAgainst(tx, destinations, riskProfile);
      if (advisory !== null) throw new Refused(new AdvisoryInForce(advisory));
    }
    if (caseReference !== null) {
      await lockReference(tx, sender, caseReference);
      if (await hasLiveOffer(tx, caseReference)) {
        const message = "has a live handoff: cancel it first";
        throw new BadUserInput([{ path: ["caseReference"], message }]);
      }
    }
    const made = randomUUID();
    const answerWithinMs = ANSWER_WITHIN_MS[input.priority];
    await insertHandoff(tx, { ...input, id: made, senderId: sender, candidates, answerWithinMs });
    if (caseReference !== null) await insertReference(tx, made, sender, caseReference);
    await insertTransition(tx, made, sender, "REQUESTED", "SENDER");
    return { result: { id: made }, changes: changeOf(made, sender, candidates) };
  });
  return id;
}

export interface AcceptHandoff extends Keyed {
  readonly id: string;
  /** The recipient's own, a random UUID. */
  readonly caseReference: string | null;
  readonly holdBeds: HoldBeds | null;
}

/**
 * The first candidate wins; with beds held in the same transaction, both or neither.
 * @throws AlreadyAccepted, AdvisoryInForce, IllegalTransition, CapacityExhausted, KeptApart, NotFound,
 * BadUserInput, Forbidden if beds are to be held without beds:hold
 */
export async function acceptHandoff(session: Session, input: AcceptHandoff): Promise<string> {
  const uuid = uuidOf("Handoff", input.id);
  refuse(faultsOfReference(input.caseReference));
  if (input.holdBeds !== null && !session.scopes.has("beds:hold")) throw new Forbidden();
  // Each of the two has the other's where it is given none of its own.
  const caseReference = input.caseReference ?? input.holdBeds?.caseReference ?? null;
  const wanted = input.holdBeds && {
    ...input.holdBeds,
    caseReference: input.holdBeds.caseReference ?? caseReference,
  };
  const recipient = session.organisationId;
  const operation = {
    name: "acceptHandoff",
    scope: "handoffs:receive",
    // Whose beds it takes is asked no oftener than by a hold alone.
    ...(wanted && { budget: "holds" as const }),
  } as const;
  const accept = () =>
    session.write(operation, input, async (tx) => {
      const hold = wanted && (await ofHoldBeds(() => prepareHold(wanted)));
      const facts = await lockStep(tx, uuid);
      await decided(tx, "acceptHandoff", facts);
      if (hold && hold.riskProfile !== facts.riskProfile) {
        const message = "must be the handoff's";
        throw new BadUserInput([{ path: ["holdBeds", "riskProfile"], message }]);
      }
      const held = hold ? [await ofHoldBeds(() => placeWithin(tx, hold))] : [];
      await updateHandoff(tx, uuid, {
        status: "ACCEPTED",
        recipientId: recipient,
        acknowledged: true,
        sealWithinMs: ANSWER_WITHIN_MS[facts.priority],
      });
      if (caseReference !== null) await insertReference(tx, uuid, recipient, caseReference);
      await insertTransition(tx, uuid, facts.senderId, "ACCEPTED", "RECIPIENT");
      const changes = [...changeOf(uuid, facts.senderId, [recipient]), ...held];
      return { result: { id: uuid }, changes };
    });
  await (wanted ? whereBedsAreFree(session, wanted, accept) : accept());
  return uuid;
}

/** What is wrong within `holdBeds` is told by its place there. */
async function ofHoldBeds<R>(work: () => R | Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BadUserInput)) throw error;
    throw new BadUserInput(
      error.issues.map(({ path, message }) => ({ path: ["holdBeds", ...path], message })),
    );
  }
}
