import { randomUUID } from "node:crypto";
import {
  AcceptHandoff,
  AcknowledgeHandoff,
  BedHold,
  BedHolds,
  CallFailed,
  type Client,
  ConfirmBedHold,
  Handoff,
  HandoffEnvelope,
  HandoffMatches,
  Handoffs,
  type Partners,
  printable,
  ReceiveHandoff,
  RejectHandoff,
  SendInstructions,
  Viewer,
} from "wayhouse/client";
import { SealingError } from "wayhouse/sealing";
import { bedsIn, envelopeIn, handoffIn, holdIn, isName, outcomeOf } from "./answers.ts";
import { type Request, type Rules, suits } from "./rules.ts";
import type { Store } from "./store.ts";

export interface Work {
  readonly client: Client;
  readonly partners: Partners;
  readonly store: Store;
  readonly rules: Rules;
  /** Where and how to arrive, by the label of the shelter: sealed to whoever has confirmed beds there. */
  readonly instructions: Readonly<Record<string, string>>;
  readonly tell: (line: string) => void;
  /** What time brings no event tells (a sender is back, an advisory has lapsed): so often it looks at all that stands. */
  readonly lookAgainMs: number;
}

/**
 * An event says where to look, never what to do: that follows from the state found there. So one that comes
 * twice, or late, does nothing, and a bot that was killed anywhere goes on from there. @throws CallFailed
 */
export async function runBot(given: Work, signal?: AbortSignal): Promise<never> {
  // Ids, labels and refusals are the server's words, and somebody reads them in a terminal.
  const work: Work = { ...given, tell: (line) => given.tell(printable(line)) };
  const { client, store, lookAgainMs } = work;
  const { viewer } = await client.run(Viewer);
  const me = viewer.organisation.id;
  const kinds = ["HANDOFF_CHANGED", "BED_HOLD_CHANGED"] as const;
  for (let after = store.cursor(); ;) {
    await lookAtAll(work, me);
    const again = AbortSignal.timeout(lookAgainMs);
    const until = AbortSignal.any(signal ? [again, signal] : [again]);
    try {
      for await (const event of client.events({ kinds, after, signal: until })) {
        const look = event.kind === "HANDOFF_CHANGED" ? lookAtHandoff : lookAtHold;
        await attend(work, look, me, event.subjectId);
        after = event.cursor;
        store.keepCursor(after);
      }
    } catch (error) {
      if (error === again.reason) continue;
      // Away for longer than events are kept: as if for the first time.
      const isTooOld = error instanceof CallFailed && error.code === "BAD_USER_INPUT" && after;
      if (!isTooOld) throw error;
      after = null;
    }
  }
}

/** What stands, and what was left to people: its cause may be gone. */
async function lookAtAll(work: Work, me: string): Promise<void> {
  const { client } = work;
  const live = { box: "INBOX", statuses: ["REQUESTED", "ACCEPTED", "IN_PROGRESS"] } as const;
  for await (const { id } of client.all(Handoffs, live, ({ handoffs }) => handoffs))
    await attend(work, lookAtHandoff, me, id);
  const confirmed = { side: "HOST", statuses: ["CONFIRMED"], first: 100 } as const;
  for await (const { id } of client.all(BedHolds, confirmed, ({ bedHolds }) => bedHolds))
    await attend(work, lookAtHold, me, id);
}

type Look = (work: Work, me: string, id: string) => Promise<void>;

/** What is refused, does not hold, or makes no sense would be so again: people look into it, and the bot goes on. */
const FOR_PEOPLE: readonly string[] = ["BAD_USER_INPUT", "NOT_FOUND", "PROTOCOL"];
async function attend(work: Work, look: Look, me: string, id: string): Promise<void> {
  try {
    if (!isName(id)) throw new CallFailed("PROTOCOL", "What the server answers is no name.");
    await look(work, me, id);
  } catch (error) {
    const isRefused = error instanceof CallFailed && FOR_PEOPLE.includes(error.code);
    if (!isRefused && !(error instanceof SealingError)) throw error;
    work.tell(`${isName(id) ? id : "What has no name"} is left to people: ${error.message}`);
  }
}

const ENDED: readonly string[] = ["CANCELLED", "FAILED", "EXPIRED"];

async function lookAtHandoff(work: Work, me: string, id: string): Promise<void> {
  const handoff = handoffIn(await work.client.run(Handoff, { id }), id);
  if (!handoff || handoff.sender.id === me) return;
  const { status, recipient, receivedDigest } = handoff;
  if (status === "REQUESTED") return decide(work, me, handoff);
  if (recipient?.id !== me) return;
  if (receivedDigest !== null) fileReceived(work, id, receivedDigest);
  if (status === "ACCEPTED") return takeOver(work, handoff);
  if (status === "IN_PROGRESS") return goOn(work, handoff);
  // Ended before it was received: the case never was ours, and what was read of it is not ours to keep.
  if (ENDED.includes(status) && work.store.dropFile(id)) work.tell(`dropped ${id}`);
}

