import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { printable, Stop } from "./command.ts";

/** What the API refuses of one call, and that another call may fare better with. */
export class Refused extends Error {
  override readonly name = "Refused";
  constructor(
    readonly code: string,
    /** The paths of the input at fault, dotted. */
    readonly paths: readonly string[],
    message: string,
  ) {
    super(message);
  }
}

export interface Api {
  /** @throws Refused; Stop if no call can succeed */
  ask<T>(answer: z.ZodType<T>, document: string, variables: object): Promise<T>;
}

const LONGEST_MS = 30_000;
const MOST_ATTEMPTS = 6;
const TRANSIENT = new Set(["RATE_LIMITED", "UNAVAILABLE"]);

const Envelope = z.object({
  data: z.unknown().optional(),
  errors: z
    .array(
      z.object({
        message: z.string(),
        extensions: z.object({
          code: z.string(),
          issues: z
            .array(
              z.object({
                path: z.array(z.union([z.string(), z.number()])),
                message: z.string(),
              }),
            )
            .optional(),
        }),
      }),
    )
    .optional(),
});

/** A bearer token is whoever carries it (RFC 6750 §5.3): it travels encrypted, or stays on this machine. */
export function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHere = url && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isHere)) return url;
  throw new Stop("--url must be https, or http on this machine: a token must not travel in clear.");
}

/**
 * GraphQL over HTTP. What may pass is tried again with the same body and so with the same idempotency
 * key; an answer lost on the way therefore has had one effect.
 */
export function createApi(options: {
  readonly url: URL;
  readonly token: () => Promise<string>;
  /** Of the first wait; each further one is twice as long. */
  readonly waitMs?: number;
}): Api {
  const { url, token, waitMs = 250 } = options;
  let hasAnswered = false;

  async function attempt(body: string): Promise<z.infer<typeof Envelope> | { retry: string }> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method: "POST",
        headers: {
          authorization: `Bearer ${await token()}`,
          "content-type": "application/json",
          accept: "application/json",
        },
        body,
        redirect: "error",
        signal: AbortSignal.timeout(LONGEST_MS),
      });
      text = await response.text();
      hasAnswered = true;
    } catch (error) {
      if (error instanceof Stop) throw error;
      return { retry: `${url.href} cannot be reached (${causeOf(error)}). Is the server running?` };
    }
    const parsed = Envelope.safeParse(jsonOf(text));
    if (!parsed.success) {
      const what = `${url.href} answered ${response.status} and no GraphQL`;
      if (response.status === 429 || response.status >= 500) return { retry: `${what}.` };
      throw new Stop(`${what}. Is --url right?`);
    }
    const code = parsed.data.errors?.[0]?.extensions.code;
    return code !== undefined && TRANSIENT.has(code)
      ? { retry: `${url.href} goes on answering ${printable(code)}.` }
      : parsed.data;
  }

  return {
    async ask(answer, document, variables) {
      const body = JSON.stringify({ query: document, variables });
      for (let count = 1; ; count++) {
        const got = await attempt(body);
        if (!("retry" in got)) return answerOf(got, answer);
        // a server that never answered is more likely not there than busy
        if (count === MOST_ATTEMPTS || !hasAnswered) throw new Stop(got.retry);
        await sleep(waitMs * 2 ** (count - 1) * (0.5 + Math.random()));
      }
    },
  };
}

function answerOf<T>({ data, errors }: z.infer<typeof Envelope>, answer: z.ZodType<T>): T {
  const error = errors?.[0];
  if (error) {
    const { code, issues = [] } = error.extensions;
    if (code === "UNAUTHENTICATED") {
      throw new Stop(
        "The server does not accept the token (UNAUTHENTICATED). It must be of a client that is active, for this server's AUDIENCE, and younger than 15 minutes.",
      );
    }
    if (code === "FORBIDDEN") {
      throw new Stop("The token lacks a scope (FORBIDDEN): <command> --help tells which it needs.");
    }
    const told = issues.map(({ path, message }) => `${path.join(".")} ${message}`.trim());
    const message = printable(told.join("; ") || error.message);
    throw new Refused(
      printable(code),
      issues.map(({ path }) => path.join(".")),
      message,
    );
  }
  const parsed = answer.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new Stop(
    "The server's answer is not of this version's schema. Run the same version on both.",
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: unknown }).code;
  return typeof code === "string" ? code : cause instanceof Error ? cause.name : "unknown";
}
