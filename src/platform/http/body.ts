import type { IncomingMessage } from "node:http";
import { finished } from "node:stream/promises";

const MOST_BYTES = 1024 * 1024;

/** From the first look at a body to its last byte. */
const SLOWEST_MS = 10_000;

export class OverlongBody extends Error {}
export class SlowBody extends Error {}
/** Its sender went away, perhaps when all of it was sent and none of it read. */
export class LostBody extends Error {
  constructor(options?: ErrorOptions) {
    super("the caller went away", options);
  }
}

/**
 * The request's JSON, read within its bound. @throws OverlongBody past 1 MiB, SlowBody after 10 seconds,
 * LostBody, SyntaxError for what is not UTF-8 or not JSON
 */
export function readJson(request: IncomingMessage, slowestMs = SLOWEST_MS): Promise<unknown> {
  return new Promise<Buffer>((resolve, reject) => {
    if (Number(request.headers["content-length"] ?? 0) > MOST_BYTES) throw new OverlongBody();
    if (request.destroyed) throw new LostBody();
    const chunks: Buffer[] = [];
    let size = 0;
    // What comes after it stays unread, and leaves the socket for the answer.
    const fail = (error: Error) => {
      clearTimeout(slow);
      request.off("data", take).pause();
      reject(error);
    };
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > MOST_BYTES) return fail(new OverlongBody());
      chunks.push(chunk);
    };
    const slow = setTimeout(() => fail(new SlowBody()), slowestMs);
    request
      .on("data", take)
      .once("error", (cause) => reject(new LostBody({ cause })))
      .once("close", () => {
        clearTimeout(slow);
        // Each request ends so, and an error costs as much as its body.
        if (!request.readableEnded) reject(new LostBody());
      })
      .once("end", () => {
        clearTimeout(slow);
        resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
      });
  }).then((bytes) => JSON.parse(decode(bytes)) as unknown);
}

/** Of an overlong body this much is read on, for so long. */
const MOST_PASSED_BYTES = 16 * 1024 * 1024;
const LONGEST_PASSING_MS = 2_000;

/**
 * Reads on and forgets, within bounds: a connection that is closed on bytes nobody has read is reset, and
 * whoever sends them never sees the answer.
 */
export async function passOver(request: IncomingMessage): Promise<void> {
  let left = MOST_PASSED_BYTES;
  const isOver = new AbortController();
  const bound = setTimeout(() => isOver.abort(), LONGEST_PASSING_MS);
  request
    .on("data", (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) isOver.abort();
    })
    // What was found too long in the midst of it stands still.
    .resume();
  try {
    await finished(request, { signal: isOver.signal });
  } catch {
    // Too much, too slow, or gone: the answer is sent all the same.
    request.pause();
  } finally {
    clearTimeout(bound);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new SyntaxError("not UTF-8", { cause: error });
  }
}
