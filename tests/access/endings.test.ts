import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, type Demo, idOf, night, startDemo } from "../support/demo.ts";
import { accept, offer, openTo } from "../support/handoffs.ts";
import { hold, moveHold, shelter, stay } from "../support/holds.ts";
import { setScene } from "../support/life-scene.ts";
import { liveOut } from "../support/life-walk.ts";
import { mutate } from "../support/mutate.ts";
import { untilTold } from "../support/patience.ts";
import { randomOf } from "../support/random.ts";

let demo: Demo;
let pomegranate: string;
beforeAll(async () => {
  demo = await startDemo();
  pomegranate = await shelter(ask, "Pomegranate");
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const EVENTS = `query ($after: String, $kinds: [EventKind!]) { events(first: 100, after: $after, kinds: $kinds) {
  edges { node { cursor subjectId } } } }`;
interface Told {
  readonly cursor: string;
  readonly subjectId: string;
}
const read = (organisation: string, variables: object = {}) => ask(organisation, EVENTS, variables);
const nodesOf = (answer: Answer): Told[] =>
  answer.data!["events"].edges.map((edge: { node: Told }) => edge.node);
const told = async (organisation: string, variables: object = {}) => {
  await untilTold(demo.database.superuserUrl);
  return read(organisation, variables);
};

describe("events", () => {
  it("of what is over are told to whom it is over for, though it reads null, and to nobody else", async () => {
    await openTo(ask, "lantern", ["harbour", "bridge", "coordinator"]);
    const offered = await offer(ask, "lantern", ["harbour", "bridge", "coordinator"]);
    const handoff = offered.data["offerHandoff"].id as string;
    await mutate(ask, "coordinator", "rejectHandoff", { id: handoff }, "{ __typename }");
    const organisationId = await idOf(ask, "bridge");
    const given = await mutate(ask, "harbour", "grantScopes", {
      organisationId,
      scopes: ["CONSULATES_READ"],
    });
    const grantId = given.data["grantScopes"].id as string;
    const stewardId = await idOf(ask, "coordinator");
    const circle = { name: "To be left", stewardId, memberIds: [organisationId] };
    const made = await mutate(ask, "coordinator", "createCircle", circle);
    const circleId = made.data["createCircle"].id as string;
    const everyone = ["lantern", "harbour", "bridge", "coordinator", "outsider"];
    await untilTold(demo.database.superuserUrl);
    const cursors = await Promise.all(
      everyone.map(async (one) => nodesOf(await read(one)).at(-1)?.cursor ?? null),
    );

    await accept(ask, "harbour", handoff);
    await mutate(ask, "harbour", "revokeGrant", { id: grantId });
    await mutate(ask, "coordinator", "setCircleMembers", { circleId, memberIds: [] });

    await untilTold(demo.database.superuserUrl);
    const heard = await Promise.all(
      everyone.map(async (one, nth) => {
        const { data } = await read(one, { after: cursors[nth] });
        const told: { node: Told }[] = data["events"].edges;
        return told.map(({ node }) => node.subjectId);
      }),
    );
    expect(Object.fromEntries(everyone.map((one, nth) => [one, heard[nth]]))).toEqual({
      // Of each candidate whose turn is over, as of each that was asked.
      lantern: [handoff, handoff],
      harbour: [handoff, grantId],
      bridge: [handoff, grantId, circleId],
      // It had dropped out; the steward stays in its circle.
      coordinator: [],
      outsider: [],
    });
    const query = "query ($id: ID!) { node(id: $id) { id } }";
    for (const id of [handoff, grantId, circleId])
      expect((await ask("bridge", query, { id })).data).toEqual({ node: null });
  });

  it("of a house are told to a guest's organisation while it has beds there, and no longer", async () => {
    const organisationId = await idOf(ask, "outsider");
    const me = await ask("outsider", "{ viewer { organisation { identityThumbprint } } }");
    const thumbprint = me.data["viewer"].organisation.identityThumbprint as string;
    await ask("harbour", `{ organisation(thumbprint: "${thumbprint}") { id } }`);
    const scopes = ["BEDS_HOLD"];
    const given = await mutate(ask, "harbour", "grantScopes", { organisationId, scopes });
    const placed = await hold(ask, "outsider", [stay(pomegranate, 1, 40)]);
    await mutate(ask, "harbour", "revokeGrant", { id: given.data["grantScopes"].id });
    const heard = async () => {
      await mutate(ask, "harbour", "setBeds", {
        shelterId: pomegranate,
        from: night(80),
        until: night(81),
        outOfService: 0,
      });
      return nodesOf(await told("outsider", { kinds: ["BEDS_CHANGED"] })).length;
    };
    const before = await heard();
    expect(before).toBeGreaterThan(0);
    const id = placed.data["holdBeds"].id as string;
    await moveHold(ask, "outsider", "releaseBedHold", id);
    expect(await heard()).toBe(0);
    // Where it was it still reads, by its name of now, for as long as its hold is kept.
    const label = "Quince";
    await mutate(ask, "harbour", "renameShelter", { shelterId: pomegranate, label });
    const where =
      "query ($id: ID!) { node(id: $id) { ... on BedHold { stays { shelter { id label } } } } }";
    const { data } = await ask("outsider", where, { id });
    expect(data["node"].stays).toEqual([{ shelter: { id: pomegranate, label } }]);
    await mutate(ask, "harbour", "renameShelter", { shelterId: pomegranate, label: "Pomegranate" });
  });
});

describe("random histories", () => {
  it.each([Date.now() % 1_000_000])(
    "lose no handoff, promise no bed twice and tell whom it concerns and nobody else (seed %i)",
    async (seed) => {
      const story = await liveOut(await setScene(demo), randomOf(seed), 48);
      expect(story.length).toBeGreaterThan(48);
    },
  );
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
