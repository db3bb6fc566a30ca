import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Of one connection. Hardly anybody sends a second request before the first is answered. */
const MOST_UNANSWERED = 100;
const unanswered = new WeakMap<Socket, number>();

/**
 * False where its connection is closed for what it has sent at once: Node reads thousands of requests in one piece,
 * and several pieces of each connection, before anybody else is heard.
 */
export function isHeard({ socket }: IncomingMessage, response: ServerResponse): boolean {
  const count = (unanswered.get(socket) ?? 0) + 1;
  unanswered.set(socket, count);
  response.once("close", () => unanswered.set(socket, unanswered.get(socket)! - 1));
  if (count > MOST_UNANSWERED) socket.destroy();
  return count <= MOST_UNANSWERED;
}
