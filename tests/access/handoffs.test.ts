import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeId, encodeId } from "../../src/kernel/ids.ts";
import { codeOf, type Demo, night, startDemo } from "../support/demo.ts";
import {
  accept,
  inDays,
  meddle,
  offer,
  openTo,
  plantEnvelope,
  see,
  step,
} from "../support/handoffs.ts";
import { shelter } from "../support/holds.ts";
import { mutate } from "../support/mutate.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
  await openTo(ask, "lantern", ["harbour", "bridge"]);
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const offered = async (input: object = {}, candidates = ["harbour", "bridge"]) =>
  (await offer(ask, "lantern", candidates, input)).data["offerHandoff"] as { id: string };
const uuid = (id: string) => decodeId(id)!.uuid;
const envelopes = async (id: string) =>
  (await meddle(demo, "select from handoff_envelope where handoff_id = $1", [uuid(id)])).rowCount;
const inForce = async (input: object) => {
  const published = await mutate(ask, "bridge", "publishAdvisory", {
    country: "AM",
    level: "AVOID",
    hazards: ["ABDUCTION"],
    expiresAt: inDays(10),
    ...input,
  });
  const { id } = published.data["publishAdvisory"];
  const change = (by: string, field: string) => mutate(ask, by, field, { id });
  await change("harbour", "confirmAdvisory");
  return { id: id as string, withdraw: () => change("bridge", "withdrawAdvisory") };
};

describe("an offer (offerHandoff)", () => {
  it("reaches those that let its sender offer, and none the wrong organisation may name", async () => {
    const refused = await offer(ask, "lantern", ["outsider"]);
    expect(codeOf(refused)).toBe("NOT_FOUND");
    expect(await offer(ask, "lantern", ["harbour", "outsider"])).toEqual(refused);
    expect(await offer(ask, "outsider", ["harbour"])).toEqual(refused);
    expect(
      await offer(ask, "lantern", [], { candidateIds: [encodeId("Organisation", randomUUID())] }),
    ).toEqual(refused);
    const { id } = await offered();
    expect(await see(ask, "harbour", id)).toMatchObject({ status: "REQUESTED", recipient: null });
    for (const by of ["outsider", "coordinator"]) expect(await see(ask, by, id)).toBeNull();
  });

  it.each<[string, object]>([
    ["nobody to offer to", { candidateIds: [] }],
    ["no need", { needs: [] }],
    ["a party of none", { party: { adults: 0, children: 0 } }],
    ["a party of 10^9", { party: { adults: 1e9, children: 0 } }],
    ["a window that ends before it begins", { windowEnd: night(0) }],
    ["a destination twice", { destinations: ["AM", "AM"] }],
    ["documents that are none and some", { documentsHeld: ["NONE", "FOREIGN_PASSPORT"] }],
    [
      "consent for something else",
      { consent: { purpose: "CASH", givenAt: inDays(-1), expiresAt: inDays(1) } },
    ],
    [
      "consent that is over",
      { consent: { purpose: "SHELTER", givenAt: inDays(-2), expiresAt: inDays(-1) } },
    ],
    [
      "consent of tomorrow",
      { consent: { purpose: "SHELTER", givenAt: inDays(1), expiresAt: inDays(2) } },
    ],
    [
      "consent of a year that nothing can spell, which would keep the whole box from being read",
      {
        consent: { purpose: "SHELTER", givenAt: "0000-12-31T00:00:00Z", expiresAt: inDays(2) },
      },
    ],
    ["children alone without a caregiver", { party: { adults: 0, children: 2 } }],
    ["a case reference that is a name", { caseReference: "anna" }],
  ])("is refused with %s", async (_, input) => {
    expect(codeOf(await offer(ask, "lantern", ["harbour"], input))).toBe("BAD_USER_INPUT");
  });

  it("is the one live one of its case reference, whoever offers at once", async () => {
    const caseReference = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => offer(ask, "lantern", ["harbour"], { caseReference })),
    );
    const made = answers.filter((answer) => !answer.errors);
    expect(made).toHaveLength(1);
    const { id } = made[0]!.data["offerHandoff"];
    expect((await see(ask, "lantern", id)).caseReference).toEqual({ id: caseReference });
    expect((await see(ask, "harbour", id)).caseReference).toBeNull();
    await step(ask, "lantern", "cancelHandoff", id);
    expect((await offer(ask, "lantern", ["harbour"], { caseReference })).errors).toBeUndefined();
  });
});

