import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Demo, idOf, startDemo } from "../support/demo.ts";
import { accept, offer, openTo, plantEnvelope, see, step } from "../support/handoffs.ts";
import { heldUp } from "../support/held-up.ts";
import { mutate } from "../support/mutate.ts";

let demo: Demo;
let organisationId: string;
beforeAll(async () => {
  demo = await startDemo();
  organisationId = await idOf(ask, "lantern");
});
beforeEach(async () => {
  await openTo(ask, "lantern", ["harbour"]);
});
afterEach(async () => {
  await setStatus("ACTIVE");
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const setStatus = (status: string) =>
  mutate(ask, "coordinator", "setOrganisationStatus", { organisationId, status }, "{ status }");

async function accepted(): Promise<string> {
  const { id } = (await offer(ask, "lantern", ["harbour"])).data["offerHandoff"];
  await accept(ask, "harbour", id);
  await plantEnvelope(demo, id);
  return id;
}
const TOLD = `{ __typename
  ... on Handoff { status }
  ... on IllegalTransition { from allowed message } }`;
const take = async (field: string, id: string, input: object = {}) =>
  (await mutate(ask, "harbour", field, { id, ...input }, TOLD)).data[field];
const WAITS = {
  __typename: "IllegalTransition",
  from: "ON_HOLD",
  allowed: ["FAILED"],
  message:
    "It is ON_HOLD: its sender is suspended or locked down. It waits until that ends, or until you fail it.",
};

describe.each(["SUSPENDED", "LOCKED_DOWN"])("while its sender is %s a handoff", (status) => {
  it("does not go back to ACCEPTED, where nobody could seal the file and the clock would end it", async () => {
    const [stopped, held] = [await accepted(), await accepted()];
    await step(ask, "harbour", "holdHandoff", held);
    await setStatus(status);
    for (const id of [stopped, held]) {
      expect(await take("resumeHandoff", id)).toEqual(WAITS);
      expect(await take("completeHandoff", id)).toEqual(WAITS);
      expect((await see(ask, "harbour", id)).status).toBe("ON_HOLD");
    }
    expect(await take("failHandoff", held, { reason: "NO_ANSWER" })).toMatchObject({
      status: "FAILED",
    });
    await setStatus("ACTIVE");
    expect(await take("resumeHandoff", stopped)).toMatchObject({ status: "ACCEPTED" });
  });

  it("that was received is resumed, and completed: nothing more is wanted of its sender", async () => {
    const [stopped, held] = [await accepted(), await accepted()];
    for (const id of [stopped, held]) await step(ask, "harbour", "receiveHandoff", id);
    await step(ask, "harbour", "holdHandoff", held);
    await setStatus(status);
    for (const id of [stopped, held]) {
      expect(await take("resumeHandoff", id)).toMatchObject({ status: "IN_PROGRESS" });
      expect(await take("completeHandoff", id)).toMatchObject({ status: "COMPLETED" });
    }
  });
});

it("a handoff is not resumed by a call that waited for its sender's suspension", async () => {
  const id = await accepted();
  await step(ask, "harbour", "holdHandoff", id);
  const [suspended, resumed] = await heldUp(
    demo,
    "lantern",
    () => setStatus("SUSPENDED"),
    () => take("resumeHandoff", id),
  );
  expect(suspended.errors).toBeUndefined();
  expect(resumed).toEqual(WAITS);
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
