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
  /** Resolves when the server ended it, or the connection was lost. */
  readonly ended: Promise<void>;
  /** The messages once there are that many. @throws if the stream ends or half a minute passes before */
  atLeast(count: number): Promise<readonly Message[]>;
  close(): Promise<void>;
}

const DOCUMENT = `subscription ($after: String, $kinds: [EventKind!]) {
  events(after: $after, kinds: $kinds) { cursor kind subjectId at }
}`;

/** Waits until the server has taken it up. In place of a bearer token, the headers of another way in. */
export async function openStream(
  url: string,
  token: string | Readonly<Record<string, string>>,
  variables: object = {},
  query = DOCUMENT,
): Promise<Stream> {
  const abort = new AbortController();
  const response = await fetch(url, {
    method: "POST",
    headers: {
      ...(typeof token === "string" ? { authorization: `Bearer ${token}` } : token),
      "content-type": "application/json",
      accept: "text/event-stream",
    },
    body: JSON.stringify({ query, variables }),
    signal: abort.signal,
  });
  const messages: Message[] = [];
  let isOver = false;
  let told = () => {};
  const ended = read(response, (message) => {
    messages.push(message);
    told();
  })
    .catch(() => {})
    .finally(() => {
      isOver = true;
      told();
    });
  return {
    status: response.status,
    messages,
    ended,
    async atLeast(count) {
      const until = Date.now() + 30_000;
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
