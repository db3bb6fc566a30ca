import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { serveGraph } from "./ports.ts";

export interface Balancer {
  readonly url: string;
  stop(): Promise<void>;
}

/** What a balancer says while none of its processes is there. */
const NOBODY = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/** One address before several processes that come and go; a connection lasts as long as its process. */
export async function startBalancer(urlOf: () => string): Promise<Balancer> {
  const open = new Set<Socket>();
  const server = createServer((caller) => {
    const { hostname, port } = new URL(urlOf());
    const process = connect(Number(port), hostname);
    let isThere = false;
    process.once("connect", () => (isThere = true));
    process.once("close", () => (isThere ? caller.destroy() : caller.resume().end(NOBODY)));
    caller.once("close", () => process.destroy());
    for (const one of [caller, process]) {
      open.add(one);
      one.on("error", () => {});
      one.once("close", () => open.delete(one));
    }
    caller.pipe(process).pipe(caller);
  });
  return {
    url: await serveGraph(server),
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
