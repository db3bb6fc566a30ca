import { randomUUID } from "node:crypto";
import type { JWK } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeId, encodeId } from "../../src/kernel/ids.ts";
import { digestOf } from "../../src/sealing/index.ts";
import { codeOf, type Demo, night as nightOf, startDemo } from "../support/demo.ts";
import { meddle } from "../support/handoffs.ts";
import { hold, moveHold, shelter, stay } from "../support/holds.ts";
import { envelopeFor, sealingKey } from "../support/keys.ts";
import { mutate } from "../support/mutate.ts";
import { asSuperuser } from "../support/postgres.ts";

let demo: Demo;
let apricot: string;
beforeAll(async () => {
  demo = await startDemo();
  apricot = await shelter(ask, "Apricot");
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const [HOLDER, HOST] = ["lantern", "harbour"];
const ACTORS = [HOLDER, HOST, "bridge", "outsider", "coordinator"] as const;
const FIELDS = ["confirmBedHold", "releaseBedHold", "declineBedHold"] as const;
/** Who may call what at all: holder and host; everyone else hears of nothing. */
const IS_ITS_CALL: Record<string, readonly string[]> = {
  [HOLDER!]: ["confirmBedHold", "releaseBedHold"],
  [HOST!]: ["declineBedHold"],
};
/** The state machine once more, by hand. */
const ALLOWED: Record<string, Record<string, string>> = {
  HELD: { confirmBedHold: "CONFIRMED", releaseBedHold: "RELEASED", declineBedHold: "DECLINED" },
  CONFIRMED: { releaseBedHold: "RELEASED" },
  RELEASED: {},
  DECLINED: {},
  EXPIRED: {},
  ENDED: {},
};
const WAYS: Record<string, (id: string) => Promise<unknown>> = {
  HELD: async () => {},
  CONFIRMED: (id) => moveHold(ask, HOLDER!, "confirmBedHold", id),
  RELEASED: (id) => moveHold(ask, HOLDER!, "releaseBedHold", id),
  DECLINED: (id) => moveHold(ask, HOST!, "declineBedHold", id),
  EXPIRED: (id) =>
    meddle(demo, "update bed_hold set expires_at = now() where id = $1", [decodeId(id)!.uuid]),
  ENDED: async (id) => {
    await moveHold(ask, HOLDER!, "confirmBedHold", id);
    const past = "update bed_hold set ends_on = current_date - 1 where id = $1";
    return meddle(demo, past, [decodeId(id)!.uuid]);
  },
};
let night = 0;
async function holdIn(state: string): Promise<string> {
  night = (night + 3) % 300;
  const placed = await hold(ask, HOLDER!, [stay(apricot, 1, 10 + night)]);
  const id = placed.data["holdBeds"].id as string;
  await WAYS[state]!(id);
  return id;
}
const statusOf = async (id: string) =>
  (await ask(HOLDER!, "query ($id: ID!) { node(id: $id) { ... on BedHold { status } } }", { id }))
    .data["node"].status as string;

describe.each(Object.keys(ALLOWED))("a hold that is %s (changeBedHold)", (state) => {
  it("goes where its edges lead and nowhere else, whoever calls; the wrong organisation hears of nothing", async () => {
    const stays = await holdIn(state);
    expect(await statusOf(stays)).toBe(state);
    for (const by of ACTORS) {
      for (const field of FIELDS) {
        const isItsCall = IS_ITS_CALL[by]?.includes(field) ?? false;
        const to = isItsCall ? ALLOWED[state]![field] : undefined;
        const id = to ? await holdIn(state) : stays;
        const answer = await moveHold(ask, by, field, id);
        const told = answer.data?.[field];
        const missing = await moveHold(ask, by, field, encodeId("BedHold", randomUUID()));
        const seen = isItsCall
          ? [told?.__typename, told?.status ?? told?.from]
          : [codeOf(answer), JSON.stringify(answer) === JSON.stringify(missing)];
        const expected = !isItsCall
          ? ["NOT_FOUND", true]
          : to
            ? ["BedHold", to]
            : ["IllegalTransition", state];
        expect(seen, `${by} ${field}`).toEqual(expected);
      }
    }
    expect(await statusOf(stays)).toBe(state);
  });
});

it("each step of one document is answered with the hold as that step has left it (changeBedHold)", async () => {
  const id = await holdIn("HELD");
  const step = (name: string, field: string) =>
    `${name}: ${field}(input: { id: $id, idempotencyKey: "${randomUUID()}" }) { ... on BedHold { status } }`;
  const steps = `mutation ($id: ID!) { ${step("first", "confirmBedHold")} ${step("second", "releaseBedHold")} }`;
  expect((await ask(HOLDER!, steps, { id })).data).toEqual({
    first: { status: "CONFIRMED" },
    second: { status: "RELEASED" },
  });
});

describe("check-in instructions (sendInstructions)", () => {
  const INSTRUCTIONS =
    "query ($id: ID!) { node(id: $id) { ... on BedHold { instructions instructionsDigest } } }";
  const TYPE = "{ __typename ... on IllegalTransition { from } }";
  const sendInstructions = (by: string, id: string, envelope: string) =>
    mutate(ask, by, "sendInstructions", { id, envelope }, TYPE);
  const read = async (by: string, id: string) =>
    (await ask(by, INSTRUCTIONS, { id })).data["node"] as Record<string, string | null> | null;
  const NOTHING = { instructions: null, instructionsDigest: null };
  let lantern: JWK;
  let bridge: JWK;
  beforeAll(async () => {
    lantern = await sealingKey(demo, "lantern");
    bridge = await sealingKey(demo, "bridge");
  });

  it("go from the host to the holder alone, and are gone with the hold; the wrong organisation sends none", async () => {
    const placed = await hold(ask, "lantern", [stay(await shelter(ask, "Apricot"), 1, 150)]);
    const id = placed.data["holdBeds"].id as string;
    const envelope = await envelopeFor(demo, {
      from: "harbour",
      to: "lantern",
      key: lantern,
      subject: id,
      text: "Ring twice.",
    });
    expect(await read("harbour", id)).toEqual(NOTHING);
    const missing = await sendInstructions("outsider", encodeId("BedHold", randomUUID()), envelope);
    expect(codeOf(missing)).toBe("NOT_FOUND");
    for (const by of ["outsider", "lantern", "bridge"]) {
      expect(await sendInstructions(by, id, envelope)).toEqual(missing);
    }
    const sent = await sendInstructions("harbour", id, envelope);
    expect(sent.data["sendInstructions"].__typename).toBe("BedHold");
    expect(await read("lantern", id)).toEqual({ ...NOTHING, instructions: envelope });
    const instructionsDigest = await digestOf(envelope);
    expect(await read("harbour", id)).toEqual({ ...NOTHING, instructionsDigest });
    for (const by of ["bridge", "outsider", "coordinator"]) expect(await read(by, id)).toBeNull();
    const toOther = await envelopeFor(demo, {
      from: "harbour",
      to: "bridge",
      key: bridge,
      subject: id,
      text: "Ring twice.",
    });
    const stray = await sendInstructions("harbour", id, toOther);
    expect(JSON.stringify(stray.errors)).toContain("KEY_NOT_ACTIVE");
    await moveHold(ask, "lantern", "releaseBedHold", id);
    for (const by of ["lantern", "harbour"]) expect(await read(by, id)).toEqual(NOTHING);
    const late = await sendInstructions("harbour", id, envelope);
    expect(late.data["sendInstructions"]).toEqual({
      __typename: "IllegalTransition",
      from: "RELEASED",
    });
  });

  it("are there for guests of last night (UTC), which west of Greenwich is tonight", async () => {
    const lastNight = { shelterId: apricot, beds: 1, checkIn: nightOf(-1), checkOut: nightOf(0) };
    const id = (await hold(ask, "lantern", [lastNight])).data["holdBeds"].id as string;
    await moveHold(ask, "lantern", "confirmBedHold", id);
    await meddle(demo, "select settle_overdue_holds(null, 1000)");
    const what = { from: "harbour", to: "lantern", key: lantern };
    const envelope = await envelopeFor(demo, { ...what, subject: id, text: "Ring twice." });
    await sendInstructions("harbour", id, envelope);
    expect(await read("lantern", id)).toEqual({ ...NOTHING, instructions: envelope });
  });

  it("are gone with a hold that has expired or ended, job or no job", async () => {
    for (const past of ["expires_at = now()", "status = 'CONFIRMED', ends_on = current_date - 1"]) {
      const placed = await hold(ask, "lantern", [stay(await shelter(ask, "Apricot"), 1, 160)]);
      const id = placed.data["holdBeds"].id as string;
      const what = { from: "harbour", to: "lantern", key: lantern };
      const envelope = await envelopeFor(demo, { ...what, subject: id, text: "Ring twice." });
      await sendInstructions("harbour", id, envelope);
      await meddle(demo, `update bed_hold set ${past} where id = $1`, [decodeId(id)!.uuid]);
      for (const by of ["lantern", "harbour"]) expect(await read(by, id)).toEqual(NOTHING);
    }
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});

it("a stranger does not wait for whoever has a hold locked, by the hold or by its shelter", async () => {
  const id = await holdIn("EXPIRED");
  await asSuperuser(demo.database.superuserUrl, async (client) => {
    await client.query("begin");
    await client.query("select from bed_hold where id = $1 for update", [decodeId(id)!.uuid]);
    const input = { from: nightOf(1), until: nightOf(2), maximum: 1 };
    const answers = [
      await moveHold(ask, "outsider", "releaseBedHold", id),
      await mutate(ask, "outsider", "setBeds", { shelterId: apricot, ...input }),
    ];
    await client.query("rollback");
    expect(answers.map(codeOf)).toEqual(["NOT_FOUND", "NOT_FOUND"]);
  });
});
