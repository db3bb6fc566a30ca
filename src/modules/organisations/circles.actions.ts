import { LimitExceeded, NotFound, refuse } from "../../kernel/errors.ts";
import { uuidOf } from "../../kernel/ids.ts";
import { faultsOfName, spelled } from "../../kernel/names.ts";
import type { Session } from "../../platform/db/session.ts";
import type { Keyed, Change } from "../../platform/db/writes.ts";
import {
  countCircles,
  findGrantsReaching,
  findMembers,
  insertCircle,
  lockCircle,
  replaceMembers,
} from "./circles.queries.ts";
import { faultsOfMembers, MOST_CIRCLES } from "./organisations.rules.ts";

/** Its steward is a member. @throws NotFound for an organisation that is not there, BadUserInput, LimitExceeded */
export async function createCircle(
  session: Session,
  given: Keyed & {
    readonly name: string;
    readonly stewardId: string;
    readonly memberIds: readonly string[];
  },
): Promise<string> {
  const input = { ...given, name: spelled(given.name) };
  refuse([...faultsOfName("name", input.name), ...faultsOfMembers(input.memberIds)]);
  const steward = uuidOf("Organisation", input.stewardId);
  const members = membersOf(input.memberIds, steward);
  const operation = { name: "createCircle", scope: "network:admin" } as const;
  const { id } = await session.write(operation, input, async (tx) => {
    if ((await countCircles(tx)) >= MOST_CIRCLES)
      throw new LimitExceeded(`The network has ${MOST_CIRCLES} circles: use one of them again.`);
    const made = await insertCircle(tx, input.name, steward);
    await replaceMembers(tx, made, members, []);
    return { result: { id: made }, changes: members.map((member) => changed(made, member)) };
  });
  return id;
}

/**
 * Who leaves loses what was granted to the circle, for good; who joins gets nothing until an owner
 * grants it again. The steward stays a member. @throws NotFound, BadUserInput
 */
export async function setCircleMembers(
  session: Session,
  input: Keyed & { readonly circleId: string; readonly memberIds: readonly string[] },
): Promise<string> {
  refuse(faultsOfMembers(input.memberIds));
  const uuid = uuidOf("Circle", input.circleId);
  const operation = { name: "setCircleMembers", scope: "network:admin" } as const;
  const { id } = await session.write(operation, input, async (tx) => {
    const circle = await lockCircle(tx, uuid, "change");
    if (!circle) throw new NotFound();
    const members = membersOf(input.memberIds, circle.steward_id);
    const before = (await findMembers(tx, [uuid])).map((row) => row.organisation_id);
    const joining = members.filter((member) => !before.includes(member));
    const leaving = before.filter((member) => !members.includes(member));
    const ending = await findGrantsReaching(tx, uuid, leaving);
    await replaceMembers(tx, uuid, joining, leaving);
    const changes = [...joining, ...leaving].map((member) => changed(uuid, member));
    return { result: { id: uuid }, changes: [...changes, ...ending.map(ended)] };
  });
  return id;
}

const membersOf = (ids: readonly string[], steward: string) => [
  ...new Set([steward, ...ids.map((id) => uuidOf("Organisation", id))]),
];

const ended = (grant: {
  readonly grant_id: string;
  readonly owner_id: string;
  readonly organisation_id: string;
}): Change => ({
  event: "GRANT_CHANGED",
  type: "SharingGrant",
  id: grant.grant_id,
  owner: grant.owner_id,
  party: grant.organisation_id,
});

const changed = (circle: string, member: string): Change => ({
  event: "ORGANISATION_CHANGED",
  type: "Circle",
  id: circle,
  owner: member,
});