describe("an acknowledgement (acknowledgeHandoff)", () => {
  it("is told to the sender and to whoever gave it, not to another candidate", async () => {
    const { id } = await offered();
    const told = async (by: string) =>
      (
        await ask(by, "query ($id: ID!) { node(id: $id) { ... on Handoff { acknowledgedAt } } }", {
          id,
        })
      ).data["node"].acknowledgedAt as string | null;
    await step(ask, "harbour", "acknowledgeHandoff", id);
    const first = await told("lantern");
    expect([await told("harbour"), await told("bridge"), first]).toEqual([
      first,
      null,
      expect.any(String),
    ]);
    const entries = async () =>
      (await meddle(demo, "select from audit_entry where subject_id = $1", [uuid(id)])).rowCount;
    const before = await entries();
    expect((await step(ask, "harbour", "acknowledgeHandoff", id)).errors).toBeUndefined();
    expect([await told("lantern"), await entries()]).toEqual([first, before]);
    await accept(ask, "bridge", id);
    expect(await told("bridge")).not.toBe(first);
    expect(await told("lantern")).toBe(await told("bridge"));
  });
});

describe("an acceptance (acceptHandoff)", () => {
  it("is the first of fifty, and the others are told so", async () => {
    await openTo(ask, "lantern", ["coordinator"]);
    const { id } = await offered({}, ["harbour", "bridge", "coordinator"]);
    const racers = Array.from(
      { length: 50 },
      (_, i) => ["harbour", "bridge", "coordinator"][i % 3]!,
    );
    const answers = await Promise.all(racers.map((by) => accept(ask, by, id)));
    const names = answers.map(({ data }) => data["acceptHandoff"].__typename as string);
    expect(names.filter((name) => name === "Handoff")).toHaveLength(1);
    const winner = racers[names.indexOf("Handoff")]!;
    expect(new Set(names.filter((_, i) => racers[i] !== winner))).toEqual(
      new Set(["AlreadyAccepted"]),
    );
    expect((await see(ask, "lantern", id)).recipient).toEqual({ handle: winner });
    const loser = racers.find((by) => by !== winner)!;
    expect(await see(ask, loser, id)).toBeNull();
  });

  it("takes beds with it or does not happen (prepareHold, placeWithin, whereBedsAreFree), and lets nobody hold in the name of the wrong organisation", async () => {
    const shelterId = await shelter(ask, "Apricot");
    const holdBeds = (beds: number) => ({
      idempotencyKey: randomUUID(),
      riskProfile: "JOURNALIST",
      stays: [{ shelterId, beds, checkIn: night(1), checkOut: night(3) }],
    });
    const { id } = await offered();
    const tooMany = await accept(ask, "harbour", id, { holdBeds: holdBeds(5) });
    expect(tooMany.data["acceptHandoff"].__typename).toBe("CapacityExhausted");
    // bridge may read harbour's beds, not hold them
    expect(codeOf(await accept(ask, "bridge", id, { holdBeds: holdBeds(1) }))).toBe("NOT_FOUND");
    expect((await see(ask, "lantern", id)).status).toBe("REQUESTED");
    const [idempotencyKey, caseReference] = [randomUUID(), randomUUID()];
    const take = () =>
      accept(ask, "harbour", id, { idempotencyKey, caseReference, holdBeds: holdBeds(1) });
    const done = await take();
    expect(done.data["acceptHandoff"]).toMatchObject({
      status: "ACCEPTED",
      caseReference: { id: caseReference },
    });
    // Tried again: the hold's own key is another one, and is not looked at.
    expect(await take()).toEqual(done);
    const held = await ask(
      "harbour",
      `query ($id: ID!) { _entities(representations: [{ __typename: "CaseReference", id: $id }]) {
        ... on CaseReference { bedHolds { status } handoffs { id } } } }`,
      { id: caseReference },
    );
    expect(held.data["_entities"]).toEqual([
      { bedHolds: [{ status: "HELD" }], handoffs: [{ id }] },
    ]);
    expect((await see(ask, "lantern", id)).caseReference).toBeNull();
  });

  it("answers the wrong organisation as for a handoff that is not there", async () => {
    const { id } = await offered();
    const missing = await accept(ask, "outsider", encodeId("Handoff", randomUUID()));
    expect(codeOf(missing)).toBe("NOT_FOUND");
    for (const by of ["outsider", "lantern"]) expect(await accept(ask, by, id)).toEqual(missing);
  });
});

