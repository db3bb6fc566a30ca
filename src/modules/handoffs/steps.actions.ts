import type { Transaction } from "kysely";
import { BadUserInput, LimitExceeded, NotFound } from "../../kernel/errors.ts";
import { uuidOf } from "../../kernel/ids.ts";
import type { Scope } from "../../kernel/scopes.ts";
import type { DB } from "../../platform/db/schema.ts";
import type { Session } from "../../platform/db/session.ts";
import type { Change, Keyed } from "../../platform/db/writes.ts";
import { EnvelopeReplaced, IllegalTransition, Refused } from "../../kernel/refusals.ts";
import { findAdvisoryAgainst } from "../advisories/index.ts";
import { AdvisoryInForce } from "../capacity/index.ts";
import { inspectEnvelope, refuseStrayEnvelope, type Sealing } from "../organisations/index.ts";
import { AlreadyAccepted } from "./errors.ts";
import {
  acknowledge,
  countOpenCandidates,
  deleteEnvelope,
  dropOut,
  findCandidates,
  insertTransition,
  type Locked,
  lockHandoff,
  recordReceipt,
  replaceEnvelope,
  updateHandoff,
} from "./steps.queries.ts";
import {
  ANSWER_WITHIN_MS,
  decide,
  type HandoffStatus,
  type HandoffStep,
  isFinal,
  MOST_TRANSITIONS,
} from "./handoffs.rules.ts";

export interface HandoffStepInput extends Keyed {
  readonly id: string;
  readonly reason: string | null;
  /** Of receiveHandoff: which envelope was read. Not there at all where the caller does not say. */
  readonly envelopeDigest?: string;
}
type Step = Exclude<HandoffStep, "acceptHandoff" | "sealHandoff">;

const SCOPES: Readonly<Record<Step, Scope>> = {
  acknowledgeHandoff: "handoffs:receive",
  rejectHandoff: "handoffs:receive",
  receiveHandoff: "handoffs:receive",
  holdHandoff: "handoffs:receive",
  resumeHandoff: "handoffs:receive",
  completeHandoff: "handoffs:receive",
  failHandoff: "handoffs:receive",
  cancelHandoff: "handoffs:offer",
  withdrawConsent: "handoffs:offer",
};

/** Any step that needs nothing but the handoff. @throws IllegalTransition, EnvelopeReplaced, NotFound, BadUserInput */
export async function stepHandoff(
  session: Session,
  step: Step,
  input: HandoffStepInput,
): Promise<string> {
  const uuid = uuidOf("Handoff", input.id);
  if (step === "failHandoff" && input.reason === null) {
    throw new BadUserInput([{ path: ["reason"], message: "must say why it failed" }]);
  }
  const { envelopeDigest: read } = input;
  if (step !== "receiveHandoff" && read !== undefined) {
    throw new BadUserInput([{ path: ["envelopeDigest"], message: "is of receiveHandoff alone" }]);
  }
  const operation = { name: step, scope: SCOPES[step] };
  await session.write(operation, input, async (tx) => {
    const facts = await lockStep(tx, uuid);
    const to = await decided(tx, step, facts);
    // Whoever seals another waits for the same lock: what is deleted below is what was read.
    const received = step === "receiveHandoff" ? await recordReceipt(tx, uuid) : undefined;
    if (read !== undefined && read !== received) throw new Refused(new EnvelopeReplaced());
    // Said once more it is nothing new, and the sender's chain is not to grow by it.
    if (step === "acknowledgeHandoff" && !(await acknowledge(tx, uuid, session.organisationId)))
      return { result: { id: uuid }, changes: [] };
    await take(tx, session.organisationId, uuid, step, facts, to, input.reason);
    const others = facts.recipientId ? [facts.recipientId] : await findCandidates(tx, uuid);
    return { result: { id: uuid }, changes: changeOf(uuid, facts.senderId, others) };
  });
  return uuid;
}

/** The sealed file, to the accepted recipient alone; sealed again, the earlier one is gone. @throws as above, RateLimited */
export async function sealHandoff(session: Session, input: Sealing): Promise<string> {
  const uuid = uuidOf("Handoff", input.id);
  const kid = await inspectEnvelope(input.envelope);
  const operation = {
    name: "sealHandoff",
    scope: "handoffs:offer",
    budget: "sealings",
  } as const;
  await session.write(operation, input, async (tx) => {
    const facts = await lockStep(tx, uuid);
    await decided(tx, "sealHandoff", facts);
    const recipient = facts.recipientId!;
    await refuseStrayEnvelope(tx, kid, recipient);
    if (!(await replaceEnvelope(tx, uuid, recipient, input)))
      throw new Refused(new EnvelopeReplaced());
    await updateHandoff(tx, uuid, { sealWithinMs: null });
    return { result: { id: uuid }, changes: changeOf(uuid, facts.senderId, [recipient]) };
  });
  return uuid;
}

