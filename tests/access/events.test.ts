import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { decodeId } from "../../src/kernel/ids.ts";
import { type Scope, SCOPES } from "../../src/kernel/scopes.ts";
import { loadNodeKey } from "../../src/platform/auth/node-key.ts";
import { createCursors } from "../../src/platform/streams/cursors.ts";
import { type Answer, codeOf, type Demo, idOf, startDemo } from "../support/demo.ts";
import { hold, moveHold, shelter, stay } from "../support/holds.ts";
import { mutate } from "../support/mutate.ts";
import { untilTold } from "../support/patience.ts";
import { asSuperuser } from "../support/postgres.ts";
import { followStream, openStream, type Stream, type Variables } from "../support/streams.ts";

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
const EVENTS = `query ($first: Int! = 100, $after: String, $kinds: [EventKind!]) {
  events(first: $first, after: $after, kinds: $kinds) {
    edges { cursor node { cursor kind subjectId at } } pageInfo { hasNextPage endCursor } } }`;
interface Told {
  cursor: string;
  kind: string;
  subjectId: string;
}
const read = (organisation: string, variables: object = {}) => ask(organisation, EVENTS, variables);
const told = async (organisation: string, variables: object = {}) => {
  await untilTold(demo.database.superuserUrl);
  return read(organisation, variables);
};
const nodesOf = (answer: Answer): Told[] =>
  answer.data!["events"].edges.map((edge: { node: Told }) => edge.node);
const follow = async (
  organisation: string,
  variables: Variables = {},
  scopes: readonly Scope[] = SCOPES,
) => {
  // Otherwise it is told of what was before, too.
  await untilTold(demo.database.superuserUrl);
  return followStream(demo.url, await demo.token(organisation, scopes), variables);
};
const toldTo = (stream: Stream): Told[] =>
  stream.messages.filter(({ event }) => event === "next").map(({ data }) => data.data.events);
const newHold = async (): Promise<string> => {
  const { data } = await hold(ask, "lantern", [stay(pomegranate, 1)]);
  const { id } = data["holdBeds"];
  await moveHold(ask, "lantern", "releaseBedHold", id);
  return id;
};

