import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeId, encodeId } from "../../src/kernel/ids.ts";
import { demoKey } from "../../src/platform/auth/demo-keys.ts";
import { DEFAULT_LIMITS } from "../../src/platform/limits/limits.ts";
import { thumbprintOf } from "../../src/sealing/index.ts";
import { type Answer, codeOf, type Demo, idOf, night, startDemo } from "../support/demo.ts";
import { accept, meddle, offer, openTo } from "../support/handoffs.ts";
import { HOLD } from "../support/holds.ts";
import { envelopeFor, publish, retire, sealingKey, state } from "../support/keys.ts";
import { mutate, mutationOf } from "../support/mutate.ts";
import { untilTold } from "../support/patience.ts";
import { p256 } from "../support/sealing.ts";

const CLIENTS = "{ viewer { organisation { clients { id clientId scopes } } } }";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo({
    perHour: {
      ...DEFAULT_LIMITS.perHour,
      holds: 2,
      introductions: 2,
      grants: 2,
      advisories: 1,
      clients: 1,
      keys: 1,
      upkeep: 2,
      sealings: 2,
    },
  });
});
afterAll(async () => {
  await demo.stop();
});

describe("an organisation", () => {
  const stays = async (count: number) => {
    const { data } = await demo.ask("harbour", "{ shelters { edges { node { id } } } }");
    const shelterId = data["shelters"].edges[0].node.id as string;
    return [{ shelterId, beds: 1, checkIn: night(count), checkOut: night(count + 1) }];
  };
  const hold = async (nth: number, clientId = "bot", organisation = "lantern") => {
    const input = {
      idempotencyKey: `budget-${clientId}-${nth}`,
      stays: await stays(nth),
      riskProfile: "OTHER",
    };
    const caller = { organisation, clientId };
    const { text } = await demo.call(caller, { query: HOLD, variables: { input } });
    return JSON.parse(text) as Answer;
  };

  it("that has held what its hour allows waits, whichever client asks, is answered again by key, and a refused hold costs nothing", async () => {
    const first = await hold(1);
    expect(codeOf(first)).toBeUndefined();
    const { data } = await demo.ask("lantern", HOLD, {
      input: {
        idempotencyKey: "budget-of-nobody",
        stays: [{ ...(await stays(2))[0], beds: 10_000 }],
        riskProfile: "OTHER",
      },
    });
    expect(data["holdBeds"].__typename).toBe("CapacityExhausted");
    expect(codeOf(await hold(2, "dashboard"))).toBeUndefined();
    const third = await hold(3, "admin");
    expect(third.errors).toMatchObject([{ extensions: { code: "RATE_LIMITED" } }]);
    const wait = (third.errors![0]!.extensions as unknown as { retryAfterSeconds: number })
      .retryAfterSeconds;
    expect(wait).toBeGreaterThan(1_700);
    expect(wait).toBeLessThanOrEqual(1_800);
    // Nothing of it happened: its key is free, and the first call's answer stands.
    expect(await hold(1)).toEqual(first);
    expect(codeOf(await hold(3, "admin"))).toBe("RATE_LIMITED");
    // What one organisation has used up is no other's.
    expect(codeOf(await hold(3, "bot", "harbour"))).toBeUndefined();
  });

  it("that names thumbprints at random is stopped, whichever client asks", async () => {
    const codes: (string | undefined)[] = [];
    for (const [nth, clientId] of ["bot", "dashboard", "admin"].entries()) {
      const query = `{ organisation(thumbprint: "${"A".repeat(42)}${"AEI"[nth]}") { id } }`;
      const { text } = await demo.call({ organisation: "outsider", clientId }, { query });
      codes.push(codeOf(JSON.parse(text) as Answer));
    }
    expect(codes.at(-1)).toBe("RATE_LIMITED");
    expect(codes.slice(0, 2)).not.toContain("RATE_LIMITED");
  });

  it("that names whom it knows, as with each envelope, is not", async () => {
    const { kid } = demoKey(demo.dataDir, "harbour", "identity");
    const query = `{ organisation(thumbprint: "${kid}") { handle } }`;
    for (let nth = 0; nth < 5; nth++)
      expect(await demo.ask("lantern", query)).toEqual({
        data: { organisation: { handle: "harbour" } },
      });
  });

  const write = async (organisation: string, clientId: string, field: string, input: object) => {
    const variables = { input: { idempotencyKey: randomUUID(), ...input } };
    const body = { query: mutationOf(field, "{ __typename }"), variables };
    const { text } = await demo.call({ organisation, clientId }, body);
    return codeOf(JSON.parse(text) as Answer);
  };

  it("that takes beds with what it accepts has them counted as any others, and accepts without them all it likes", async () => {
    const ask: Demo["ask"] = (...call) => demo.ask(...call);
    await openTo(ask, "lantern", ["bridge"]);
    const place = { label: "Elm", country: "AM", locality: "Sevan", kind: "HOSTEL", features: [] };
    const made = await mutate(ask, "bridge", "createShelter", { ...place, beds: 9 });
    const shelterId = made.data["createShelter"].id as string;
    const stay = { shelterId, beds: 1, checkIn: night(1), checkOut: night(2) };
    const accepted = async (more: object) => {
      const { id } = (await offer(ask, "lantern", ["bridge"])).data["offerHandoff"];
      return codeOf(await accept(ask, "bridge", id, more));
    };
    const holdBeds = { idempotencyKey: randomUUID(), riskProfile: "JOURNALIST", stays: [stay] };
    expect([await accepted({ holdBeds }), await accepted({ holdBeds })]).toEqual([
      undefined,
      undefined,
    ]);
    expect(await accepted({ holdBeds })).toBe("RATE_LIMITED");
    expect(await accepted({})).toBeUndefined();
  });

  it("gives no more grants in an hour than its budget, whichever client asks, and takes back all it likes", async () => {
    const organisationId = await idOf((...call) => demo.ask(...call), "lantern");
    const give = (clientId: string) =>
      write("harbour", clientId, "grantScopes", { organisationId, scopes: ["BEDS_READ"] });
    const told = async () =>
      (await meddle(demo, "select from revocation where organisation_id = $1", [uuid])).rowCount!;
    const { uuid } = decodeId(organisationId)!;
    const before = await told();
    expect([await give("bot"), await give("admin"), await give("bot")]).toEqual([
      undefined,
      undefined,
      "RATE_LIMITED",
    ]);
    const { rows } = await meddle(
      demo,
      "select id from sharing_grant where organisation_id = $1 order by valid_from desc limit 2",
      [uuid],
    );
    for (const { id } of rows as { id: string }[]) {
      const revoke = { id: encodeId("SharingGrant", id) };
      const entries = async () =>
        (await meddle(demo, "select from audit_entry where subject_id = $1", [id])).rowCount;
      expect(await write("harbour", "bot", "revokeGrant", revoke)).toBeUndefined();
      const once = await entries();
      expect(await write("harbour", "bot", "revokeGrant", revoke)).toBeUndefined();
      expect(await entries()).toBe(once);
    }
    expect(await give("admin")).toBe("RATE_LIMITED");
    // The other one's streams have ended as often as it was given something, and no oftener.
    expect(await told()).toBe(before + 2);
  });

  it("registers clients and warns no oftener, whichever client asks, and takes both back all the same", async () => {
    const register = (by: string, clientId: string) =>
      write("outsider", by, "registerClient", { clientId, kind: "BOT", scopes: ["BEDS_READ"] });
    expect([await register("bot", "one"), await register("admin", "two")]).toEqual([
      undefined,
      "RATE_LIMITED",
    ]);
    const warn = () =>
      write("bridge", "bot", "publishAdvisory", {
        country: "GE",
        riskProfiles: ["OTHER"],
        level: "AVOID",
        hazards: ["DEPORTATION"],
        expiresAt: `${night(30)}T00:00:00Z`,
      });
    expect([await warn(), await warn()]).toEqual([undefined, "RATE_LIMITED"]);
    const { rows } = await meddle(
      demo,
      "select (select id from client where name = 'one') as client, (select id from advisory) as advisory",
    );
    const { client, advisory } = rows[0] as { client: string; advisory: string };
    const back = { id: encodeId("Client", client) };
    expect(await write("outsider", "bot", "revokeClient", back)).toBeUndefined();
    const withdrawn = { id: encodeId("Advisory", advisory) };
    expect(await write("bridge", "bot", "withdrawAdvisory", withdrawn)).toBeUndefined();
    expect([await register("bot", "three"), await warn()]).toEqual([
      "RATE_LIMITED",
      "RATE_LIMITED",
    ]);
  });

  it("keeps up what it shares no oftener, whichever client asks, and its grantee is told no oftener", async () => {
    const { data } = await demo.ask("harbour", "{ shelters { edges { node { id } } } }");
    const shelterId = data["shelters"].edges[0].node.id as string;
    const set = (by: string, organisation = "harbour") => {
      const nights = { from: night(40), until: night(41), outOfService: 1 };
      return write(organisation, by, "setBeds", { shelterId, ...nights });
    };
    const told = async () => {
      await untilTold(demo.database.superuserUrl);
      const query = "{ events(kinds: [BEDS_CHANGED], first: 100) { edges { cursor } } }";
      return (await demo.ask("lantern", query)).data["events"].edges.length as number;
    };
    const before = await told();
    // What is not the caller's to set costs neither side anything.
    expect(await set("bot", "lantern")).toBe("NOT_FOUND");
    expect([await set("bot"), await set("admin"), await set("dashboard")]).toEqual([
      undefined,
      undefined,
      "RATE_LIMITED",
    ]);
    expect(await told()).toBe(before + 2);
  });

  it("lets its clients do more no oftener, whichever client asks, takes from them and revokes tokens all it likes, and enters nothing where all is as it was", async () => {
    const { data } = await demo.ask("coordinator", CLIENTS);
    const clients = data["viewer"].organisation.clients as {
      id: string;
      clientId: string;
      scopes: string[];
    }[];
    const { id, scopes } = clients.find(({ clientId }) => clientId === "dashboard")!;
    const entries = async () =>
      (await meddle(demo, "select from audit_entry where subject_id = $1", [decodeId(id)!.uuid]))
        .rowCount!;
    const set = (by: string, now: string[]) =>
      write("coordinator", by, "setClientScopes", { id, scopes: now });
    const require = (by: string, requireDpop: boolean) =>
      write("coordinator", by, "setClientDpop", { id, requireDpop });
    const [less, least] = [scopes.slice(1), scopes.slice(2)];
    expect(least.length).toBeGreaterThan(0);
    expect([
      await set("bot", less),
      await require("admin", true),
      await set("admin", scopes.toReversed()),
      await require("bot", false),
    ]).toEqual([undefined, undefined, undefined, undefined]);
    expect(await entries()).toBe(4);
    // Whoever has its hour used up is stopped by that in nothing that locks a thief out.
    expect([
      await set("bot", less),
      await require("bot", true),
      await set("admin", scopes),
      await require("admin", false),
      await set("bot", [...least, scopes[0]!]),
    ]).toEqual([undefined, undefined, "RATE_LIMITED", "RATE_LIMITED", "RATE_LIMITED"]);
    expect(await entries()).toBe(6);
    expect([
      await set("bot", less.toReversed()),
      await require("bot", true),
      await set("bot", least),
      await write("coordinator", "bot", "revokeToken", { jti: "of-some-stolen-phone" }),
      await write("coordinator", "bot", "revokeClient", { id }),
      await write("coordinator", "bot", "revokeClient", { id }),
    ]).toEqual([undefined, undefined, undefined, undefined, undefined, undefined]);
    expect(await entries()).toBe(8);
  });

  it("seals no oftener, as sender and as host", async () => {
    const ask: Demo["ask"] = (...call) => demo.ask(...call);
    const offered = (await offer(ask, "lantern", ["bridge"])).data["offerHandoff"].id as string;
    await accept(ask, "bridge", offered);
    const key = await sealingKey(demo, "bridge");
    const held = "{ bedHolds(side: HOST) { edges { node { id } } } }";
    const holdId = (await ask("bridge", held)).data["bedHolds"].edges[0].node.id as string;
    const sealings = [
      ["lantern", "sealHandoff", offered],
      ["bridge", "sendInstructions", holdId],
    ] as const;
    for (const [from, field, id] of sealings) {
      const file = { from, to: "bridge", key, subject: id, text: "Ring twice." };
      const envelope = await envelopeFor(demo, file);
      const codes: (string | undefined)[] = [];
      for (const by of ["bot", "dashboard", "admin"])
        codes.push(await write(from, by, field, { id, envelope }));
      expect(codes, field).toEqual([undefined, undefined, "RATE_LIMITED"]);
    }
  });

  it("publishes no more keys, and retires them all the same", async () => {
    const [key, another] = [p256(), p256()];
    const say = (change: "PUBLISHED" | "RETIRED", of: typeof key) =>
      state(demo, "outsider", change, of);
    const put = async (of: typeof key) =>
      codeOf(await publish(demo, "outsider", of, await say("PUBLISHED", of)));
    expect([await put(key), await put(another)]).toEqual([undefined, "RATE_LIMITED"]);
    const kid = await thumbprintOf(key);
    const retired = await retire(demo, "outsider", kid, await say("RETIRED", key));
    expect(codeOf(retired)).toBeUndefined();
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
