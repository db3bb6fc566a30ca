import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { flushedOf, judge, positionOf } from "../../src/platform/db/replica.ts";
import { hold, search, shelter, stay } from "../support/holds.ts";
import { asSuperuser } from "../support/postgres.ts";
import type { Organisation } from "../support/demo.ts";
import { type Replicated, startReplicated } from "../support/replicated.ts";

let network: Replicated;
let tokens: Readonly<Record<Organisation | "dashboard", string>>;
let pomegranate: string;
let circleId: string;
beforeAll(async () => {
  network = await startReplicated();
  const { tokenOf, ids, write, first } = network;
  tokens = {
    coordinator: await tokenOf("coordinator"),
    lantern: await tokenOf("lantern"),
    harbour: await tokenOf("harbour"),
    bridge: await tokenOf("bridge"),
    outsider: await tokenOf("outsider"),
    dashboard: await tokenOf("lantern", "dashboard"),
  };
  pomegranate = await shelter(first.ask, "Pomegranate");
  const memberIds = [ids.coordinator, ids.harbour, ids.outsider];
  const circle = { name: "Circle", stewardId: ids.coordinator, memberIds };
  circleId = (await write("coordinator", "createCircle", circle, "{ id }")).id;
  await write("harbour", "grantScopes", { circleId, scopes: ["BEDS_READ"] });
});
afterAll(async () => {
  await network?.stop();
});

describe("a search", () => {
  it("is answered by the replica, which may not know yet what others did", async () => {
    const { lantern } = tokens;
    const { checkIn: from, checkOut: until } = search;
    const free = (beds: number) => ({ Pomegranate: beds, Apricot: 4 });
    let isAnswered = false;
    // A machine too slow to ask while the replica is close behind asks again.
    for (let turn = 0; turn < 10 && !isAnswered; turn++) {
      const before = await network.foundOnReplica(network.first, lantern);
      await network.paused(async () => {
        const input = { shelterId: pomegranate, from, until, outOfService: (turn + 1) % 2 };
        await network.write("harbour", "setBeds", input);
        const { answer, by } = await network.found(network.first, lantern);
        isAnswered = by === "replica";
        expect(answer).toEqual(isAnswered ? before : free(8 - ((turn + 1) % 2)));
      });
    }
    expect(isAnswered).toBe(true);
  });

  it("shows at once what the caller did, and what was done with it, on every process", async () => {
    const { lantern, harbour } = tokens;
    const { checkIn: from, checkOut: until } = search;
    const input = { shelterId: pomegranate, from, until, outOfService: 1 };
    for (const token of [lantern, harbour]) await network.foundOnReplica(network.first, token);
    const seenBy = (token: string) =>
      Promise.all(network.both.map(async (one) => (await network.found(one, token)).answer));
    const free = (beds: number) => [
      expect.objectContaining({ Pomegranate: beds }),
      expect.objectContaining({ Pomegranate: beds }),
    ];
    await network.paused(async () => {
      await network.write("harbour", "setBeds", input);
      expect(await seenBy(harbour)).toEqual(free(7));
      await hold(network.first.ask, "lantern", [stay(pomegranate, 2)]);
      expect(await seenBy(lantern)).toEqual(free(5));
      expect(await seenBy(harbour)).toEqual(free(5));
    });
  });

  it.each(["valid_from", "valid_until"])(
    "is answered by the primary close to a grant's %s, of which two clocks may not agree",
    async (edge) => {
      const token = tokens.coordinator;
      const { foundOnReplica, found, first, standby } = network;
      const move = async (by: string) => {
        const text = `update sharing_reach set ${edge} = now() + $1::interval where organisation_id = $2`;
        await network.pastEveryWall(text, [by, network.uuidOf("coordinator")]);
        await standby.caughtUp();
      };
      await foundOnReplica(first, token);
      for (const by of ["1.5 seconds", "-1 second"]) {
        let answer;
        let begun: number;
        // Until it is asked while the edge is as close as that.
        do {
          begun = performance.now();
          await move(by);
          answer = await found(first, token);
        } while (answer.by !== "primary" && performance.now() - begun > 900);
        expect(answer).toMatchObject({ by: "primary" });
      }
      await move(edge === "valid_from" ? "-1 day" : "1 day");
      expect(await foundOnReplica(first, token)).not.toEqual({});
    },
  );
});

interface Level {
  readonly way: string;
  readonly who: keyof typeof tokens;
  readonly take: () => Promise<unknown>;
  readonly giveBack?: () => Promise<unknown>;
  /** The refusal, where it is one; otherwise nothing is found. */
  readonly code?: string;
  readonly more?: object;
}
const write: Replicated["write"] = (...call) => network.write(...call);
const setStatus = (organisation: Organisation, status: string) => () =>
  write("coordinator", "setOrganisationStatus", {
    organisationId: network.ids[organisation],
    status,
  });
const setNetwork = (status: string) => () =>
  write("coordinator", "setNetworkStatus", { status }, "");
const setCeiling = (scopes: readonly string[]) => () =>
  write("coordinator", "setOrganisationScopes", { organisationId: network.ids.harbour, scopes });
