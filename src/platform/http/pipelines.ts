import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Of one connection. Hardly anybody sends a second request before the first is answered. */
const MOST_UNANSWERED = 100;
const unanswered = new WeakMap<Socket, Set<ServerResponse>>();

/**
 * False where its connection is closed for what it has sent at once: Node reads thousands of requests in one piece,
 * and several pieces of each connection, before anybody else is heard.
 */
export function isHeard({ socket }: IncomingMessage, response: ServerResponse): boolean {
  const waiting = unanswered.get(socket) ?? followed(socket);
  waiting.add(response);
  response.once("close", () => waiting.delete(response));
  if (waiting.size > MOST_UNANSWERED) socket.destroy();
  return !socket.destroyed;
}

/** With a connection Node closes the answer that is being written: those behind it would be kept for ever. */
function followed(socket: Socket): Set<ServerResponse> {
  const waiting = new Set<ServerResponse>();
  unanswered.set(socket, waiting);
  socket.once("close", () => {
    for (const response of waiting) if (response.socket === null) response.destroy().emit("close");
  });
  return waiting;
}
