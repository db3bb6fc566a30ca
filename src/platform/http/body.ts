import type { IncomingMessage } from "node:http";

const MOST_BYTES = 1024 * 1024;

export class OverlongBody extends Error {}

/**
 * The request's JSON, read within its bound. @throws OverlongBody past 1 MiB, SyntaxError for what is not
 * UTF-8 or not JSON
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  if (Number(request.headers["content-length"] ?? 0) > MOST_BYTES) throw new OverlongBody();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new OverlongBody();
    chunks.push(chunk);
  }
  return JSON.parse(decode(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new SyntaxError("not UTF-8", { cause: error });
  }
}
