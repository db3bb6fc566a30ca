import { once } from "node:events";
import { createServer, request as send } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../src/platform/limits/limits.ts";
import { createRate } from "../../src/platform/limits/rate.ts";
import { readJson, SlowBody } from "../../src/platform/http/body.ts";
import { type Answer, codeOf, type Demo, night, serveToo, startDemo } from "../support/demo.ts";
import { offer, openTo } from "../support/handoffs.ts";
import { waiting } from "../support/held-up.ts";
import { SEARCH, search } from "../support/holds.ts";
import { mutationOf } from "../support/mutate.ts";
import { listen } from "../support/ports.ts";
import { asSuperuser } from "../support/postgres.ts";

const VIEWER = { query: "{ viewer { scopes } }" };
let demo: Demo;
afterAll(() => demo?.stop());

describe("a rate", () => {
  it("lets a burst by, then one for each step, and says when the next may come", () => {
    let clock = 1_000;
    const rate = createRate({ perSecond: 0.5, burst: 3, now: () => clock });
    const spend = (times: number) => Array.from({ length: times }, () => rate.spend("one"));
    expect(spend(5)).toEqual([0, 0, 0, 2, 2]);
    expect(rate.spend("another")).toBe(0);
    clock += 2_000;
    expect(spend(2)).toEqual([0, 2]);
    clock += 3_600_000;
    expect(spend(4)).toEqual([0, 0, 0, 2]);
  });

  it("counts several as so many, and never more than may come at once", () => {
    let clock = 0;
    const rate = createRate({ perSecond: 1, burst: 10, now: () => clock });
    expect([rate.spend("one", 8), rate.spend("one", 3), rate.spend("one", 2)]).toEqual([0, 1, 0]);
    clock += 10_000;
    expect([rate.spend("one", 100), rate.spend("one")]).toEqual([0, 1]);
  });

  it("forgets whom it has not met for long, and nobody of late", () => {
    const rate = createRate({ perSecond: 0.001, burst: 1, now: () => 0 });
    for (let count = 0; count < 20_001; count++) rate.spend(String(count));
    expect(rate.spend("20000")).toBeGreaterThan(0);
    expect(rate.spend("0")).toBe(0);
  });
});

