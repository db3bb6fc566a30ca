import { setTimeout as sleep } from "node:timers/promises";
import type { Caller, Line } from "./callers.ts";
import type { Fleet } from "./processes.ts";
import { openStream } from "./streams.ts";

const EVENTS = `query ($after: String) { events(first: 100, after: $after) {
  edges { node { cursor } } pageInfo { hasNextPage endCursor } } }`;

export interface SteadyStream {
  /** The cursors told, in their order. */
  readonly told: readonly string[];
  /** How often it was opened. */
  readonly times: number;
  /** What the pages tell after the first one told, when nothing happens any more. */
  pages(line: Line): Promise<string[]>;
  close(): Promise<void>;
}

/** Follows one process after the other, each time after the last cursor that it was told. */
export function followSteadily(fleet: Fleet, caller: Caller, from: number): SteadyStream {
  const told: string[] = [];
  const over = new AbortController();
  let times = 0;
  async function follow(): Promise<void> {
    for (let slot = from; !over.signal.aborted; slot++) {
      times++;
      try {
        const after = told.at(-1) ?? null;
        const stream = await openStream(fleet.urlOf(slot % fleet.size), await caller.token(), {
          after,
        });
        const close = () => void stream.close();
        over.signal.addEventListener("abort", close, { once: true });
        await stream.ended;
        over.signal.removeEventListener("abort", close);
        for (const { event, data } of stream.messages)
          if (event === "next" && data.data) told.push(data.data.events.cursor);
      } catch {
        // Nobody listens there just now.
      }
      await sleep(100);
    }
  }
  const following = follow();
  return {
    told,
    get times() {
      return times;
    },
    async pages(line) {
      const cursors: string[] = [];
      for (let after = told[0]!; ;) {
        const { data } = await line.ask(caller, EVENTS, { after });
        cursors.push(
          ...data.events.edges.map((edge: { node: { cursor: string } }) => edge.node.cursor),
        );
        if (!data.events.pageInfo.hasNextPage) return cursors;
        after = data.events.pageInfo.endCursor;
      }
    },
    async close() {
      over.abort();
      await following;
    },
  };
}
