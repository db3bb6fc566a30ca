import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

interface Drain {
  /** True from the first moment on: health checks then say that this process is not ready. */
  readonly isDraining: boolean;
  /** Everything is served on, and each answer ends its connection. */
  begin(): void;
  /**
   * Accepts nothing more and waits until every request has its answer, `ms` at most. Resolves with the
   * number of those that had none and were cut off.
   */
  finish(ms: number): Promise<number>;
}

/** Follows the requests of a server, from when it is called on. */
export function drainable(server: Server): Drain {
  const open = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  let isDraining = false;
  let isClosing = false;
  const end = (response: ServerResponse) => {
    if (!response.headersSent) response.setHeader("connection", "close");
  };
  /** Node's own would leave those that never asked anything, or have not come to the end of a head. */
  const closeIdle = () => {
    const busy = new Set([...open].map(({ req }) => req.socket));
    for (const socket of sockets) if (!busy.has(socket)) socket.destroy();
  };
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.prependListener("request", (_, response: ServerResponse) => {
    open.add(response);
    response.once("close", () => {
      open.delete(response);
      // Its head may have promised to keep the connection.
      if (isClosing) setImmediate(closeIdle);
    });
    if (isDraining) end(response);
  });
  return {
    get isDraining() {
      return isDraining;
    },
    begin() {
      isDraining = true;
      for (const response of open) end(response);
    },
    async finish(ms) {
      let cutOff = 0;
      isClosing = true;
      const closed = new Promise((resolve) => server.close(resolve));
      closeIdle();
      const bound = setTimeout(() => {
        cutOff = open.size;
        server.closeAllConnections();
      }, ms);
      await closed;
      clearTimeout(bound);
      return cutOff;
    },
  };
}
