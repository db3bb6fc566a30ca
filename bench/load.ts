import { connect, type Socket } from "node:net";

export interface Load {
  /** Answered, and with what was asked for. */
  readonly answered: number;
  readonly seconds: number;
  /** Of each answer, milliseconds, ascending. */
  readonly latencies: Float64Array;
}

/** The next request of one connection, as bytes; answers that lack `proof` end the run. */
export interface Script {
  readonly requestOf: (connection: number) => Buffer;
  readonly proof: string;
}

export const requestBytes = (target: URL, headers: Record<string, string>, body: string) =>
  Buffer.from(
    `POST ${target.pathname} HTTP/1.1\r\nhost: ${target.host}\r\ncontent-type: application/json\r\n` +
      Object.entries(headers)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join("") +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );

/**
 * Keeps `connections` sockets busy, one request at a time on each. HTTP/1.1 as far as these servers
 * speak it: a client library would take a third of the machine that it measures.
 */
export async function runLoad(
  target: URL,
  script: Script,
  connections: number,
  seconds: number,
): Promise<Load> {
  const latencies: number[] = [];
  const begun = performance.now();
  const until = begun + seconds * 1000;
  await Promise.all(
    Array.from({ length: connections }, async (_, connection) => {
      const socket = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
      const line = lineOf(socket);
      try {
        while (performance.now() < until) {
          const request = script.requestOf(connection);
          const sent = performance.now();
          const answer = await line(request);
          latencies.push(performance.now() - sent);
          if (!answer.startsWith("HTTP/1.1 200") || !answer.includes(script.proof))
            throw new Error(`a wrong answer: ${answer.slice(0, 2000)}`);
        }
      } finally {
        socket.destroy();
      }
    }),
  );
  return {
    answered: latencies.length,
    seconds: (performance.now() - begun) / 1000,
    latencies: Float64Array.from(latencies).sort(),
  };
}

/** Sends one request and gives the whole answer, head and body, as it came. */
export function lineOf(socket: Socket): (request: Buffer) => Promise<string> {
  let received = "";
  let settle: { resolve(answer: string): void; reject(error: Error): void } | undefined;
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    received += chunk;
    if (!isWhole(received)) return;
    const answer = received;
    received = "";
    settle?.resolve(answer);
  });
  const fail = (error?: Error) => settle?.reject(error ?? new Error("the connection was closed"));
  socket.on("error", fail).on("close", () => fail());
  return (request) =>
    new Promise((resolve, reject) => {
      settle = { resolve, reject };
      socket.write(request);
    });
}

function isWhole(answer: string): boolean {
  const head = answer.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(answer.slice(0, head))?.[1];
  return length === undefined
    ? answer.endsWith("\r\n0\r\n\r\n")
    : answer.length >= head + 4 + Number(length);
}

/** The body of an answer as `lineOf` gives it. */
export function bodyOf(answer: string): string {
  const [head = "", ...rest] = answer.split("\r\n\r\n");
  const body = rest.join("\r\n\r\n");
  const whole = /\r\ntransfer-encoding: *chunked/i.test(head) ? unchunk(body) : body;
  return Buffer.from(whole, "latin1").toString("utf8");
}

function unchunk(body: string): string {
  let whole = "";
  for (let at = 0; ;) {
    const line = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.slice(at, line), 16);
    if (!size) return whole;
    whole += body.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}
