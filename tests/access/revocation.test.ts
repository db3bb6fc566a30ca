import { randomUUID } from "node:crypto";
import { decodeJwt } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { type Answer, codeOf, type Demo, idOf, startDemo } from "../support/demo.ts";
import { meddle } from "../support/handoffs.ts";
import { hold, moveHold, SEARCH, search, shelter, stay } from "../support/holds.ts";
import { mutate } from "../support/mutate.ts";
import { endingOf as endingIn } from "../support/patience.ts";
import { followStream, type Stream } from "../support/streams.ts";

let demo: Demo;
let pomegranate: string;
const open: Stream[] = [];
beforeAll(async () => {
  demo = await startDemo();
  pomegranate = await shelter(ask, "Pomegranate");
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((stream) => stream.close()));
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const write = (organisation: string, field: string, input: object, selection = "{ id }") =>
  mutate(ask, organisation, field, input, selection);
const setNetworkStatus = (organisation: string, status: string) =>
  write(organisation, "setNetworkStatus", { status }, "");

async function withToken(token: string, query: string, variables: object = {}) {
  const response = await fetch(demo.url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, answer: (await response.json()) as Answer };
}
const VIEWER = "{ viewer { organisation { handle } } }";
const isIn = async (token: string) => (await withToken(token, VIEWER)).status === 200;

async function follow(token: string): Promise<Stream> {
  const stream = await followStream(demo.url, token);
  open.push(stream);
  return stream;
}
/** Something that both sides of a hold hear of. */
async function stir(): Promise<void> {
  const { data } = await hold(ask, "lantern", [stay(pomegranate, 1)]);
  await moveHold(ask, "lantern", "releaseBedHold", data["holdBeds"].id);
}
/** The stream, let in by now: it was told of something. */
async function lively(token: string): Promise<Stream> {
  for (;;) {
    const stream = await follow(token);
    await stir();
    await Promise.race([stream.ended, stream.atLeast(2)]);
    if (stream.losses === 0) return stream;
  }
}
const endingOf = (stream: Stream) => endingIn(demo.database.superuserUrl, stream);
const bedsSeenBy = async (organisation: string): Promise<number> =>
  (await ask(organisation, SEARCH, { search })).data.bedAvailability.edges.length;
const clientIdOf = async (organisation: string, clientId: string): Promise<string> => {
  const { data } = await ask(
    organisation,
    "{ viewer { organisation { clients { id clientId } } } }",
  );
  const clients = data.viewer.organisation.clients as { id: string; clientId: string }[];
  return clients.find((one) => one.clientId === clientId)!.id;
};

describe("what is taken back is gone with the next statement, and streams end within a second", () => {
  it("by revokeToken: one token and no other, and the wrong organisation that names it changes nothing", async () => {
    const [token, other] = [
      await demo.token("lantern", SCOPES),
      await demo.token("lantern", SCOPES),
    ];
    const { jti } = decodeJwt(token);
    expect(codeOf(await write("outsider", "revokeToken", { jti }))).toBeUndefined();
    expect(await isIn(token)).toBe(true);
    const [stream, others] = [await lively(token), await lively(other)];
    const answer = await write("lantern", "revokeToken", { jti }, "{ handle }");
    expect(answer.data).toEqual({ revokeToken: { handle: "lantern" } });
    expect(await isIn(token)).toBe(false);
    expect(await isIn(other)).toBe(true);
    expect(await endingOf(stream)).toBe("UNAUTHENTICATED");
    expect(await endingOf(others)).toBeNull();
    expect(codeOf(await write("lantern", "revokeToken", { jti: "short" }))).toBe("BAD_USER_INPUT");
  });

  it.each(["{ nothing }", "subscription { events { cursor } }"])(
    "by revokeToken: what is said of a call that is not carried out, too: %s",
    async (query) => {
      const token = await demo.token("lantern", SCOPES);
      expect(await isIn(token)).toBe(true);
      const told = await withToken(token, query);
      expect([told.status, codeOf(told.answer)]).toEqual([expect.any(Number), "BAD_USER_INPUT"]);
      await write("lantern", "revokeToken", { jti: decodeJwt(token).jti });
      expect((await withToken(token, query)).status).toBe(401);
    },
  );

  it("by revokeClient: each token of the client", async () => {
    const name = `bot-${randomUUID().slice(0, 8)}`;
    const made = await write("lantern", "registerClient", {
      clientId: name,
      kind: "BOT",
      scopes: ["BEDS_READ", "BEDS_HOLD"],
    });
    const token = await demo.tokenOf({
      organisation: "lantern",
      clientId: name,
      scopes: ["beds:read", "beds:hold"],
    });
    const stream = await lively(token);
    await write("lantern", "revokeClient", { id: made.data.registerClient.id });
    expect(await isIn(token)).toBe(false);
    expect(await endingOf(stream)).toBe("UNAUTHENTICATED");
  });

  it("by setClientScopes: what a client may, without throwing it out", async () => {
    const token = await demo.tokenOf({ organisation: "lantern", clientId: "dashboard" });
    const stream = await lively(token);
    await write("lantern", "setClientScopes", {
      id: await clientIdOf("lantern", "dashboard"),
      scopes: ["ORGANISATIONS_READ"],
    });
    expect(
      (await withToken(token, "{ bedHolds(side: HOLDER) { edges { cursor } } }")).answer,
    ).toMatchObject({ errors: [{ extensions: { code: "FORBIDDEN" } }] });
    expect(await endingOf(stream)).toBeNull();
  });

  it("by revokeGrant: what the owner shared", async () => {
    const { data } = await ask(
      "harbour",
      "{ sharingGrants(direction: GIVEN) { edges { node { id grantee { ... on Organisation { handle } } } } } }",
    );
    const { node: grant } = data.sharingGrants.edges.find(
      ({ node }: { node: { grantee: { handle: string } } }) => node.grantee.handle === "bridge",
    );
    const token = await demo.token("bridge", SCOPES);
    const stream = await follow(token);
    expect(await bedsSeenBy("bridge")).toBeGreaterThan(0);
    await write("harbour", "revokeGrant", { id: grant.id });
    expect(await bedsSeenBy("bridge")).toBe(0);
    expect(await endingOf(stream)).toBeNull();
    expect(await isIn(token)).toBe(true);
  });

  it("by setCircleMembers: what is shared with the circle", async () => {
    const [id, ...others] = await Promise.all(
      ["bridge", "coordinator", "harbour"].map((one) => idOf(ask, one)),
    );
    const circle = await write("coordinator", "createCircle", {
      name: `Circle ${randomUUID().slice(0, 8)}`,
      stewardId: others[0],
      memberIds: [id, ...others],
    });
    const circleId = circle.data.createCircle.id;
    const granted = await write("harbour", "grantScopes", { circleId, scopes: ["BEDS_READ"] });
    expect(granted.errors).toBeUndefined();
    expect(await bedsSeenBy("bridge")).toBeGreaterThan(0);
    const stream = await follow(await demo.token("bridge", SCOPES));
    await write("coordinator", "setCircleMembers", { circleId, memberIds: others });
    expect(await bedsSeenBy("bridge")).toBe(0);
    expect(await endingOf(stream)).toBeNull();
  });

  it.each([
    ["setOrganisationStatus", "coordinator", { status: "SUSPENDED" }],
    ["lockDownOrganisation", "bridge", {}],
  ])("by %s: everything of the organisation, and nothing of others", async (field, by, input) => {
    const others = await lively(await demo.token("harbour", SCOPES));
    const token = await demo.token("bridge", SCOPES);
    const stream = await follow(token);
    const organisationId = await idOf(ask, "bridge");
    expect((await write(by, field, { organisationId, ...input })).errors).toBeUndefined();
    expect(await isIn(token)).toBe(false);
    expect(await isIn(await demo.token("bridge", SCOPES))).toBe(false);
    expect(await endingOf(stream)).toBe("UNAUTHENTICATED");
    const told = others.messages.length;
    await stir();
    await others.atLeast(told + 2);
    await write("coordinator", "setOrganisationStatus", { organisationId, status: "ACTIVE" });
    expect(await isIn(await demo.token("bridge", SCOPES))).toBe(true);
  });

  it("by setNetworkStatus: everybody but network admins, who can look what was touched, suspend by whom and open it again; the wrong organisation is refused", async () => {
    expect(codeOf(await setNetworkStatus("lantern", "LOCKED_DOWN"))).toBe("FORBIDDEN");
    const [token, admins] = [
      await demo.token("lantern", SCOPES),
      await demo.token("coordinator", SCOPES),
    ];
    const streams = [await lively(token), await follow(admins)];
    const organisationId = await idOf(ask, "bridge");
    const answer = await setNetworkStatus("coordinator", "LOCKED_DOWN");
    expect(answer.data).toEqual({ setNetworkStatus: "LOCKED_DOWN" });
    expect(await isIn(token)).toBe(false);
    expect(await isIn(await demo.token("harbour", SCOPES))).toBe(false);
    expect(await endingOf(streams[0]!)).toBe("UNAUTHENTICATED");
    await endingOf(streams[1]!);
    expect((await withToken(admins, VIEWER)).status).toBe(200);
    const looked = await ask(
      "coordinator",
      `query ($id: ID!) { viewer { scopes } blastRadius(organisationId: $id, since: "2026-01-01T00:00:00Z") { count } }`,
      { id: organisationId },
    );
    expect(looked.errors).toBeUndefined();
    expect(looked.data["viewer"].scopes).toEqual(["NETWORK_ADMIN"]);
    for (const status of ["SUSPENDED", "ACTIVE"]) {
      const set = await write("coordinator", "setOrganisationStatus", { organisationId, status });
      expect(set.errors).toBeUndefined();
    }
    expect(
      codeOf(await ask("coordinator", "{ bedHolds(side: HOLDER) { edges { cursor } } }")),
    ).toBe("FORBIDDEN");
    expect((await setNetworkStatus("coordinator", "ACTIVE")).errors).toBeUndefined();
    expect(await isIn(token)).toBe(true);
  });

  it("however often it was before: what is over is summed up, and ends nobody's stream", async () => {
    const lantern = "organisation_id = (select id from organisation where handle = 'lantern')";
    const counted = async () =>
      (
        await meddle(
          demo,
          `select count(*)::integer as rows, sum(weight)::integer as epoch from revocation where ${lantern}`,
        )
      ).rows[0] as { rows: number; epoch: number };
    await meddle(
      demo,
      `insert into revocation (organisation_id, at)
        select id, now() - interval '2 minutes' from organisation, generate_series(1, 5000) where handle = 'lantern'`,
    );
    const before = await counted();
    const stream = await lively(await demo.token("lantern", SCOPES));
    // Or the clock has done so already.
    await meddle(demo, "select sum_up_revocations()");
    const after = await counted();
    expect(after.rows).toBeLessThanOrEqual(101);
    expect(after.epoch).toBe(before.epoch);
    const told = stream.messages.length;
    await stir();
    await stream.atLeast(told + 2);
    expect(stream.messages.map(({ event }) => event)).not.toContain("complete");
  });

  it("and what only adds ends nobody's stream", async () => {
    const stream = await lively(await demo.token("lantern", SCOPES));
    const made = await write("lantern", "registerClient", {
      clientId: `bot-${randomUUID().slice(0, 8)}`,
      kind: "BOT",
      scopes: ["BEDS_READ"],
    });
    await write("lantern", "setClientScopes", {
      id: made.data.registerClient.id,
      scopes: ["BEDS_READ", "BEDS_HOLD"],
    });
    await write("harbour", "grantScopes", {
      organisationId: await idOf(ask, "lantern"),
      scopes: ["CONSULATES_READ"],
    });
    const told = stream.messages.length;
    await stir();
    await stream.atLeast(told + 2);
    expect(stream.messages.map(({ event }) => event)).not.toContain("complete");
  });

  it("but of whoever may do more by now: who follows on misses nothing of it", async () => {
    const clientId = `bot-${randomUUID().slice(0, 8)}`;
    const scopes = ["BEDS_HOLD"];
    const made = await write("lantern", "registerClient", { clientId, kind: "BOT", scopes });
    const { id } = made.data.registerClient;
    const token = await demo.tokenOf({ organisation: "lantern", clientId, scopes: SCOPES });
    const stream = await lively(token);
    await write("lantern", "setClientScopes", { id, scopes: [...scopes, "BEDS_READ"] });
    const told = stream.messages.filter(({ event }) => event === "next");
    await stir();
    expect(await endingOf(stream)).toBeNull();
    const { cursor } = told.at(-1)!.data.data.events;
    const on = await followStream(demo.url, token, { after: cursor });
    open.push(on);
    // Of the client itself, and of the hold.
    await on.atLeast(3);
  });
});
