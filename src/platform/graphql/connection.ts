import type { ArgBuilder, ObjectRef } from "@pothos/core";
import { decodeBinary, encodeAscii } from "../../kernel/base64url.ts";
import { BadUserInput } from "../../kernel/errors.ts";
import { UUID } from "../../kernel/ids.ts";
import { builder } from "./builder.ts";

/** Largest page. */
const MOST = 100;

interface Page<Node> {
  readonly nodes: readonly Node[];
  readonly hasNextPage: boolean;
  /** Opaque already. */
  readonly cursorOf: (node: Node) => string;
}

const PageInfo = builder.objectRef<{ hasNextPage: boolean; endCursor: string | null }>("PageInfo");
PageInfo.implement({
  description:
    "Forward paging only, in order of id where a list names no other: what is added meanwhile may stand on a page that was read.",
  authenticated: true,
  fields: (t) => ({
    hasNextPage: t.exposeBoolean("hasNextPage"),
    endCursor: t.exposeString("endCursor", {
      nullable: true,
      description: "For `after` of the next page; null of an empty one.",
    }),
  }),
});

/** A Relay connection and its edge, without a total: counting is a way of reading. */
export function connectionOf<Node extends object>(
  name: string,
  node: ObjectRef<typeof builder.$inferSchemaTypes, Node>,
) {
  const edge = builder.objectRef<{ node: Node; cursorOf: Page<Node>["cursorOf"] }>(`${name}Edge`);
  edge.implement({
    authenticated: true,
    fields: (t) => ({
      cursor: t.string({ resolve: (parent) => parent.cursorOf(parent.node) }),
      node: t.expose("node", { type: node }),
    }),
  });
  const connection = builder.objectRef<Page<Node>>(`${name}Connection`);
  return connection.implement({
    authenticated: true,
    fields: (t) => ({
      edges: t.field({
        type: [edge],
        complexity: { field: 1, multiplier: 1 },
        resolve: ({ nodes, cursorOf }) => nodes.map((node) => ({ node, cursorOf })),
      }),
      pageInfo: t.field({
        type: PageInfo,
        resolve: ({ nodes, hasNextPage, cursorOf }) => {
          const last = nodes.at(-1);
          return { hasNextPage, endCursor: last ? cursorOf(last) : null };
        },
      }),
    }),
  });
}

/** The arguments of every connection. */
export const pageArgs = (t: ArgBuilder<typeof builder.$inferSchemaTypes>, usual = 20) => ({
  first: t.int({ required: true, defaultValue: usual, description: `From 1 to ${MOST}.` }),
  after: t.string({ description: "endCursor of the page before, of this list. Opaque." }),
});

/** Loads one row more than asked for, to know whether there is a next page. */
export async function pageOf<Node>(
  args: { readonly first: number; readonly after?: string | null | undefined },
  load: (after: string | null, limit: number) => Promise<Node[]>,
  cursorOf: (node: Node) => string,
  cursors: RegExp = UUID,
): Promise<Page<Node>> {
  const after = decodeCursor(args.after ?? null, cursors);
  const encoded = (node: Node) => encodeAscii(cursorOf(node));
  return cutPage(args.first, (limit) => load(after, limit), encoded);
}

/** The same over cursors of the list's own. @throws BadUserInput */
export async function cutPage<Node>(
  first: number,
  load: (limit: number) => Promise<Node[]>,
  cursorOf: (node: Node) => string,
): Promise<Page<Node>> {
  if (first < 1 || first > MOST) {
    throw new BadUserInput([{ path: ["first"], message: `must be from 1 to ${MOST}` }]);
  }
  const rows = await load(first + 1);
  return { nodes: rows.slice(0, first), hasNextPage: rows.length > first, cursorOf };
}

function decodeCursor(cursor: string | null, cursors: RegExp): string | null {
  if (cursor === null) return null;
  const text = cursor.length <= 80 ? decodeBinary(cursor) : null;
  if (!text || !cursors.test(text)) {
    throw new BadUserInput([{ path: ["after"], message: "must be a cursor of this list" }]);
  }
  return text;
}
