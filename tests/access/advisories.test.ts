import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { decodeId, encodeId } from "../../src/kernel/ids.ts";
import { codeOf, type Demo, idOf, night, startDemo } from "../support/demo.ts";
import { accept, inDays, meddle, offer, openTo, see } from "../support/handoffs.ts";
import { heldUp } from "../support/held-up.ts";
import { hold, moveHold, shelter, stay } from "../support/holds.ts";
import { mutate } from "../support/mutate.ts";
import { untilTold } from "../support/patience.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const FIELDS = "id inForce confirmations issuer { handle } withdrawnAt";
const publish = (by: string, input: object = {}) =>
  mutate(
    ask,
    by,
    "publishAdvisory",
    {
      country: "AM",
      riskProfiles: ["DESERTER"],
      level: "AVOID",
      hazards: ["DEPORTATION"],
      expiresAt: inDays(30),
      ...input,
    },
    `{ ${FIELDS} }`,
  );
const step = (by: string, field: string, id: string) =>
  mutate(ask, by, field, { id }, `{ ${FIELDS} }`);
const search = async (by: string, input: object) => {
  const { data } = await ask(
    by,
    `query ($search: BedSearch!) { bedAvailability(search: $search) { edges { node { advisories { id inForce } shelter { label } } } } }`,
    { search: { country: "AM", checkIn: night(1), checkOut: night(2), ...input } },
  );
  return data["bedAvailability"].edges.map(({ node }: { node: object }) => node) as {
    advisories: { id: string; inForce: boolean }[];
  }[];
};
let lastNight = 100;
const holdFor = async (riskProfile: string) => {
  const stays = [stay(await shelter(ask, "Apricot"), 1, (lastNight += 2))];
  const answer = await mutate(
    ask,
    "lantern",
    "holdBeds",
    { riskProfile, stays },
    `{ __typename
      ... on BedHold { id } ... on AdvisoryInForce { message advisory { id inForce } } }`,
  );
  return answer.data["holdBeds"];
};

