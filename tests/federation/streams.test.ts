import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeJwt } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { generateSigningKey } from "../../src/platform/auth/sign.ts";
import { type Answer, type Demo, idOf, startDemo } from "../support/demo.ts";
import { type Federation, startFederation, startGateway } from "../support/federation.ts";
import { accept, offer, openTo } from "../support/handoffs.ts";
import { mutate } from "../support/mutate.ts";
import { endingOf } from "../support/patience.ts";
import { proofOf } from "../support/proofs.ts";
import { isLost, openStream, type Stream } from "../support/streams.ts";

const reference = randomUUID();
const DASHBOARD = `query ($id: ID!) { node(id: $id) { ... on Handoff { status caseReference { case { code } } } } }`;
let demo: Demo;
let federation: Federation;
let lantern: string;
const open: Stream[] = [];
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const write = (organisation: string, field: string, input: object) =>
  mutate(ask, organisation, field, input);
const setStatus = (status: string) =>
  write("coordinator", "setOrganisationStatus", { organisationId: lantern, status });
const followAt = async (...[url, token, variables]: Parameters<typeof openStream>) => {
  const stream = await openStream(url, token, variables);
  open.push(stream);
  return stream;
};
const follow = (token: Parameters<typeof openStream>[1], variables: object = {}) =>
  followAt(federation.gatewayUrl, token, variables);
const handOver = async (): Promise<string> => {
  const offered = await offer(ask, "bridge", ["lantern"]);
  return offered.data["offerHandoff"].id as string;
};
const isTold = (stream: Stream, id: string) =>
  stream.messages.some(({ data }) => data?.data?.events.subjectId === id);
/**
 * The gateway answers before the network has let the stream in: only what was told shows that it is.
 * Nothing is under way afterwards.
 */
async function lively(opening: () => Promise<Stream>): Promise<Stream> {
  let stream = await opening();
  const until = Date.now() + 30_000;
  for (;;) {
    const id = await handOver();
    for (let i = 0; i < 20; i++) {
      if (isTold(stream, id)) return stream;
      await sleep(25);
    }
    if (isLost(stream)) stream = await opening();
    else if (stream.messages.at(-1)?.event === "complete" || Date.now() > until)
      throw new Error(`told ${JSON.stringify(stream.messages)}`);
  }
}

/** Within a second. It says why, and is complete. */
const ends = async (stream: Stream) =>
  expect(await endingOf(demo.database.superuserUrl, stream)).toBe("UNAUTHENTICATED");

beforeAll(async () => {
  demo = await startDemo();
  const record = { reference, code: "Heron-7", stage: "PLANNING", notes: [] } as const;
  federation = await startFederation(demo, [record]);
  await openTo(ask, "bridge", ["lantern"]);
  lantern = await idOf(ask, "lantern");
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((stream) => stream.close()));
});
afterAll(async () => {
  await federation.stop();
  await demo.stop();
});

