import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { lineOf, requestBytes } from "./load.ts";
import { backendsOf, median } from "./measure.ts";
import { cpuOf, memoryOf, type Server } from "./process.ts";

/** What so many open streams of one organisation at one process come to. */
export interface Streamed {
  readonly streams: number;
  /** KiB resident that each keeps. */
  readonly memory: number;
  /** Milliseconds from the answer of the write to the event at the first, the median and the last stream. */
  readonly first: number;
  readonly median: number;
  readonly last: number;
  /** Microseconds of CPU, of the process for one event at one stream, and of the database for one event. */
  readonly delivery: number;
  readonly event: number;
  /** Microseconds of the database's CPU a second, while nothing happens. */
  readonly idle: number;
}

const DOCUMENT = "subscription { events { cursor kind subjectId at } }";
const EVENTS = 5;
const IDLE_S = 3;

/** Opens streams in steps, and has one event told to all of them several times. `write` makes one event. */
export async function measureStreams(
  observer: pg.Client,
  server: Server,
  caller: Readonly<Record<string, string>>,
  write: () => Buffer,
): Promise<Streamed[]> {
  const request = requestBytes(
    server.url,
    { ...caller, accept: "text/event-stream" },
    JSON.stringify({ query: DOCUMENT }),
  );
  const told: number[] = [];
  const sockets: Socket[] = [];
  const streamed: Streamed[] = [];
  const database = async () => {
    const backends = await backendsOf(observer, "wayhouse", "wayhouse streams");
    return backends.reduce((sum, pid) => sum + cpuOf(pid), 0);
  };
  const tellAll = async () => {
    told.length = 0;
    // A connection each time: one that rests is closed.
    const writer = connect({ host: server.url.hostname, port: Number(server.url.port) });
    const answer = await lineOf(writer)(write());
    if (!answer.includes('"HELD"')) throw new Error(`no event: ${answer.slice(0, 2000)}`);
    const answered = performance.now();
    writer.destroy();
    while (told.length < sockets.length) {
      if (performance.now() - answered > 10_000)
        throw new Error(`${told.length} of ${sockets.length} streams heard of an event`);
      await sleep(1);
    }
    return told.map((at) => at - answered);
  };
  try {
    const begun = memoryOf(server.pid);
    for (const streams of [200, 2_000]) {
      while (sockets.length < streams)
        sockets.push(await open(server.url, request, () => told.push(performance.now())));
      await tellAll();
      const [restedAt, rested] = [performance.now(), await database()];
      await sleep(IDLE_S * 1000);
      const idle = ((await database()) - rested) / ((performance.now() - restedAt) / 1000);
      const before = { process: cpuOf(server.pid), database: await database() };
      const delays: number[][] = [];
      for (let event = 0; event < EVENTS; event++) delays.push(await tellAll());
      const of = (value: (sorted: number[]) => number) =>
        median(delays.map((all) => value(all.toSorted((a, b) => a - b))));
      streamed.push({
        streams,
        memory: ((memoryOf(server.pid) - begun) * 1024) / streams,
        first: of((all) => all[0]!),
        median: of(median),
        last: of((all) => all.at(-1)!),
        delivery: (cpuOf(server.pid) - before.process) / EVENTS / streams,
        event: ((await database()) - before.database) / EVENTS,
        idle,
      });
    }
    return streamed;
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** A stream that counts its events, once the server has taken it up. */
async function open(url: URL, request: Buffer, onEvent: () => void): Promise<Socket> {
  const socket = connect({ host: url.hostname, port: Number(url.port) });
  socket.setEncoding("latin1");
  socket.write(request);
  const head = await new Promise<string>((resolve, reject) => {
    socket.once("data", resolve).once("error", reject);
  });
  if (!head.startsWith("HTTP/1.1 200")) throw new Error(`no stream: ${head.slice(0, 500)}`);
  socket.on("data", (chunk: string) => {
    if (chunk.includes("event: next")) onEvent();
  });
  return socket;
}
