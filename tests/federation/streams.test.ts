import { randomUUID } from "node:crypto";
import { decodeJwt } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { type Answer, type Demo, idOf, startDemo } from "../support/demo.ts";
import { type Federation, startFederation } from "../support/federation.ts";
import { accept, offer, openTo } from "../support/handoffs.ts";
import { openStream, type Stream } from "../support/streams.ts";

/** Issue: the last thing a stream tells comes at most this long after the answer to the revocation. */
const STREAM_BOUND_MS = 1_000;
const reference = randomUUID();
const DASHBOARD = `query ($id: ID!) { node(id: $id) { ... on Handoff { status caseReference { case { code } } } } }`;
let demo: Demo;
let federation: Federation;
const open: Stream[] = [];
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const write = (organisation: string, field: string, input: object) =>
  ask(
    organisation,
    `mutation ($input: ${field[0]!.toUpperCase()}${field.slice(1)}Input!) { ${field}(input: $input) { id } }`,
    { input: { idempotencyKey: randomUUID(), ...input } },
  );
const follow = async (token: string, variables: object = {}): Promise<Stream> => {
  const stream = await openStream(federation.gatewayUrl, token, variables);
  open.push(stream);
  return stream;
};
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
async function lively(token: string): Promise<Stream> {
  const stream = await follow(token);
  const until = Date.now() + 10_000;
  for (;;) {
    const id = await handOver();
    for (let i = 0; i < 20; i++) {
      if (isTold(stream, id)) return stream;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    if (Date.now() > until) throw new Error(`told ${JSON.stringify(stream.messages)}`);
  }
}

beforeAll(async () => {
  demo = await startDemo();
  const record = { reference, code: "Heron-7", stage: "PLANNING", notes: [] } as const;
  federation = await startFederation(demo, [record]);
  await openTo(ask, "bridge", ["lantern"]);
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
    const stream = await lively(await demo.token("lantern", SCOPES));
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
    const first = await lively(token);
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
    [
      "its organisation",
      async () => {
        const organisationId = await idOf(ask, "lantern");
        const suspended = { organisationId, status: "SUSPENDED" };
        return write("coordinator", "setOrganisationStatus", suspended);
      },
    ],
  ])("ends within a second of the end of %s", async (_, revoke) => {
    const token = await demo.token("lantern", SCOPES);
    const stream = await lively(token);
    const { errors } = await revoke(token);
    const since = Date.now();
    expect(errors).toBeUndefined();
    await Promise.race([
      stream.ended,
      new Promise((resolve) => setTimeout(resolve, STREAM_BOUND_MS + since - Date.now())),
    ]);
    expect(stream.messages.at(-1)?.event, "open, a second after").toBe("complete");
    expect(stream.messages.at(-2)?.data.errors[0].extensions.code).toBe("UNAUTHENTICATED");
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
