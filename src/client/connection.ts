/** Whether a token may go there: it is anybody's who reads it (RFC 6750 §5.3). */
export function isPrivate({ protocol, hostname }: URL): boolean {
  const isHere = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
  return protocol === "https:" || (protocol === "http:" && isHere);
}

/** One request and its response, and how long anything of it may be awaited. */
export interface Connection {
  /** For fetch: aborted by the caller's signal, by what came too late, and when all is read. */
  readonly signal: AbortSignal;
  /** @throws the caller's reason; Late if it is not there within `ms` */
  readonly within: <T>(ms: number, coming: Promise<T>) => Promise<T>;
  readonly close: () => void;
}

/** Far more than the API ever says at once: a page of a hundred envelopes has 12 MB. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Null where there is more of it than a client keeps in memory: unpacked, a short answer can be endless. */
export async function textOf({ body }: Response): Promise<string | null> {
  if (!body) return "";
  const reader = body.getReader();
  const utf8 = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return text + utf8.decode();
    bytes += value.length;
    if (bytes > MOST_BYTES) return null;
    text += utf8.decode(value, { stream: true });
  }
}

export class Late extends Error {
  override readonly name = "Late";
}

/**
 * What waits ends with the connection whether or not `fetch` lets go of it: Node's never tells of a socket
 * that closes while its HTTP parser is still being loaded. The timer is one that keeps a process alive:
 * without a socket nothing else does, and it would end in the midst of a call without a word.
 */
export function openConnection(caller?: AbortSignal | null): Connection {
  const over = new AbortController();
  const { signal } = over;
  const end = () => over.abort(caller!.reason);
  if (caller?.aborted) end();
  else caller?.addEventListener("abort", end, { once: true });
  return {
    signal,
    within(ms, coming) {
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => over.abort(new Late(`Nothing came within ${ms} ms.`)), ms);
        const leave = () => {
          clearTimeout(late);
          signal.removeEventListener("abort", ended);
        };
        const ended = () => {
          leave();
          reject(signal.reason as Error);
        };
        signal.addEventListener("abort", ended);
        coming.finally(leave).then(resolve, reject);
        if (signal.aborted) ended();
      });
    },
    close() {
      caller?.removeEventListener("abort", end);
      over.abort();
    },
  };
}
