import { BadUserInput } from "../../kernel/errors.ts";
import { encodeId } from "../../kernel/ids.ts";
import { builder, type Context } from "../../platform/graphql/builder.ts";
import { connectionOf, cutPage, pageArgs } from "../../platform/graphql/connection.ts";
import type { Place } from "../../platform/streams/cursors.ts";
import type { FeedEvent } from "../../platform/streams/feed.ts";
import { listEvents } from "./events.queries.ts";
import { EVENT_KINDS, KEPT_DAYS } from "./events.rules.ts";

const EventKind = builder.enumType("EventKind", {
  description:
    "What of the subject is different now. REVEAL_WANTED: its owner is asked to seal the contact to somebody. REVEAL_READY: it has.",
  values: EVENT_KINDS,
});

type EventNode = Pick<FeedEvent, "cursor" | "kind" | "subjectType" | "subjectId" | "at">;
const Event = builder.objectRef<EventNode>("Event");
Event.implement({
  description: "Carries ids only: what happened is read back under the caller's scopes.",
  authenticated: true,
  fields: (t) => ({
    cursor: t.exposeString("cursor", {
      description: "Opaque; of the caller's organisation alone.",
    }),
    kind: t.field({ type: EventKind, resolve: ({ kind }) => kind as (typeof EVENT_KINDS)[number] }),
    subjectId: t.id({
      description:
        "Of a node: a handoff, a hold, a shelter, a contact, an advisory, a grant, an organisation, a client or a circle.",
      resolve: ({ subjectType, subjectId }) => encodeId(subjectType, subjectId),
    }),
    at: t.field({ type: "DateTime", resolve: ({ at }) => at }),
  }),
});
const EventConnection = connectionOf("Event", Event);

const VISIBLE =
  "An event is seen by whoever sees its subject at the moment it is read; handoffs, holds, grants and reveals by their two sides, clients and circles by their own organisation. It is told too where it is over for one of them, and its subject reads null: a handoff that another candidate accepted, a grant that is revoked, a circle that was left.";
const TOO_OLD =
  "BAD_USER_INPUT for a cursor of what is no longer kept, or from before a restore: read the lists again.";

function placeOf({ cursors, session }: Context, after: string | null | undefined): Place | null {
  if (after === null || after === undefined) return null;
  const place = cursors.open(session.organisationId, after);
  if (!place)
    throw new BadUserInput([{ path: ["after"], message: "must be a cursor of this list" }]);
  return place;
}

async function readAfter(
  context: Context,
  after: Place | null,
  kinds: readonly string[] | null | undefined,
  limit: number,
) {
  const { cursors, session } = context;
  const rows = await listEvents(session.read, after, kinds ?? null, limit);
  if (rows) {
    return rows.map((row) => ({
      cursor: cursors.seal(session.organisationId, row),
      kind: row.kind,
      subjectType: row.subject_type,
      subjectId: row.subject_id,
      at: row.at,
    }));
  }
  const message = `is older than the ${KEPT_DAYS} days for which events are kept, or from before a restore: read the lists again, then follow without it`;
  throw new BadUserInput([{ path: ["after"], message }]);
}

builder.queryField("events", (t) =>
  t.field({
    type: EventConnection,
    description: `In the order in which they were settled, from the oldest kept: ${KEPT_DAYS} days. ${VISIBLE} ${TOO_OLD}`,
    authenticated: true,
    args: {
      ...pageArgs(t.arg, 100),
      kinds: t.arg({ type: [EventKind], description: "Null: every kind; empty: none." }),
    },
    resolve: (_, { first, after, kinds }, context) => {
      const place = placeOf(context, after);
      const load = (limit: number) => readAfter(context, place, kinds, limit);
      return cutPage(first, load, ({ cursor }) => cursor);
    },
  }),
);

builder.subscriptionField("events", (t) =>
  t.field({
    type: Event,
    description: `Each event once, after a cursor without loss, or from now on. It ends with UNAUTHENTICATED within a second when the token, client, organisation or network is out, with UNAVAILABLE where that cannot be known, and without an error when its rights changed, the reader was 1,000 events behind or the server stops: then follow on after the last cursor. LIMIT_EXCEEDED beyond 2,500 streams of an organisation, or 4,000 in all, at one process. ${VISIBLE} ${TOO_OLD}`,
    authenticated: true,
    args: {
      after: t.arg.string({
        description: "Cursor of an event, of either list. Opaque. Null: from now on.",
      }),
      kinds: t.arg({ type: [EventKind], description: "Null: every kind; empty: none." }),
    },
    async subscribe(_, { after, kinds }, context) {
      const place = placeOf(context, after);
      // Tells whether the place is kept before the stream begins.
      if (place) await readAfter(context, place, kinds, 0);
      return context.feed.follow(context.caller, place, kinds ?? null) as Promise<
        AsyncIterable<EventNode>
      >;
    },
    resolve: (event) => event,
  }),
);