describe("a client", () => {
  beforeAll(async () => {
    await demo?.stop();
    demo = await startDemo({
      clientPerSecond: 2,
      searchesPerMinute: 3,
    });
  });
  it("that searched too often is RATE_LIMITED for searches, and for nothing else", async () => {
    const answers: (string | undefined)[] = [];
    for (let count = 0; count < 4; count++)
      answers.push(codeOf(await demo.ask("bridge", SEARCH, { search })));
    expect(answers).toEqual([undefined, undefined, undefined, "RATE_LIMITED"]);
    // What could meet a handoff's needs is searched for as well.
    const ask: Demo["ask"] = (...call) => demo.ask(...call);
    await openTo(ask, "bridge", ["harbour"]);
    await offer(ask, "bridge", ["harbour"]);
    const matches = "{ handoffs(box: OUTBOX) { edges { node { matches { beds { band } } } } } }";
    expect(codeOf(await demo.ask("bridge", matches))).toBe("RATE_LIMITED");
    expect(codeOf(await demo.ask("bridge", VIEWER.query))).toBeUndefined();
    expect(codeOf(await demo.ask("lantern", SEARCH, { search }))).toBeUndefined();
  });

  it("that searches for a long stay is counted each 31 nights that it begins, those of a handoff's matches too", async () => {
    const clientId = "dashboard";
    const answers: (string | undefined)[] = [];
    for (const nights of [31, 32, 1]) {
      const variables = { search: { ...search, checkOut: night(1 + nights) } };
      const call = { query: SEARCH, variables };
      const { text } = await demo.call({ organisation: "lantern", clientId }, call);
      answers.push(codeOf(JSON.parse(text) as Answer));
    }
    expect(answers).toEqual([undefined, undefined, "RATE_LIMITED"]);
    const ask: Demo["ask"] = (...call) => demo.ask(...call);
    await openTo(ask, "harbour", ["lantern"]);
    await offer(ask, "harbour", ["lantern"], { windowEnd: night(33) });
    const matches = "{ handoffs(box: OUTBOX) { edges { node { matches { beds { band } } } } } }";
    expect(codeOf(await demo.ask("harbour", matches))).toBeUndefined();
    expect(codeOf(await demo.ask("harbour", matches))).toBe("RATE_LIMITED");
  });

  it("is counted each of its writes, however many come in one request, in fragments too", async () => {
    const admin = { organisation: "bridge", clientId: "admin" };
    const write = (nth: number) =>
      `w${nth}: revokeToken(input: { idempotencyKey: "many-writes-${nth}", jti: "0123456789abcdef" }) { id }`;
    const all = Array.from({ length: 18 }, (_, nth) => write(nth));
    const [inFragment, plain] = [all.slice(0, 9).join(" "), all.slice(9).join(" ")];
    const query = `mutation { ...F ...F ... on Mutation { ${plain} } } fragment F on Mutation { ${inFragment} }`;
    const statuses: number[] = [];
    for (let count = 0; count < 2; count++)
      statuses.push((await demo.call(admin, { query })).status);
    expect(statuses).toEqual([200, 429]);
  });

  it("of too many requests gets 429 and when to come back; another one of the organisation does not", async () => {
    const answers: Response[] = [];
    const authorization = `Bearer ${await demo.token("coordinator", [])}`;
    for (let count = 0; count < 40; count++)
      answers.push(
        await fetch(demo.url, {
          method: "POST",
          headers: { authorization, "content-type": "application/json" },
          body: JSON.stringify(VIEWER),
        }),
      );
    expect(answers.slice(0, 20).map(({ status }) => status)).toEqual(Array(20).fill(200));
    const refused = answers.find(({ status }) => status === 429)!;
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refused.json()).toMatchObject({
      errors: [{ extensions: { code: "RATE_LIMITED", retryAfterSeconds: 1 } }],
    });
    const admin = { organisation: "coordinator", clientId: "admin" };
    expect((await demo.call(admin, VIEWER)).status).toBe(200);
    // What may come to 20,000 fields is as many requests as it would be in parts.
    const query = "{ organisations(first: 100) { edges { node { A } } } }";
    const wide = query.replace("A", Array.from({ length: 200 }, (_, n) => `a${n}: id`).join(" "));
    const told: number[] = [];
    for (let count = 0; count < 3; count++)
      told.push((await demo.call(admin, { query: wide })).status);
    // As is a document of 20,000 characters that nobody sent before.
    for (const mark of "abc")
      told.push((await demo.call(admin, { query: `${VIEWER.query}#${mark.repeat(2e4)}` })).status);
    expect(told.filter((status) => status === 429).length).toBeGreaterThan(4);
  });
});

describe("a document", () => {
  const canary = "canary".repeat(150_000);
  it.each<[string, string, unknown]>([
    ["an ID", "query ($v: ID!) { node(id: $v) { id } }", [canary]],
    ["a number", "query ($v: Int!) { shelters(first: $v) { edges { node { id } } } }", canary],
    ["an enum", "query ($v: HoldSide!) { bedHolds(side: $v) { edges { node { id } } } }", canary],
    [
      "a member",
      "query ($v: BedSearch!) { bedAvailability(search: $v) { edges { node { beds } } } }",
      { ...search, [canary]: 1 },
    ],
  ])("with a huge value for %s is refused, and the value is not repeated", async (_, query, v) => {
    const { text } = await demo.post("harbour", { query, variables: { v } });
    expect(codeOf(JSON.parse(text) as Answer)).toBe("BAD_USER_INPUT");
    expect(text).not.toContain("canary");
    expect(text.length).toBeLessThan(1_000);
  });
});

