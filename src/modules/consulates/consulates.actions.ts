import type { Transaction } from "kysely";
import { BadUserInput, LimitExceeded, NotFound, refuse } from "../../kernel/errors.ts";
import { uuidOf } from "../../kernel/ids.ts";
import { spelled } from "../../kernel/names.ts";
import { Refused } from "../../kernel/refusals.ts";
import type { DB } from "../../platform/db/schema.ts";
import type { Session } from "../../platform/db/session.ts";
import type { Change, Keyed } from "../../platform/db/writes.ts";
import { inspectEnvelope, type Sealing } from "../organisations/index.ts";
import {
  countContacts,
  findRecipient,
  findRevealed,
  insertContact,
  isClosed,
  lockContact,
  type NewContact,
  replaceEnvelope,
  revealContact,
  updateAssurance,
} from "./consulates.queries.ts";
import {
  faultsOfContact,
  faultsOfEnvelopes,
  faultsOfReplaced,
  faultsOfReview,
  MOST_CONTACTS,
  REVEAL_BUDGET,
} from "./consulates.rules.ts";
import { RevealBudgetSpent } from "./errors.ts";

/** Coded facts, and an envelope for each organisation that may see the rest. @throws BadUserInput, LimitExceeded */
export async function publishConsulateContact(
  session: Session,
  given: Keyed & NewContact & { readonly envelopes: readonly string[] },
): Promise<string> {
  const input = { ...given, locality: spelled(given.locality) };
  const kids = await inspectAll(input.envelopes);
  const owner = session.organisationId;
  const operation = { name: "publishConsulateContact", scope: "consulates:manage" } as const;
  const { id } = await session.write(operation, input, async (tx) => {
    refuse(faultsOfContact(input, new Date()));
    if ((await countContacts(tx, owner)) >= MOST_CONTACTS)
      throw new LimitExceeded(`You have ${MOST_CONTACTS} contacts: close those that do not hold.`);
    const made = await insertContact(tx, owner, input);
    const sealed = await putAll(tx, made, owner, input.envelopes, kids);
    return { result: { id: made }, changes: [changed(made, owner, input.country), ...sealed] };
  });
  return id;
}

/** Says that it still holds, or that its programme is paused or closed. @throws NotFound, BadUserInput, RateLimited */
export async function assureConsulateContact(
  session: Session,
  input: Keyed & { readonly id: string; readonly programme: string; readonly reviewBy: Date },
): Promise<string> {
  const uuid = uuidOf("ConsulateContact", input.id);
  const owner = session.organisationId;
  const operation = {
    name: "assureConsulateContact",
    scope: "consulates:manage",
    budget: "upkeep",
  } as const;
  await session.write(operation, input, async (tx) => {
    refuse(faultsOfReview(input.reviewBy, new Date()));
    const contact = await lockContact(tx, owner, uuid);
    if (!contact) throw new NotFound();
    await updateAssurance(tx, uuid, input.programme, input.reviewBy);
    return { result: { id: uuid }, changes: [changed(uuid, owner, contact.country)] };
  });
  return uuid;
}

/** What each envelope is to take the place of, in their order; whatever lies there where the caller does not say. */
type Replaces = readonly NonNullable<Sealing["replaces"]>[] | undefined;

/** To organisations that a grant lets reveal it; each is told that it can now. @throws NotFound, BadUserInput, RateLimited */
export async function sealConsulateContact(
  session: Session,
  input: Keyed & {
    readonly id: string;
    readonly envelopes: readonly string[];
    readonly replaces: Replaces;
  },
): Promise<string> {
  refuse([
    ...faultsOfEnvelopes(input.envelopes, 1),
    ...faultsOfReplaced(input.envelopes, input.replaces),
  ]);
  const uuid = uuidOf("ConsulateContact", input.id);
  const kids = await inspectAll(input.envelopes);
  const owner = session.organisationId;
  const operation = {
    name: "sealConsulateContact",
    scope: "consulates:manage",
    budget: "upkeep",
  } as const;
  await session.write(operation, input, async (tx) => {
    const contact = await lockContact(tx, owner, uuid);
    if (!contact) throw new NotFound();
    if (contact.programme === "CLOSED") {
      const message = "is closed: nothing of it is revealed. Assure it first, as ACTIVE or PAUSED";
      throw new BadUserInput([{ path: ["id"], message }]);
    }
    const changes = await putAll(tx, uuid, owner, input.envelopes, kids, input.replaces);
    return { result: { id: uuid }, changes };
  });
  return uuid;
}

export interface Reveal {
  readonly contactId: string;
  readonly envelope: string | null;
}

/**
 * The audit entry and the spent budget are committed before the envelope is answered with; where there
 * is none yet, its owner is asked to seal one. Of a closed one nothing is revealed, and nobody asked: it costs nothing.
 * @throws RevealBudgetSpent, NotFound
 */
export async function revealConsulateContact(
  session: Session,
  input: Keyed & { readonly id: string; readonly purpose: string },
): Promise<Reveal> {
  const uuid = uuidOf("ConsulateContact", input.id);
  const operation = { name: "revealConsulateContact", scope: "consulates:reveal" } as const;
  let reveal: Reveal | undefined;
  await session.write(operation, input, async (tx) => {
    if (await isClosed(tx, uuid)) {
      reveal = { contactId: uuid, envelope: null };
      return { result: { id: uuid }, changes: [] };
    }
    const revealed = await revealContact(tx, uuid, input.purpose, REVEAL_BUDGET);
    if (!revealed) throw new NotFound();
    if (revealed.wait_seconds !== null) {
      throw new Refused(new RevealBudgetSpent(revealed.wait_seconds));
    }
    reveal = { contactId: uuid, envelope: revealed.envelope };
    const event = revealed.envelope === null ? "REVEAL_WANTED" : "CONSULATE_CHANGED";
    const party = session.organisationId;
    const change = { event, type: "ConsulateContact", id: uuid, owner: revealed.owner_id, party };
    return { result: { id: uuid }, changes: [change] };
  });
  return reveal ?? { contactId: uuid, envelope: await findRevealed(session.read, uuid) };
}

/** Their kids; nothing of them is opened. */
async function inspectAll(envelopes: readonly string[]): Promise<string[]> {
  return Promise.all(
    envelopes.map((envelope, index) => inspectEnvelope(envelope, ["envelopes", index])),
  );
}

async function putAll(
  tx: Transaction<DB>,
  contact: string,
  owner: string,
  envelopes: readonly string[],
  kids: readonly string[],
  replaces?: Replaces,
): Promise<Change[]> {
  const changes: Change[] = [];
  for (const [index, envelope] of envelopes.entries()) {
    const party = await findRecipient(tx, contact, kids[index]!);
    if (party === null) {
      const message =
        "KEY_NOT_ACTIVE: is not sealed to an active sealing key of an organisation that may reveal it";
      throw new BadUserInput([{ path: ["envelopes", index], message }]);
    }
    if (!(await replaceEnvelope(tx, contact, party, envelope, replaces?.[index]))) {
      const message = "ENVELOPE_REPLACED: what lies there is not the envelope that was named";
      throw new BadUserInput([{ path: ["replaces", index], message }]);
    }
    changes.push({ event: "REVEAL_READY", type: "ConsulateContact", id: contact, owner, party });
  }
  return changes;
}

const changed = (id: string, owner: string, country: string): Change => ({
  event: "CONSULATE_CHANGED",
  type: "ConsulateContact",
  id,
  owner,
  country,
});