describe("an advisory", () => {
  it("warns at once (publishAdvisory), blocks when a second organisation confirms it (confirmAdvisory), and no more once withdrawn (withdrawAdvisory)", async () => {
    const made = (await publish("bridge")).data["publishAdvisory"];
    expect(made).toMatchObject({ inForce: false, confirmations: 0, issuer: { handle: "bridge" } });
    const warned = await search("lantern", { riskProfile: "DESERTER" });
    expect(warned.map(({ advisories }) => advisories)).toEqual([
      [{ id: made.id, inForce: false }],
      [{ id: made.id, inForce: false }],
    ]);
    const placed = await holdFor("DESERTER");
    expect(placed.__typename).toBe("BedHold");

    expect(codeOf(await step("bridge", "confirmAdvisory", made.id))).toBe("BAD_USER_INPUT");
    const confirmed = await step("harbour", "confirmAdvisory", made.id);
    expect(confirmed.data["confirmAdvisory"]).toMatchObject({ inForce: true, confirmations: 1 });
    expect(await search("lantern", { riskProfile: "DESERTER" })).toEqual([]);
    expect(await search("lantern", { riskProfile: "DESERTER", includeUnsafe: true })).toHaveLength(
      2,
    );
    expect(await search("lantern", { riskProfile: "JOURNALIST" })).toHaveLength(2);
    expect((await search("lantern", {}))[0]!.advisories).toEqual([{ id: made.id, inForce: true }]);
    expect(await holdFor("DESERTER")).toMatchObject({
      __typename: "AdvisoryInForce",
      advisory: { id: made.id, inForce: true },
    });
    expect((await holdFor("JOURNALIST")).__typename).toBe("BedHold");
    // It frees nothing that is held already.
    expect(
      (await moveHold(ask, "lantern", "confirmBedHold", placed.id)).data["confirmBedHold"],
    ).toMatchObject({ status: "CONFIRMED" });

    const withdrawn = await step("bridge", "withdrawAdvisory", made.id);
    expect(withdrawn.data["withdrawAdvisory"].inForce).toBe(false);
    expect(codeOf(await step("lantern", "confirmAdvisory", made.id))).toBe("BAD_USER_INPUT");
    expect((await holdFor("DESERTER")).__typename).toBe("BedHold");
    expect(await search("lantern", { riskProfile: "DESERTER" })).toHaveLength(2);
  });

  it("is what tells of a request that it holds up; of an accepted handoff its own event does, to both sides alone", async () => {
    await openTo(ask, "lantern", ["harbour"]);
    const offered = async () => {
      const answer = await offer(ask, "lantern", ["harbour"], { destinations: ["TR"] });
      return answer.data["offerHandoff"].id as string;
    };
    const [requested, accepted] = [await offered(), await offered()];
    await accept(ask, "harbour", accepted);
    const told = async (by: string, after?: string) => {
      await untilTold(demo.database.superuserUrl);
      const { data } = await ask(
        by,
        "query ($after: String) { events(after: $after, kinds: [HANDOFF_CHANGED, ADVISORY_CHANGED]) { edges { cursor node { kind subjectId } } } }",
        { after },
      );
      return data["events"].edges as { cursor: string; node: object }[];
    };
    const sides = ["lantern", "harbour", "outsider"];
    const before = await Promise.all(sides.map(async (by) => (await told(by)).at(-1)?.cursor));
    const TR = { country: "TR", riskProfiles: ["JOURNALIST"] };
    const { id } = (await publish("lantern", TR)).data["publishAdvisory"];
    await step("bridge", "confirmAdvisory", id);
    for (const one of [requested, accepted])
      expect((await see(ask, "lantern", one)).status).toBe("ON_HOLD");
    const advisory = { kind: "ADVISORY_CHANGED", subjectId: id };
    const held = { kind: "HANDOFF_CHANGED", subjectId: accepted };
    for (const [index, by] of sides.entries()) {
      const nodes = (await told(by, before[index])).map(({ node }) => node);
      expect(nodes, by).toEqual(by === "outsider" ? [] : [advisory, advisory, held]);
    }
  });

  it("withdrawn once more is nothing new: nobody is told of it, and no chain tells it", async () => {
    const { id } = (await publish("bridge", { country: "GE" })).data["publishAdvisory"];
    const told = async () =>
      (await meddle(demo, "select from event where subject_id = $1", [decodeId(id)!.uuid]))
        .rowCount;
    const once = await step("bridge", "withdrawAdvisory", id);
    expect(await told()).toBe(2);
    expect(await step("bridge", "withdrawAdvisory", id)).toEqual(once);
    expect(await told()).toBe(2);
  });

  it("of a later day binds nobody yet, and one of another country nobody here", async () => {
    for (const input of [{ effectiveFrom: inDays(1) }, { country: "GE" }]) {
      const { id } = (await publish("bridge", input)).data["publishAdvisory"];
      await step("harbour", "confirmAdvisory", id);
      expect((await holdFor("DESERTER")).__typename).toBe("BedHold");
      await step("bridge", "withdrawAdvisory", id);
    }
  });

  it("confirmed once more by the same organisation is nothing new, and written into no chain", async () => {
    const { id } = (await publish("bridge", { country: "GE" })).data["publishAdvisory"];
    const entries = async () =>
      (
        await meddle(
          demo,
          "select from audit_entry where action = 'confirmAdvisory' and subject_id = $1",
          [decodeId(id)!.uuid],
        )
      ).rowCount;
    await step("harbour", "confirmAdvisory", id);
    expect(await entries()).toBe(2);
    const again = await step("harbour", "confirmAdvisory", id);
    expect(again.data["confirmAdvisory"]).toMatchObject({ confirmations: 1 });
    expect(await entries()).toBe(2);
    await step("bridge", "withdrawAdvisory", id);
  });

  it("that has lapsed before it is published is none, though clocks may differ by a little", async () => {
    const minutesAgo = (count: number) => new Date(Date.now() - count * 60_000);
    const past = { effectiveFrom: minutesAgo(4), expiresAt: minutesAgo(3) };
    expect(codeOf(await publish("bridge", past))).toBe("BAD_USER_INPUT");
  });

  it("lapses by itself, with no job to tell it", async () => {
    const { id } = (await publish("bridge", { riskProfiles: ["JOURNALIST"] })).data[
      "publishAdvisory"
    ];
    await step("harbour", "confirmAdvisory", id);
    expect((await holdFor("JOURNALIST")).__typename).toBe("AdvisoryInForce");
    await meddle(
      demo,
      "update advisory set effective_from = now() - interval '2 days', expires_at = now() where withdrawn_at is null",
    );
    expect((await holdFor("JOURNALIST")).__typename).toBe("BedHold");
    const seen = await ask(
      "lantern",
      "query ($id: ID!) { node(id: $id) { ... on Advisory { inForce } } }",
      { id },
    );
    expect(seen.data["node"]).toEqual({ inForce: false });
    expect(codeOf(await step("lantern", "confirmAdvisory", id))).toBe("BAD_USER_INPUT");
  });

  it("stands while its issuer is suspended: whoever takes an organisation over takes no warning away by locking it down", async () => {
    const { id } = (await publish("bridge")).data["publishAdvisory"];
    await step("harbour", "confirmAdvisory", id);
    const organisationId = await idOf(ask, "bridge");
    const set = (status: string) =>
      mutate(ask, "coordinator", "setOrganisationStatus", { organisationId, status });
    await set("SUSPENDED");
    expect((await holdFor("DESERTER")).__typename).toBe("AdvisoryInForce");
    await set("ACTIVE");
    await step("bridge", "withdrawAdvisory", id);
  });

  it("that has ended by the clock of the database alone is refused", async () => {
    const end = new Date(Date.now() - 1_000).toISOString();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 30_000 });
    const answer = await publish("bridge", { expiresAt: end });
    vi.useRealTimers();
    expect(codeOf(answer)).toBe("BAD_USER_INPUT");
  });

  it("is answered under the same key as the first time, also when its beginning is long past", async () => {
    const input = { idempotencyKey: randomUUID(), effectiveFrom: new Date(), expiresAt: inDays(1) };
    const first = await publish("bridge", { ...input, country: "GE" });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    const again = await publish("bridge", { ...input, country: "GE" });
    vi.useRealTimers();
    expect(again).toEqual(first);
  });

  it.each<[string, object]>([
    ["no risk profile", { riskProfiles: [] }],
    ["a hazard twice", { hazards: ["ABDUCTION", "ABDUCTION"] }],
    ["no end in sight", { expiresAt: inDays(400) }],
    ["an end in the past", { expiresAt: inDays(-1) }],
    ["a beginning in the past", { effectiveFrom: inDays(-1) }],
    [
      "an end after what RFC 3339 spells",
      { effectiveFrom: "9999-12-01T00:00:00Z", expiresAt: "9999-12-31T23:59:59-14:00" },
    ],
  ])("with %s is refused", async (_, input) => {
    expect(codeOf(await publish("bridge", input))).toBe("BAD_USER_INPUT");
  });

  it("is one of a hundred of its issuer at most, though two are published at once", async () => {
    const { id } = (await publish("coordinator", { country: "GE" })).data["publishAdvisory"];
    await meddle(
      demo,
      `insert into advisory (issuer_id, country, risk_profiles, level, hazards, expires_at)
        select issuer_id, country, risk_profiles, level, hazards, expires_at
          from advisory, generate_series(2, 99) where id = $1`,
      [decodeId(id)!.uuid],
    );
    const another = () => publish("coordinator");
    const published = await heldUp(demo, "coordinator", another, another);
    expect(published.map(codeOf)).toEqual([undefined, "LIMIT_EXCEEDED"]);
    await step("coordinator", "withdrawAdvisory", id);
    expect(codeOf(await publish("coordinator", { country: "GE" }))).toBeUndefined();
  });

  it("of the wrong organisation is unknown to who shares no circle with it, and binds it not", async () => {
    const own = (await publish("outsider", { riskProfiles: ["POLITICAL"] })).data[
      "publishAdvisory"
    ];
    for (const by of ["lantern", "harbour", "coordinator"]) {
      for (const field of ["confirmAdvisory", "withdrawAdvisory"]) {
        const foreign = await step(by, field, own.id);
        const missing = await step(by, field, encodeId("Advisory", randomUUID()));
        expect(foreign).toEqual(missing);
        expect(codeOf(missing)).toBe("NOT_FOUND");
      }
    }
    const theirs = (await publish("bridge")).data["publishAdvisory"];
    const query = "query ($id: ID!) { node(id: $id) { id } }";
    expect((await ask("outsider", query, { id: theirs.id })).data["node"]).toBeNull();
    expect((await ask("lantern", query, { id: theirs.id })).data["node"]).toEqual({
      id: theirs.id,
    });
    expect(codeOf(await step("lantern", "withdrawAdvisory", theirs.id))).toBe("NOT_FOUND");
    const listed = await ask("outsider", "{ advisories { edges { node { id } } } }");
    expect(listed.data["advisories"].edges).toEqual([{ node: { id: own.id } }]);
    await step("bridge", "withdrawAdvisory", theirs.id);
  });

  it("lets no hold slip in beside the confirmation", async () => {
    const { id } = (await publish("bridge", { riskProfiles: ["RELATIVE"] })).data[
      "publishAdvisory"
    ];
    const apricot = await shelter(ask, "Apricot");
    const holds = Array.from({ length: 8 }, (_, i) =>
      hold(ask, "lantern", [stay(apricot, 1, 200 + 2 * i)], randomUUID(), {
        riskProfile: "RELATIVE",
      }),
    );
    const confirmed = step("harbour", "confirmAdvisory", id);
    const answers = await Promise.all(holds);
    expect((await confirmed).data["confirmAdvisory"].inForce).toBe(true);
    for (const { data } of answers)
      expect(["BedHold", "AdvisoryInForce"]).toContain(data["holdBeds"].__typename);
    expect((await holdFor("RELATIVE")).__typename).toBe("AdvisoryInForce");
    await step("bridge", "withdrawAdvisory", id);
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
