import { setTimeout as sleep } from "node:timers/promises";

/** One message of GraphQL over SSE (distinct connections mode), and when it came. */
export interface Message {
  readonly event: string;
  /** The JSON of a `next`. */
  readonly data: ReturnType<typeof JSON.parse>;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface Stream {
  readonly status: number;
  readonly messages: readonly Message[];
  /** How often it was lost, and opened again. */
  readonly losses: number;
  /** Resolves when the server ended it, or the connection was lost. */
  readonly ended: Promise<void>;
  /** The messages once there are that many. @throws if the stream ends or a minute passes before */
  atLeast(count: number): Promise<readonly Message[]>;
  close(): Promise<void>;
}

const DOCUMENT = `subscription ($after: String, $kinds: [EventKind!]) {
  events(after: $after, kinds: $kinds) { cursor kind subjectId at }
}`;

const LIST = `query ($after: String, $kinds: [EventKind!]) {
  events(first: 100, after: $after, kinds: $kinds) { pageInfo { hasNextPage endCursor } }
}`;

/** Of the document of events. */
export interface Variables {
  readonly after?: string | null;
  readonly kinds?: readonly string[];
}

/** Waits until the server has taken it up. In place of a bearer token, the headers of another way in. */
export async function openStream(
  url: string,
  token: string | Readonly<Record<string, string>>,
  variables: Variables = {},
  query = DOCUMENT,
): Promise<Stream> {
  const head = typeof token === "string" ? { authorization: `Bearer ${token}` } : token;
  return stream((after, signal) => post(url, head, query, { ...variables, ...after }, signal));
}

/**
 * As whoever follows does it: wherever its process was too busy to know who may go on, it is opened again after the
 * last event. What refuses it then is told as if it had ended with that.
 */
export async function followStream(
  url: string,
  token: string,
  variables: Variables = {},
): Promise<Stream> {
  const head = { authorization: `Bearer ${token}` };
  const after = variables.after ?? (await lastCursor(url, head, variables));
  return stream(
    (last, signal) => post(url, head, DOCUMENT, { ...variables, ...last }, signal),
    (last) => ({ after: last ?? after }),
  );
}

/** Its process could not tell for a moment who may go on, as on a machine too busy to ask: who follows opens it again. */
export const isLost = ({ messages }: Pick<Stream, "messages">): boolean => isLoss(messages.at(-2));
const isLoss = (message?: Pick<Message, "data">): boolean =>
  message?.data?.errors?.[0].extensions.code === "UNAVAILABLE";

const post = (
  url: string,
  head: Readonly<Record<string, string>>,
  query: string,
  variables: object,
  signal: AbortSignal | null = null,
) =>
  fetch(url, {
    method: "POST",
    headers: { ...head, "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify({ query, variables }),
    signal,
  });

/** Of what happened so far; null where nothing has, or nothing is told. */
async function lastCursor(url: string, head: Readonly<Record<string, string>>, of: Variables) {
  for (let after: string | null = null; ;) {
    const messages: Message[] = [];
    const response = await post(url, head, LIST, { ...of, after });
    await read(response, (message) => void messages.push(message));
    const { endCursor, hasNextPage } = messages[0]?.data?.data?.events?.pageInfo ?? {};
    after = endCursor ?? after;
    if (!hasNextPage) return after;
  }
}

type After = Pick<Variables, "after">;
async function stream(
  open: (after: After, signal: AbortSignal) => Promise<Response>,
  /** After which event it is opened again, where it is. */
  again?: (last: string | undefined) => After,
): Promise<Stream> {
  const abort = new AbortController();
  const response = await open({}, abort.signal);
  const messages: Message[] = [];
  let losses = 0;
  let isOver = false;
  let told = () => {};
  const tell = (message: Message) => {
    messages.push(message);
    told();
  };
  /** Whether it was lost; of an end that is none nothing is told. */
  async function take(from: Response): Promise<boolean> {
    let wasLost = false;
    const hear = (message: Message) => {
      wasLost ||= again !== undefined && isLoss(message);
      if (!wasLost) tell(message);
    };
    const isStream = from.headers.get("content-type")?.startsWith("text/event-stream");
    if (isStream || losses === 0) await read(from, hear);
    else {
      hear({ event: "next", data: await from.json(), at: Date.now() });
      hear({ event: "complete", data: null, at: Date.now() });
    }
    return wasLost;
  }
  async function follow(): Promise<void> {
    let wasLost = await take(response);
    while (wasLost) {
      losses++;
      await sleep(50);
      const last = messages.at(-1)?.data.data.events.cursor;
      wasLost = await take(await open(again!(last), abort.signal));
    }
  }
  const ended = follow()
    .catch(() => {})
    .finally(() => {
      isOver = true;
      told();
    });
  return {
    status: response.status,
    messages,
    get losses() {
      return losses;
    },
    ended,
    async atLeast(count) {
      const until = Date.now() + 60_000;
      while (messages.length < count) {
        if (isOver || Date.now() > until)
          throw new Error(`${messages.length} of ${count} messages: ${JSON.stringify(messages)}`);
        await new Promise<void>((resolve) => {
          told = resolve;
          setTimeout(resolve, 100);
        });
      }
      return messages;
    },
    async close() {
      abort.abort();
      await ended;
    },
  };
}

async function read(response: Response, tell: (message: Message) => void): Promise<void> {
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1];
      if (event === undefined) continue;
      const data = /^data: (.+)$/m.exec(block)?.[1];
      tell({ event, data: data === undefined ? null : JSON.parse(data), at: Date.now() });
    }
  }
}
