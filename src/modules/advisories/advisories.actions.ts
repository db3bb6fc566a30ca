import { BadUserInput, LimitExceeded, NotFound, refuse } from "../../kernel/errors.ts";
import { uuidOf } from "../../kernel/ids.ts";
import type { Session } from "../../platform/db/session.ts";
import type { Change, Keyed } from "../../platform/db/writes.ts";
import {
  countOwnAdvisories,
  insertAdvisory,
  insertConfirmation,
  lockAdvisory,
  type NewAdvisory,
  settleHandoffs,
  updateWithdrawn,
} from "./advisories.queries.ts";
import { faultsOfAdvisory, MOST_ADVISORIES } from "./advisories.rules.ts";

/** Warns at once, and blocks nothing until another organisation confirms it. @throws BadUserInput, LimitExceeded, RateLimited */
export async function publishAdvisory(
  session: Session,
  input: Keyed & NewAdvisory,
): Promise<string> {
  const issuer = session.organisationId;
  const operation = {
    name: "publishAdvisory",
    scope: "advisories:publish",
    budget: "advisories",
  } as const;
  const { id } = await session.write(operation, input, async (tx) => {
    refuse(faultsOfAdvisory(input, new Date()));
    if ((await countOwnAdvisories(tx)) >= MOST_ADVISORIES)
      throw new LimitExceeded(
        `At most ${MOST_ADVISORIES} of yours warn or will warn: withdraw one first.`,
      );
    const made = await insertAdvisory(tx, issuer, input);
    return { result: { id: made }, changes: [changed(made, issuer, input.country)] };
  });
  return id;
}

interface Step extends Keyed {
  readonly id: string;
}

/** By another organisation than its issuer. @throws NotFound, BadUserInput if it is withdrawn or lapsed */
export async function confirmAdvisory(session: Session, input: Step): Promise<string> {
  const uuid = uuidOf("Advisory", input.id);
  const operation = { name: "confirmAdvisory", scope: "advisories:publish" } as const;
  const { id } = await session.write(operation, input, async (tx) => {
    const advisory = await lockAdvisory(tx, uuid);
    if (!advisory) throw new NotFound();
    const message =
      advisory.issuer_id === session.organisationId
        ? "is the caller's own: another organisation confirms it"
        : advisory.withdrawn_at !== null || advisory.lapsed
          ? "is withdrawn or has lapsed: publish a new one"
          : null;
    if (message !== null) throw new BadUserInput([{ path: ["id"], message }]);
    // Said once more it is nothing new, and the issuer's chain is not to grow by it.
    const isNew = await insertConfirmation(tx, advisory, session.organisationId);
    const change = changed(uuid, advisory.issuer_id, advisory.country);
    return { result: { id: uuid }, changes: isNew ? [change] : [] };
  });
  await settleHandoffs(session.read);
  return id;
}

/** By its issuer; withdrawn again, it stays as it was. @throws NotFound */
export async function withdrawAdvisory(session: Session, input: Step): Promise<string> {
  const uuid = uuidOf("Advisory", input.id);
  const operation = { name: "withdrawAdvisory", scope: "advisories:publish" } as const;
  await settleHandoffs(session.read);
  const { id } = await session.write(operation, input, async (tx) => {
    const advisory = await lockAdvisory(tx, uuid);
    if (advisory?.issuer_id !== session.organisationId) throw new NotFound();
    // Nothing new: told again and again, it would reach everybody who may know the issuer.
    if (advisory.withdrawn_at !== null) return { result: { id: uuid }, changes: [] };
    await updateWithdrawn(tx, uuid);
    const change = changed(uuid, advisory.issuer_id, advisory.country);
    return { result: { id: uuid }, changes: [change] };
  });
  return id;
}

const changed = (id: string, owner: string, country: string): Change => ({
  event: "ADVISORY_CHANGED",
  type: "Advisory",
  id,
  owner,
  country,
});