/** @throws NotFound if it never was the caller's to see */
export async function lockStep(tx: Transaction<DB>, uuid: string): Promise<Locked> {
  const facts = await lockHandoff(tx, uuid);
  if (!facts) throw new NotFound();
  return facts;
}

/** Where the step leads; null: it stays where it is. */
export async function decided(
  tx: Transaction<DB>,
  step: HandoffStep,
  facts: Locked,
): Promise<HandoffStatus | null> {
  const decision = decide(step, facts);
  switch (decision.kind) {
    case "GO":
      return decision.to;
    case "NOT_FOUND":
      throw new NotFound();
    case "ALREADY_ACCEPTED":
      throw new Refused(new AlreadyAccepted());
    case "ILLEGAL":
      throw new Refused(
        new IllegalTransition(decision.from, decision.allowed, hintFor(step, facts)),
      );
    case "NO_CONSENT":
      throw new BadUserInput([
        {
          path: ["id"],
          message:
            "has no consent in force any more: with a new one its sender cancels it, and offers it anew",
        },
      ]);
    case "BLOCKED": {
      const advisory = await findAdvisoryAgainst(tx, facts.destinations, facts.riskProfile);
      throw new Refused(
        advisory === null ? new IllegalTransition("ON_HOLD", []) : new AdvisoryInForce(advisory),
      );
    }
  }
}

/** What to wait for, where that is all there is to do. */
function hintFor(step: HandoffStep, { status, standing, heldFrom, isSealed, isBlocked }: Locked) {
  if (step === "receiveHandoff" && status === "ACCEPTED" && !isSealed)
    return "its sender has not sealed the file yet. Wait for it, or telephone.";
  if (status !== "ON_HOLD") return undefined;
  if (isBlocked || heldFrom === null) {
    const ways = { SENDER: ", or until you cancel it", RECIPIENT: ", or until you fail it" };
    const way = ways[standing as keyof typeof ways] ?? "";
    return isBlocked
      ? `advisories close every destination. It waits until one of them ends${way}.`
      : `its sender is suspended or locked down. It waits until that ends${way}.`;
  }
  return standing === "SENDER" ? "its recipient resumes it. You can cancel it." : undefined;
}

async function take(
  tx: Transaction<DB>,
  caller: string,
  uuid: string,
  step: Step,
  facts: Locked,
  to: HandoffStatus | null,
  reason: string | null,
): Promise<void> {
  if (step === "acknowledgeHandoff") return updateHandoff(tx, uuid, { acknowledged: true });
  if (step === "rejectHandoff") {
    await dropOutOf(tx, caller, uuid, facts, reason);
    return;
  }
  // Whatever else fails afterwards, nobody reads it any more: it is the first thing to go.
  if (step === "receiveHandoff" || isFinal(to!)) await deleteEnvelope(tx, uuid);
  await updateHandoff(tx, uuid, {
    status: to!,
    heldFrom: to === "ON_HOLD" ? facts.status : null,
    reason: step === "withdrawConsent" ? "CONSENT_WITHDRAWN" : reason,
    ...(step === "withdrawConsent" && { consentWithdrawn: true }),
    sealWithinMs: to === "ACCEPTED" && !facts.isSealed ? ANSWER_WITHIN_MS[facts.priority] : null,
  });
  const party = facts.standing === "SENDER" ? "SENDER" : "RECIPIENT";
  const position = await insertTransition(tx, uuid, facts.senderId, to!, party);
  if (step === "holdHandoff" && position > MOST_TRANSITIONS) {
    throw new LimitExceeded("It was held too often: complete it, or fail it.");
  }
}

/** Rejected only by the last candidate left; an earlier one drops out and nobody else is told. */
async function dropOutOf(
  tx: Transaction<DB>,
  candidate: string,
  uuid: string,
  { senderId }: Locked,
  reason: string | null,
): Promise<void> {
  if ((await countOpenCandidates(tx, uuid)) === 1) {
    await updateHandoff(tx, uuid, { status: "REJECTED", reason });
    await insertTransition(tx, uuid, senderId, "REJECTED", "RECIPIENT");
  }
  await dropOut(tx, uuid, candidate);
}

/** One to each on the other side; the sender's own chain and theirs tell of it. */
export function changeOf(id: string, sender: string, others: readonly string[]): Change[] {
  const change = { event: "HANDOFF_CHANGED", type: "Handoff", id, owner: sender };
  return others.length > 0 ? others.map((party) => ({ ...change, party })) : [change];
}