describe("an organisation, a request and a process", () => {
  let second: Demo;
  beforeAll(async () => {
    await demo.stop();
    const perHour = { ...DEFAULT_LIMITS.perHour, offers: 3 };
    const limits = { organisationPerSecond: 1, requestSeconds: 1, connections: 8, perHour };
    demo = await startDemo(limits);
    second = await serveToo(demo, limits);
  });
  afterAll(() => second.stop());
  const inDatabase = <R>(use: (client: pg.Client) => Promise<R>) =>
    asSuperuser(demo.database.superuserUrl, use);

  it("all clients of one together get 429 and when to come back; another organisation does not", async () => {
    const statuses: number[] = [];
    for (let nth = 0; nth < 14; nth++) {
      const clientId = ["bot", "dashboard", "admin"][nth % 3]!;
      statuses.push((await demo.call({ organisation: "bridge", clientId }, VIEWER)).status);
    }
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(200));
    expect(statuses).toContain(429);
    expect((await demo.call({ organisation: "outsider" }, VIEWER)).status).toBe(200);
  });

  it("has one budget of offers, whichever process and client is asked, and a refused offer costs nothing", async () => {
    const by =
      (one: Pick<Demo, "call">, clientId = "bot") =>
      async (organisation: string, query: string, variables?: object) => {
        const { text } = await one.call({ organisation, clientId }, { query, variables });
        return JSON.parse(text) as Answer;
      };
    await openTo(by(demo), "lantern", ["harbour"]);
    const codes: (string | undefined)[] = [];
    const asked = [by(demo), by(second, "dashboard"), by(demo, "admin"), by(second), by(demo)];
    for (const one of asked) codes.push(codeOf(await offer(one, "lantern", ["harbour"])));
    expect(codes).toEqual([undefined, undefined, undefined, "RATE_LIMITED", "RATE_LIMITED"]);
    const made = await inDatabase((client) => client.query("select from handoff"));
    expect(made.rowCount).toBe(3);
  });

  it("that has taken its seconds begins no further statement, and leaves nothing behind", async () => {
    const fields = { country: "AM", locality: "Yerevan", kind: "HOSTEL", features: [], beds: 1 };
    const input = { idempotencyKey: "out-of-its-time", label: "Late", ...fields };
    const { slow, rows } = await inDatabase(async (client) => {
      await client.query("begin; lock table shelter in share mode");
      const writing = demo.ask("harbour", mutationOf("createShelter"), { input });
      await waiting(client, 1);
      await sleep(1_100);
      await client.query("commit");
      const answer = await writing;
      const found = await client.query("select from shelter where label = 'Late'");
      return { slow: answer, rows: found.rowCount };
    });
    expect([codeOf(slow), rows]).toEqual(["UNAVAILABLE", 0]);
  });

  it("has no more sockets than it may: who comes then is turned away, and let in when one has left", async () => {
    const at = { port: Number(new URL(demo.url).port), host: "127.0.0.1" };
    /** It stays where it is answered. */
    const open = async () => {
      const socket = connect(at).on("error", () => {});
      socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
      const stays = await new Promise<boolean>((resolve) => {
        socket.once("data", () => resolve(true)).once("close", () => resolve(false));
      });
      return { socket, stays };
    };
    const all = await Promise.all(Array.from({ length: 12 }, open));
    const staying = all.filter(({ stays }) => stays);
    // Calls from before may keep one or two of them.
    expect(staying.length).toBeLessThanOrEqual(8);
    expect(staying.length).toBeGreaterThanOrEqual(5);
    staying[0]!.socket.destroy();
    await expect.poll(async () => (await open()).stays).toBe(true);
    for (const { socket } of all) socket.destroy();
  });
});

it("a body that does not come is refused, and its connection can still be answered", async () => {
  const server = createServer((request, response) => {
    readJson(request, 50).then(
      () => response.end(),
      (error: unknown) => response.writeHead(error instanceof SlowBody ? 408 : 500).end(),
    );
  });
  const port = await listen(server);
  const slow = send({
    port,
    host: "127.0.0.1",
    method: "POST",
    headers: { "content-length": 100 },
  });
  slow.write("{");
  const [response] = (await once(slow, "response")) as [{ statusCode: number }];
  expect(response.statusCode).toBe(408);
  slow.destroy();
  server.closeAllConnections();
  server.close();
});