describe("events", () => {
  it("are told to both sides of a hold and never to the wrong organisation, with ids and nothing else", async () => {
    const streams = await Promise.all(["lantern", "harbour", "outsider"].map((one) => follow(one)));
    const id = await newHold();
    const [holder, host, outsider] = streams;
    await holder!.atLeast(2);
    await host!.atLeast(2);
    for (const stream of [holder!, host!]) {
      expect(toldTo(stream).map(({ kind, subjectId }) => [kind, subjectId])).toEqual([
        ["BED_HOLD_CHANGED", id],
        ["BED_HOLD_CHANGED", id],
      ]);
    }
    expect(Object.keys(toldTo(host!)[0]!).toSorted()).toEqual([
      "at",
      "cursor",
      "kind",
      "subjectId",
    ]);
    expect(outsider!.messages).toEqual([]);
    expect(nodesOf(await read("outsider")).filter(({ subjectId }) => subjectId === id)).toEqual([]);
    await Promise.all(streams.map((stream) => stream.close()));
  });

  it("resume after a cursor with nothing lost and nothing repeated, as a stream and as pages", async () => {
    for (let count = 0; count < 3; count++) await newHold();
    const all = nodesOf(await told("lantern"));
    expect(all.length).toBeGreaterThanOrEqual(6);
    const stream = await follow("lantern", { after: all[1]!.cursor });
    await stream.atLeast(all.length - 2);
    await newHold();
    await stream.atLeast(all.length);
    await stream.close();
    const now = nodesOf(await read("lantern"));
    expect(toldTo(stream)).toEqual(now.slice(2));

    const paged: Told[] = [];
    for (let after: string | null = null; ;) {
      const page: Answer = await read("lantern", { first: 2, after });
      paged.push(...nodesOf(page));
      const { hasNextPage, endCursor } = page.data!["events"].pageInfo;
      if (!hasNextPage) break;
      after = endCursor;
    }
    expect(paged).toEqual(now);
  });

  it("of a revoked token are told to its organisation, once, and to nobody who knows it", async () => {
    const of = async (organisation: string) =>
      nodesOf(await told(organisation, { kinds: ["ORGANISATION_CHANGED"] })).length;
    const before = [await of("bridge"), await of("lantern"), await of("coordinator")];
    for (let count = 0; count < 2; count++) {
      const { errors } = await mutate(ask, "bridge", "revokeToken", { jti: "of-some-lost-phone" });
      expect(errors).toBeUndefined();
    }
    const after = [await of("bridge"), await of("lantern"), await of("coordinator")];
    expect(after).toEqual([before[0]! + 1, before[1], before[2]]);
  });

  it("of the asked kinds are told, and of those alone", async () => {
    const stream = await follow("harbour", { kinds: ["BEDS_CHANGED"] });
    await newHold();
    const changed = await mutate(ask, "harbour", "setBeds", {
      shelterId: pomegranate,
      from: new Date().toISOString().slice(0, 10),
      until: new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10),
      outOfService: 0,
    });
    expect(changed.errors).toBeUndefined();
    await stream.atLeast(1);
    expect(toldTo(stream).map(({ kind }) => kind)).toEqual(["BEDS_CHANGED"]);
    await stream.close();
    const kinds = nodesOf(await read("harbour", { kinds: ["BEDS_CHANGED"] }));
    expect(new Set(kinds.map(({ kind }) => kind))).toEqual(new Set(["BEDS_CHANGED"]));
  });

  it("wait for whatever could still come before them, and none is skipped when it does", async () => {
    const stream = await follow("lantern");
    const late = new pg.Client({ connectionString: demo.database.superuserUrl });
    await late.connect();
    await late.query("begin");
    const { rows } = await late.query<{ subject_id: string }>(
      `insert into event (kind, subject_type, subject_id, owner_id, party_id)
        select 'BED_HOLD_CHANGED', 'BedHold', h.id, h.host_id, h.holder_id from bed_hold h limit 1
        returning subject_id`,
    );
    expect(rows).toHaveLength(1);
    const before = nodesOf(await read("lantern"));
    const id = await newHold();
    expect(nodesOf(await read("lantern"))).toEqual(before);
    expect(stream.messages).toEqual([]);
    await late.query("commit");
    await late.end();
    await stream.atLeast(3);
    const heard = toldTo(stream);
    expect(heard.slice(1).map(({ subjectId }) => subjectId)).toEqual([id, id]);
    expect(nodesOf(await read("lantern"))).toEqual([...before, ...heard]);
    await stream.close();
  });

  it("need the scope of what they are about, for each stream and page anew", async () => {
    const scopes = SCOPES.filter((scope) => !scope.startsWith("beds:"));
    const [blind, seeing] = [await follow("lantern", {}, scopes), await follow("lantern")];
    await newHold();
    await seeing.atLeast(2);
    expect(blind.messages).toEqual([]);
    const answer = await demo.post("lantern", { query: EVENTS }, scopes);
    const kinds = nodesOf(JSON.parse(answer.text) as Answer).map(({ kind }) => kind);
    expect(kinds).not.toContain("BED_HOLD_CHANGED");
    await Promise.all([blind.close(), seeing.close()]);
  });

  it("of a client are told to that client and to who manages it, and to no other one with the same rights", async () => {
    const names = ["bot", "dashboard", "admin"];
    const { data } = await ask(
      "lantern",
      "{ viewer { organisation { clients { id clientId scopes } } } }",
    );
    const clients = names.map((name) =>
      data["viewer"].organisation.clients.find(
        ({ clientId }: { clientId: string }) => clientId === name,
      ),
    );
    const set = (id: string, scopes: readonly string[]) =>
      mutate(ask, "lantern", "setClientScopes", { id, scopes }, "{ id }");
    // One less, that is given back: what is set as it is tells nothing.
    const isLeft = (scope: string) => scope !== "ADVISORIES_READ";
    for (const { id, scopes } of clients) await set(id, scopes.filter(isLeft));
    await untilTold(demo.database.superuserUrl);
    const streams = await Promise.all(
      names.map(async (clientId) => {
        const scopes: Scope[] = [clientId === "admin" ? "clients:manage" : "beds:read"];
        const token = await demo.tokenOf({ organisation: "lantern", clientId, scopes });
        return followStream(demo.url, token);
      }),
    );
    for (const { id, scopes } of clients) await set(id, scopes);
    await streams[2]!.atLeast(3);
    for (const index of [0, 1]) {
      await streams[index]!.atLeast(1);
      expect(toldTo(streams[index]!).map(({ subjectId }) => subjectId)).toEqual([
        clients[index].id,
      ]);
    }
    await Promise.all(streams.map((stream) => stream.close()));
  });

  it("have cursors that mean nothing to another organisation and tell nothing of what the network writes", async () => {
    const [own] = nodesOf(await read("lantern"));
    const [others] = nodesOf(await read("harbour"));
    expect(codeOf(await read("lantern", { after: own!.cursor }))).toBeUndefined();
    for (const after of [
      others!.cursor,
      "",
      "AAAAAAAAAAAAAAAAAAAAAA",
      `${own!.cursor}=`,
      "x".repeat(1000),
    ]) {
      const answer = await read("lantern", { after });
      expect(codeOf(answer)).toBe("BAD_USER_INPUT");
      expect(JSON.stringify(answer)).not.toContain(after || "\0");
      const stream = await follow("lantern", { after });
      await stream.ended;
      expect(stream.messages.map(({ event }) => event)).toEqual(["next", "complete"]);
      expect(stream.messages[0]!.data.errors[0].extensions.code).toBe("BAD_USER_INPUT");
    }
  });

  it("refuse a cursor of what is not kept: it was purged, or another database told it", async () => {
    const [first] = nodesOf(await read("harbour"));
    await asSuperuser(demo.database.superuserUrl, (client) =>
      client.query("delete from event where position < (select max(position) from event)"),
    );
    const cursors = createCursors(
      (await loadNodeKey(inject("nodeKeyFile"))).derive("event cursors"),
    );
    const harbour = decodeId(await idOf(ask, "harbour"))!.uuid;
    const elsewhere = cursors.seal(harbour, { transaction: "1000000000", position: "1" });
    for (const after of [first!.cursor, elsewhere]) {
      const answer = await read("harbour", { after });
      expect(codeOf(answer)).toBe("BAD_USER_INPUT");
      expect(JSON.stringify(answer)).toContain("read the lists again");
    }
  });

  it("are a stream or nothing as a subscription, and one result as a query that is streamed", async () => {
    const token = await demo.token("lantern", SCOPES);
    const response = await fetch(demo.url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ query: "subscription { events { cursor } }" }),
    });
    expect(response.status).toBe(406);
    const stream = await openStream(demo.url, token, {}, "{ viewer { organisation { handle } } }");
    await stream.ended;
    expect(stream.messages.map(({ event, data }) => [event, data])).toEqual([
      ["next", { data: { viewer: { organisation: { handle: "lantern" } } } }],
      ["complete", null],
    ]);
    const told =
      '__type(name: "Mutation") { fields { name description args { name description } } }';
    const long = Array.from({ length: 60 }, (_, nth) => `a${nth}: ${told}`).join(" ");
    const large = await openStream(demo.url, token, {}, `{ ${long} }`);
    await large.ended;
    expect(large.messages.map(({ event }) => event)).toEqual(["next", "complete"]);
    expect(JSON.stringify(large.messages[0]!.data).length).toBeGreaterThan(256 * 1024);
  });

  it("are refused as JSON where the document is wrong, whatever is accepted", async () => {
    const token = await demo.token("lantern", SCOPES);
    const response = await fetch(demo.url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        accept: "text/event-stream",
      },
      body: JSON.stringify({ query: "subscription { nothing }" }),
    });
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toMatch(/^application\/graphql-response\+json/);
    expect(codeOf((await response.json()) as Answer)).toBe("BAD_USER_INPUT");
  });
});