async function decide(work: Work, me: string, request: Request): Promise<void> {
  const { client, tell, rules } = work;
  const { id } = request;
  if (request.acknowledgedAt === null) await client.run(AcknowledgeHandoff, { input: { id } });
  if (suits(rules, request)) {
    for (const shelterId of await sheltersFor(work, me, request)) {
      if (await accept(work, request, shelterId)) return tell(`accepted ${id}`);
    }
  }
  const { rejectHandoff } = await client.run(RejectHandoff, { input: { id } });
  if (outcomeOf(rejectHandoff).__typename === "Handoff") tell(`declined ${id}`);
}

/** Ours that are free on every night; null where no bed is asked for. */
async function sheltersFor({ client, rules }: Work, me: string, request: Request) {
  if (!request.needs.includes("SHELTER")) return [null];
  return bedsIn(await client.run(HandoffMatches, { id: request.id }))
    .map(({ shelter }) => shelter)
    .filter(
      ({ organisation, country }) => organisation.id === me && rules.countries.includes(country),
    )
    .map(({ id }) => id);
}

/** False where another shelter may fare better. */
async function accept({ client }: Work, request: Request, shelterId: string | null) {
  const { id, riskProfile, windowStart: checkIn, windowEnd: checkOut } = request;
  const beds = request.party.adults + request.party.children;
  // One random reference of our own, by which the beds are found when the people are taken over.
  const caseReference = randomUUID();
  const holdBeds = shelterId && {
    idempotencyKey: caseReference,
    riskProfile,
    caseReference,
    ttlMinutes: 7 * 24 * 60,
    stays: [{ shelterId, beds, checkIn, checkOut }],
  };
  const input = { id, caseReference, ...(holdBeds && { holdBeds }) };
  const { acceptHandoff } = await client.run(AcceptHandoff, { input });
  const outcome = outcomeOf(acceptHandoff);
  return outcome.__typename === "Handoff" && outcome.status === "ACCEPTED";
}

/** The server forgets the file once it was received, so it is safe on our disk before. */
async function takeOver({ client, partners, store, tell }: Work, { id, sender }: Request) {
  const envelope = envelopeIn(await client.run(HandoffEnvelope, { id }));
  if (envelope === null) return;
  const isNew = !store.hasFile(id);
  const sealed = { subject: id, envelope };
  const { content, digest } = await partners.openFrom(sender.identityThumbprint, sealed);
  // Also where one is kept: if the bot ended before it received it, the sender may have sealed another.
  await store.keepFile(id, digest, content);
  if (isNew) tell(`opened ${id}`);
  // Of this one alone: where another was put in its place, an event has us read that one.
  const input = { id, envelopeDigest: digest };
  const { receiveHandoff } = await client.run(ReceiveHandoff, { input });
  if (outcomeOf(receiveHandoff).__typename !== "Handoff") return;
  store.takeFile(id, digest);
  tell(`received ${id}`);
}

/** Also what a former life has received, or a person: the file that the receipt names, and no other. */
function fileReceived({ store, tell }: Work, id: string, digest: string): void {
  if (!store.takeFile(id, digest))
    tell(`${id} is left to people: another file was received than was read here`);
}

async function goOn({ client, tell }: Work, { id, caseReference }: Request) {
  if (!caseReference) return;
  const held = { side: "HOLDER", statuses: ["HELD", "EXPIRED"], first: 100 } as const;
  for await (const hold of client.all(BedHolds, held, ({ bedHolds }) => bedHolds)) {
    if (hold.caseReference?.id !== caseReference.id) continue;
    const { confirmBedHold } = await client.run(ConfirmBedHold, { input: { id: hold.id } });
    const isDone = outcomeOf(confirmBedHold).__typename === "BedHold";
    tell(isDone ? `confirmed ${hold.id}` : `${id} is left to people: its beds are held no more`);
  }
}

async function lookAtHold(work: Work, me: string, id: string): Promise<void> {
  const { client, partners, instructions, tell } = work;
  const held = holdIn(await client.run(BedHold, { id }), id);
  if (held?.host.id !== me || held.holder.id === me || held.status !== "CONFIRMED") return;
  if (held.instructionsKeyRetiredAt !== null)
    tell(`${id} is left to people: its instructions are sealed to a key that was retired`);
  // What lies there stays: a former life has sent it, or a person has, who knew more.
  if (held.instructionsDigest !== null) return;
  const labels = [...new Set(held.stays.map(({ shelter }) => shelter.label))];
  // A host names its shelters itself, and one may be called as what every object has.
  const isThere = (label: string) => Object.hasOwn(instructions, label);
  const texts = labels.filter(isThere).map((label) => instructions[label]!);
  if (texts.length < labels.length) return tell(`no instructions for ${labels.join(", ")}`);
  const content = new TextEncoder().encode(texts.join("\n\n"));
  const { identityThumbprint } = held.holder;
  const envelope = await partners.sealTo(identityThumbprint, { subject: id, content, days: 30 });
  // Over nothing, also where a person has sent some since it looked.
  const input = { id, envelope, replaces: { digest: null } };
  const { sendInstructions } = await client.run(SendInstructions, { input });
  const { __typename: outcome } = outcomeOf(sendInstructions);
  if (outcome === "BedHold") tell(`instructed ${id}`);
  if (outcome === "EnvelopeReplaced") tell(`left ${id}: it was instructed meanwhile`);
}
