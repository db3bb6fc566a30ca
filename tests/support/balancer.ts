import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface Balancer {
  readonly url: string;
  stop(): Promise<void>;
}

/** One address before several processes that come and go; a connection lasts as long as its process. */
export async function startBalancer(urlOf: () => string): Promise<Balancer> {
  const open = new Set<Socket>();
  const server = createServer((caller) => {
    const { hostname, port } = new URL(urlOf());
    const process = connect(Number(port), hostname);
    for (const [one, other] of [
      [caller, process],
      [process, caller],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