let advisoryId: string;
const LEVELS: readonly Level[] = [
  {
    way: "a grant",
    who: "bridge",
    async take() {
      const query =
        "{ sharingGrants(direction: GIVEN) { edges { node { id grantee { ... on Organisation { handle } } } } } }";
      const { edges } = (await network.first.ask("harbour", query)).data.sharingGrants;
      for (const { node } of edges)
        if (node.grantee.handle === "bridge")
          await write("harbour", "revokeGrant", { id: node.id });
    },
  },
  {
    way: "membership of a circle",
    who: "outsider",
    take: () =>
      write("coordinator", "setCircleMembers", {
        circleId,
        memberIds: [network.ids.coordinator, network.ids.harbour],
      }),
  },
  {
    way: "the owner's ceiling",
    who: "lantern",
    take: setCeiling(["ORGANISATIONS_READ"]),
    giveBack: setCeiling(["ORGANISATIONS_READ", "BEDS_READ", "BEDS_HOLD", "BEDS_MANAGE"]),
  },
  {
    way: "the owner's status",
    who: "lantern",
    take: setStatus("harbour", "SUSPENDED"),
    giveBack: setStatus("harbour", "ACTIVE"),
  },
  {
    way: "safety, by an advisory in force",
    who: "lantern",
    more: { riskProfile: "POLITICAL" },
    async take() {
      const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
      const warning = { level: "AVOID", hazards: ["DEPORTATION"], riskProfiles: ["POLITICAL"] };
      const input = { country: "AM", expiresAt, ...warning };
      advisoryId = (await write("bridge", "publishAdvisory", input, "{ id }")).id;
      await write("coordinator", "confirmAdvisory", { id: advisoryId });
    },
    giveBack: () => write("bridge", "withdrawAdvisory", { id: advisoryId }),
  },
  {
    way: "the network",
    who: "lantern",
    code: "UNAUTHENTICATED",
    take: setNetwork("LOCKED_DOWN"),
    giveBack: setNetwork("ACTIVE"),
  },
  {
    way: "the caller's status",
    who: "lantern",
    code: "UNAUTHENTICATED",
    take: setStatus("lantern", "SUSPENDED"),
    giveBack: setStatus("lantern", "ACTIVE"),
  },
  {
    way: "a scope of the client",
    who: "dashboard",
    code: "FORBIDDEN",
    async take() {
      const query = "{ viewer { organisation { clients { id clientId } } } }";
      const { clients } = (await network.first.ask("lantern", query)).data.viewer.organisation;
      const { id } = clients.find((one: { clientId: string }) => one.clientId === "dashboard");
      await write("lantern", "setClientScopes", { id, scopes: ["ORGANISATIONS_READ"] });
    },
  },
  {
    way: "a token",
    who: "lantern",
    code: "UNAUTHENTICATED",
    take: () => write("lantern", "revokeToken", { jti: decodeJwt(tokens.lantern).jti }),
  },
];

describe("what is taken back is gone with the next search on every process, though the replica has not heard of it:", () => {
  it.each(LEVELS)("$way", async ({ who, take, giveBack, code, more }) => {
    const { both, foundOnReplica, found, paused } = network;
    const token = tokens[who];
    const shown = expect.objectContaining({ Pomegranate: expect.anything() });
    for (const served of both) expect(await foundOnReplica(served, token, more)).toEqual(shown);
    await paused(async () => {
      await take();
      for (const served of both)
        expect((await found(served, token, more)).answer).toEqual(code ?? {});
    });
    await giveBack?.();
  });

  it("a grant, by a transaction that began before another one that it has heard of", async () => {
    const { primary, standby, both, foundOnReplica, found, paused } = network;
    await asSuperuser(network.superuserUrl(primary), async (client) => {
      const text = "delete from sharing_reach where organisation_id = $1";
      await client.query("begin");
      await client.query(text, [network.uuidOf("coordinator")]);
      for (const served of both)
        expect(await foundOnReplica(served, tokens.coordinator)).not.toEqual({});
      await write("bridge", "revokeToken", { jti: decodeJwt(tokens.bridge).jti });
      await standby.caughtUp();
      await paused(async () => {
        await client.query("commit");
        for (const served of both)
          expect((await found(served, tokens.coordinator)).answer).toEqual({});
      });
    });
  });
});

describe("a replica", () => {
  it("is left out where its clock or its history is another one's, or it is too far behind", async () => {
    await asSuperuser(network.primary.superuserUrl, async (client) => {
      const floor = await flushedOf(client);
      const { home } = await positionOf(client);
      const faultAt = async (replayed: string | null, seconds: number, at = home) => {
        const now = new Date(Date.now() + seconds * 1_000).toISOString();
        return (await judge(client, { home: at, replayed, now }, floor)).fault;
      };
      const beside = Object.assign(new URL(network.standby.superuserUrl), {
        pathname: "/template1",
      });
      const other = await asSuperuser(beside.toString(), positionOf);
      expect(await faultAt(floor, 0, other.home)).toBe("of_another_database");
      expect(await faultAt(floor, 0, home.replace(/\d/, "9"))).toBe("of_another_database");
      expect(await faultAt(floor, 0)).toBeNull();
      expect(await faultAt(null, 0)).toBe("not_a_standby");
      expect(await faultAt("FF/0", 0)).toBe("of_another_primary");
      expect(await faultAt("0/1", 0)).toBe("behind");
      expect(await faultAt(floor, 2)).toBe("clock_differs");
      expect(await faultAt(floor, -2)).toBe("clock_differs");
    });
  });

  it("need not be there when a process starts, but its role may not go round the walls", async () => {
    const { serve, found, superuserUrl, standby } = network;
    const served = await serve("postgres://nobody@127.0.0.1:9/wayhouse");
    const outcome = await found(served, tokens.harbour);
    await served.stop();
    expect(outcome).toMatchObject({ answer: { Pomegranate: 5 }, by: "primary" });
    await expect(serve(superuserUrl(standby))).rejects.toThrow(
      /role of DATABASE_READ_URL is a superuser/,
    );
  });
});
