import { once } from "node:events";
import { createServer, get, type IncomingMessage, type ServerResponse, Agent } from "node:http";
import { connect } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { drainable } from "../../src/platform/http/drain.ts";
import { listen } from "../support/ports.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const end of ends.splice(0)) end();
});
/** Longer than any test: what waits for it has failed. */
const FOR_EVER = 3_600_000;

/** A server whose answers are the test's to give. */
async function open() {
  const waiting: ServerResponse[] = [];
  // What nobody ends stays open.
  const server = createServer({ keepAliveTimeout: 0 });
  const drain = drainable(server);
  const asked = (count: number) =>
    new Promise<void>((resolve) => {
      const look = () => waiting.length >= count && resolve();
      server.on("request", look);
      look();
    });
  server.on("request", (_, response: ServerResponse) => waiting.push(response));
  const port = await listen(server);
  const agent = new Agent({ keepAlive: true });
  ends.push(
    () => agent.destroy(),
    () => server.closeAllConnections(),
    () => server.close(),
  );
  const ask = () =>
    new Promise<IncomingMessage>((resolve, reject) => {
      get({ port, host: "127.0.0.1", agent }, resolve).on("error", reject);
    });
  return { server, drain, waiting, asked, port, ask };
}
const connectionOf = async (answer: Promise<IncomingMessage>) => {
  const response = await answer;
  response.resume();
  await once(response, "end");
  return response.headers.connection;
};

it("from the beginning of a drain each answer ends its connection, whether it was asked for before or after", async () => {
  const { drain, waiting, asked, ask } = await open();
  expect(drain.isDraining).toBe(false);
  const kept = ask();
  await asked(1);
  waiting[0]!.end();
  expect(await connectionOf(kept)).toBe("keep-alive");
  const before = ask();
  await asked(2);
  drain.begin();
  expect(drain.isDraining).toBe(true);
  const after = ask();
  await asked(3);
  waiting[1]!.end();
  waiting[2]!.end();
  expect([await connectionOf(before), await connectionOf(after)]).toEqual(["close", "close"]);
});

it("a drain waits for what was asked, and for nobody who asks nothing", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { drain, waiting, asked, ask, port, server } = await open();
  const silent = connect(port, "127.0.0.1");
  await once(server, "connection");
  const answer = ask();
  await asked(1);
  // Its head has promised to keep the connection.
  waiting[0]!.write("first");
  const got = await answer;
  drain.begin();
  let isOver = false;
  const finished = drain.finish(FOR_EVER).then((cutOff) => {
    isOver = true;
    return cutOff;
  });
  await once(silent, "close");
  await new Promise(setImmediate);
  expect([isOver, server.listening]).toEqual([false, false]);
  waiting[0]!.end("last");
  let text = "";
  for await (const piece of got) text += String(piece);
  expect([text, await finished]).toEqual(["firstlast", 0]);
  expect(vi.getTimerCount()).toBe(0);
});

it("what has no answer in time is cut off and counted", async () => {
  const { drain, asked, ask } = await open();
  const outcomes = Promise.allSettled([ask(), ask()]);
  await asked(2);
  expect(await drain.finish(10)).toBe(2);
  expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});
