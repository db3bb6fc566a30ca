import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { seedDemo } from "../../src/platform/db/demo-network.ts";
import { tokenBy } from "../support/callers.ts";
import { request } from "../support/crowd.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { type ApiProcess, endApi, startApi } from "../support/processes.ts";

const IDLE_STREAMS = 500;
const SLOW_BODIES = 200;
/** Health is asked all the while, and is answered before so many hostile calls are that came after it. */
const MOST_OVERTAKEN = 3;
/** Of the processor's time, for one hostile call and what goes on beside it: it says nothing of the machine's load. */
const MOST_CPU_S = 2;
let database: TestDatabase;
let api: ApiProcess;
let token: string;
beforeAll(async () => {
  database = await createTestDatabase();
  const dataDir = mkdtempSync(join(tmpdir(), "wayhouse-abuse-"));
  // As by two processes that start at once.
  await Promise.all([seedDemo({ ...database, dataDir }), seedDemo({ ...database, dataDir })]);
  token = await tokenBy(dataDir, "lantern", "bot");
  rmSync(dataDir, { recursive: true });
  api = await startApi({ DATABASE_URL: database.apiUrl, SEED: "none", NODE_ENV: "production" });
});
afterAll(async () => {
  if (api) await endApi(api);
  await database.leave();
});

const long = "x".repeat(900_000);
const HOSTILE: Readonly<Record<string, [query: string, variables?: object]>> = {
  "1,000 aliases": [
    `{ ${Array.from({ length: 1_000 }, (_, nth) => `a${nth}: viewer { scopes }`).join(" ")} }`,
  ],
  "a depth of 50": [
    `{ viewer { organisation ${"{ clients ".repeat(50)}{ id }${" }".repeat(50)} } }`,
  ],
  "10,000 directives": [`{ viewer { scopes ${"@include(if: true) ".repeat(10_000)} } }`],
  "fragments in a circle": [
    "{ ...a } fragment a on Query { ...b } fragment b on Query { ...c } fragment c on Query { ...a }",
  ],
  "fragments by a thousand million ways": [
    `{ handoffs(box: INBOX, first: 0) { edges { node { ...a0 } } } } ${Array.from(
      { length: 29 },
      (_, nth) => `fragment a${nth} on Handoff { ...a${nth + 1} ...a${nth + 1} }`,
    ).join(" ")} fragment a29 on Handoff { id }`,
  ],
  "errors after 900,000 lines": [
    `${"\n".repeat(900_000)}{ ${Array.from({ length: 100 }, (_, nth) => `a${nth}`).join(" ")} }`,
  ],
  "a language of 2^53 members": [
    "mutation ($input: PublishConsulateContactInput!) { publishConsulateContact(input: $input) { id } }",
    { input: { languages: [{ length: 2 ** 53 - 1 }] } },
  ],
  "a million tokens": [`{ ${"a ".repeat(450_000)} }`],
  "a name of 900 kB": [`{ ${long} }`],
  "a huge variable": [
    "query ($first: Int!) { organisations(first: $first) { edges { cursor } } }",
    { first: long },
  ],
  "a list of 20,000": [
    "query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }",
    { r: Array.from({ length: 20_000 }, () => ({ __typename: "Shelter", id: "x" })) },
  ],
  "nested input": [
    "query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }",
    { r: JSON.parse(`${'{"a":'.repeat(1_000)}1${"}".repeat(1_000)}`) },
  ],
};
const CODES = ["BAD_USER_INPUT", "LIMIT_EXCEEDED", "NOT_FOUND"];

const hostname = "127.0.0.1";
/** A connection whose request is begun and never finished, or whose answer is never read. */
async function open(head: string, isReading = true): Promise<Socket> {
  const socket = connect(Number(new URL(api.url).port), hostname);
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(
    `POST /graphql HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${token}\r\n${head}`,
  );
  if (isReading) socket.resume();
  return socket;
}
const STREAM = JSON.stringify({ query: "subscription { events { cursor } }" });
const openIdleStream = () =>
  open(
    `accept: text/event-stream\r\ncontent-type: application/json\r\ncontent-length: ${STREAM.length}\r\n\r\n${STREAM}`,
    false,
  );
const openSlowBody = () =>
  open('content-type: application/json\r\ncontent-length: 1000\r\n\r\n{"query":');

const memory = () =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${api.child.pid}/status`, "utf8"))![1]);

/** Seconds of the processor that the process has had. */
function cpu(): number {
  const fields = readFileSync(`/proc/${api.child.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** By a connection of its own, as who watches a server asks. */
const isWell = (what: string) =>
  new Promise<boolean>((resolve) => {
    get(new URL(`/health/${what}`, api.url), { agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on("error", () => resolve(false));
  });

/** Everything at once. How many hostile calls were answered while one of health was waited for, at most. */
async function attack(): Promise<number> {
  const sockets = [
    ...(await Promise.all(Array.from({ length: IDLE_STREAMS }, openIdleStream))),
    ...(await Promise.all(Array.from({ length: SLOW_BODIES }, openSlowBody))),
  ];
  let overtaken = 0;
  let answered = 0;
  let isOver = false;
  // Connections are taken in the order in which they came: with this answer all of the above have been.
  expect(await isWell("live")).toBe(true);
  const watching = (async () => {
    while (!isOver) {
      const before = answered;
      const isLive = await isWell("live");
      overtaken = Math.max(overtaken, isLive ? answered - before : Infinity);
      // It may have to wait for a new connection to the database.
      if (!(await isWell("ready"))) overtaken = Infinity;
      await sleep(20);
    }
  })();
  try {
    for (let round = 0; round < 3; round++) {
      for (const [name, [query, variables]] of Object.entries(HOSTILE)) {
        const begun = cpu();
        const answer = await request(api.url, token, query, variables);
        expect(cpu() - begun, name).toBeLessThan(MOST_CPU_S);
        answered++;
        const { errors, data } = JSON.parse(answer!.text);
        expect(CODES, `${name}: ${answer!.text.slice(0, 300)}`).toContain(
          errors?.[0].extensions.code,
        );
        expect(answer!.text.length, name).toBeLessThan(20_000);
        expect(
          Object.values(data ?? {})
            .flat()
            .filter(Boolean),
          name,
        ).toEqual([]);
      }
    }
  } finally {
    isOver = true;
    await watching;
    for (const socket of sockets) socket.destroy();
  }
  await sleep(300);
  return overtaken;
}

it("every attack at once is refused with a code; health and others are answered, and memory comes back", async () => {
  const ask = () => request(api.url, token, "{ viewer { organisation { handle } } }");
  const overtaken = [await attack(), await attack()];
  const warm = memory();
  const later: number[] = [];
  for (let nth = 0; nth < 3; nth++) {
    overtaken.push(await attack());
    later.push(memory());
  }
  // What nobody has collected yet may stand in one of them; what is never given back stands in each.
  expect(Math.min(...later)).toBeLessThan(1.2 * warm);
  expect(Math.max(...overtaken)).toBeLessThan(MOST_OVERTAKEN);
  expect(JSON.parse((await ask())!.text)).toEqual({
    data: { viewer: { organisation: { handle: "lantern" } } },
  });
  expect(await endApi(api)).toBe(0);
  expect(api.log()).not.toContain("request_failed");
}, 120_000);