describe("a subscription through the partner's gateway", () => {
  it("tells of a handoff, which one query then shows with the case; a stranger's tells nothing", async () => {
    const stranger = await follow(await demo.token("outsider", SCOPES));
    const token = await demo.token("lantern", SCOPES);
    const stream = await lively(() => follow(token));
    const told = stream.messages.length;
    const id = await handOver();
    await accept(ask, "lantern", id, { caseReference: reference });
    const messages = await stream.atLeast(told + 2);
    for (const { event, data } of messages.slice(told)) {
      expect([event, data]).toEqual([
        "next",
        {
          data: {
            events: {
              cursor: expect.any(String),
              kind: "HANDOFF_CHANGED",
              subjectId: id,
              at: expect.any(String),
            },
          },
        },
      ]);
    }
    const text = await federation.post("lantern", { query: DASHBOARD, variables: { id } });
    expect(JSON.parse(text)).toEqual({
      data: { node: { status: "ACCEPTED", caseReference: { case: { code: "Heron-7" } } } },
    });
    expect(stranger.messages).toEqual([]);
  });

  it("goes on after a cursor, without loss and each event once", async () => {
    const token = await demo.token("lantern", SCOPES);
    const first = await lively(() => follow(token));
    const { cursor } = first.messages.at(-1)!.data.data.events;
    await first.close();
    const missed = [await handOver(), await handOver()];
    const second = await follow(token, { after: cursor });
    const last = await handOver();
    const messages = await second.atLeast(3);
    expect(messages.map(({ data }) => data.data.events.subjectId)).toEqual([...missed, last]);
  });

  it("tells whoever has no valid token that, and nothing else", async () => {
    const stream = await follow("none");
    await stream.ended;
    expect(stream.messages.map(({ event }) => event)).toEqual(["next", "complete"]);
    const { data, errors } = stream.messages[0]!.data as Answer;
    expect([data, errors?.map(({ extensions }) => extensions.code)]).toEqual([
      undefined,
      ["UNAUTHENTICATED"],
    ]);
  });

  it.each<[string, (token: string) => Promise<Answer>]>([
    ["its token", (token) => write("lantern", "revokeToken", { jti: decodeJwt(token).jti })],
    ["its organisation", () => setStatus("SUSPENDED")],
  ])("ends within a second of the end of %s", async (_, revoke) => {
    const token = await demo.token("lantern", SCOPES);
    const stream = await lively(() => follow(token));
    expect((await revoke(token)).errors).toBeUndefined();
    await ends(stream);
    await setStatus("ACTIVE");
  });

  it("lets go of the network's when its reader goes away", async () => {
    const token = await demo.token("lantern", SCOPES);
    await expect.poll(() => demo.streams()).toBe(0);
    const streams = [await lively(() => follow(token)), await lively(() => follow(token))];
    expect(await demo.streams()).toBe(2);
    await streams[0]!.close();
    await expect.poll(() => demo.streams()).toBe(1);
    const id = await handOver();
    await expect.poll(() => isTold(streams[1]!, id)).toBe(true);
    await streams[1]!.close();
    await expect.poll(() => demo.streams()).toBe(0);
  });
});

describe("a subscription with a token that is bound to a key", async () => {
  const holder = await generateSigningKey();
  const bound = () => demo.tokenOf({ organisation: "lantern", jkt: holder.kid });
  const proven = (token: string) => ({
    authorization: `DPoP ${token}`,
    dpop: proofOf(holder, token),
  });
  const revoke = async (token: string, stream: Stream) => {
    await write("lantern", "revokeToken", { jti: decodeJwt(token).jti });
    await ends(stream);
  };

  it("ends with its token, by itself, as one that is borne through the gateway does", async () => {
    const tokenFor = (ttlSeconds: number, jkt?: string) =>
      demo.tokenOf({ organisation: "lantern", ttlSeconds, ...(jkt !== undefined && { jkt }) });
    const openFor = async (ttlSeconds: number) => {
      const [borne, short] = [await tokenFor(ttlSeconds), await tokenFor(ttlSeconds, holder.kid)];
      const streams = [
        await lively(() => followAt(demo.url, proven(short))),
        await lively(() => follow(borne)),
      ];
      return { streams, end: decodeJwt(short).exp! * 1_000 };
    };
    // Where the machine has other work, they are open too late to be heard of before the end.
    const { streams, end } = await openFor(4).catch(() => openFor(20));
    expect(streams.map(({ status }) => status)).toEqual([200, 200]);
    for (const stream of streams) {
      await Promise.race([stream.ended, sleep(end - Date.now())]);
      await ends(stream);
    }
  });

  it("is opened by one proof, once, and ends when it is revoked", async () => {
    const token = await bound();
    const headers = proven(token);
    const stream = await lively(() => followAt(demo.url, headers));
    expect((await followAt(demo.url, headers)).status).toBe(401);
    await revoke(token, stream);
  });

  it("is not opened through the example's gateway", async () => {
    const token = await bound();
    const stream = await follow(proven(token));
    await stream.ended;
    const [first] = stream.messages;
    expect(first!.data.errors[0].extensions.code).toBe("UNAUTHENTICATED");
    expect(await demo.streams()).toBe(0);
  });

  it("is one call through a gateway that hands on the proof, and ends the same way", async () => {
    const gateway = await startGateway(demo.url, federation.casesUrl, (headers) => ({
      authorization: headers.get("authorization"),
      dpop: headers.get("dpop"),
    }));
    try {
      const token = await bound();
      const stream = await lively(() => followAt(gateway.url, proven(token)));
      expect(stream.status).toBe(200);
      await revoke(token, stream);
    } finally {
      await gateway.stop();
    }
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