describe("consent", () => {
  it("is in force when it is accepted and received", async () => {
    const { id } = await offered();
    const expire = () =>
      meddle(demo, "update handoff set consent_expires_at = now() where id = $1", [uuid(id)]);
    await expire();
    expect(codeOf(await accept(ask, "harbour", id))).toBe("BAD_USER_INPUT");
    await meddle(
      demo,
      "update handoff set consent_expires_at = now() + interval '1 day' where id = $1",
      [uuid(id)],
    );
    await accept(ask, "harbour", id);
    await plantEnvelope(demo, id);
    await expire();
    expect(codeOf(await step(ask, "harbour", "receiveHandoff", id))).toBe("BAD_USER_INPUT");
    expect((await see(ask, "harbour", id)).envelope).toBeNull();
    expect(await envelopes(id)).toBe(1);
  });

  it("withdrawn, destroys the envelope and ends the handoff", async () => {
    const { id } = await offered();
    await accept(ask, "harbour", id);
    await plantEnvelope(demo, id);
    expect((await see(ask, "harbour", id)).envelope).toBe("sealed");
    expect((await see(ask, "lantern", id)).envelope).toBeNull();
    const { data } = await step(ask, "lantern", "withdrawConsent", id);
    expect(data["withdrawConsent"]).toMatchObject({
      status: "CANCELLED",
      reason: "CONSENT_WITHDRAWN",
    });
    expect(data["withdrawConsent"].consent.withdrawnAt).toBeTypeOf("string");
    expect(await envelopes(id)).toBe(0);
  });
});

describe("time", () => {
  it("ends what nobody decided, job or no job", async () => {
    const { id } = await offered();
    await meddle(demo, "update handoff set decide_by = now() where id = $1", [uuid(id)]);
    const seen = await see(ask, "harbour", id);
    expect(seen).toMatchObject({ status: "EXPIRED" });
    expect(seen.history.at(-1)).toEqual({ to: "EXPIRED", by: "CLOCK" });
    const late = await accept(ask, "harbour", id);
    expect(late.data["acceptHandoff"]).toMatchObject({ from: "EXPIRED", allowed: [] });
    await meddle(demo, "select settle_handoffs(100)");
    expect((await see(ask, "lantern", id)).history).toEqual(seen.history);
  });

  it("ends what was accepted and never sealed", async () => {
    const { id } = await offered();
    await accept(ask, "harbour", id);
    await meddle(demo, "update handoff set seal_by = now() where id = $1", [uuid(id)]);
    expect((await see(ask, "lantern", id)).status).toBe("EXPIRED");
    expect((await step(ask, "harbour", "holdHandoff", id)).data["holdHandoff"].from).toBe(
      "EXPIRED",
    );
  });
});

describe("an advisory in force", () => {
  it("stops what is requested and accepted into its country, and what is offered and accepted anew", async () => {
    const [requested, accepted, ended] = [await offered(), await offered(), await offered()];
    await accept(ask, "harbour", accepted.id);
    await step(ask, "lantern", "cancelHandoff", ended.id);
    const advisory = await inForce({ riskProfiles: ["JOURNALIST"] });
    for (const { id } of [requested, accepted])
      expect((await see(ask, "lantern", id)).status).toBe("ON_HOLD");
    const refused = { __typename: "AdvisoryInForce", advisory: { id: advisory.id } };
    expect((await accept(ask, "bridge", requested.id)).data["acceptHandoff"]).toMatchObject(
      refused,
    );
    expect((await accept(ask, "bridge", ended.id)).data["acceptHandoff"].from).toBe("CANCELLED");
    expect((await offer(ask, "lantern", ["harbour"])).data["offerHandoff"]).toMatchObject(refused);
    expect(
      (await offer(ask, "lantern", ["harbour"], { destinations: ["AM", "GE"] })).data[
        "offerHandoff"
      ],
    ).toMatchObject({ status: "REQUESTED" });
    // At once, whenever the clock comes by: what is accepted does not come back by itself.
    const { history } = await see(ask, "lantern", accepted.id);
    expect(history.at(-1)).toEqual({ to: "ON_HOLD", by: "NETWORK" });
    expect(
      (await step(ask, "harbour", "resumeHandoff", accepted.id)).data["resumeHandoff"],
    ).toMatchObject({ from: "ON_HOLD", allowed: ["FAILED"] });
    await advisory.withdraw();
    expect((await see(ask, "lantern", requested.id)).status).toBe("REQUESTED");
    expect((await see(ask, "lantern", accepted.id)).status).toBe("ON_HOLD");
    expect(
      (await step(ask, "harbour", "resumeHandoff", accepted.id)).data["resumeHandoff"],
    ).toMatchObject({ status: "ACCEPTED" });
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
