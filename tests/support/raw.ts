import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";

/** A connection on which bytes are sent as they are, whatever HTTP says of them. */
export interface Raw {
  send(bytes: string | Buffer): void;
  /** Everything that comes, once the server has ended it. */
  readonly answer: Promise<string>;
  close(): void;
}

export async function openRaw(url: string): Promise<Raw> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  return {
    send: (bytes) => void socket.write(bytes),
    answer: text(socket),
    close: () => void socket.destroy(),
  };
}

/** The head and body of one POST of JSON to /graphql, after whose answer the connection ends. */
export function postOf(headers: Readonly<Record<string, string>>, body: unknown): string {
  const json = JSON.stringify(body);
  const head = Object.entries({
    host: "node.example",
    connection: "close",
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(json)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /graphql HTTP/1.1\r\n${head.join("")}\r\n${json}`;
}

/** Of each answer that a connection brought. */
export const statusesOf = (answer: string): number[] =>
  [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
