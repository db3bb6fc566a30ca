import { type CallOptions, call, type Line } from "./calls.ts";
import { CallFailed } from "./failure.ts";
import type { Operation } from "./operations.ts";

export interface Page<Node> {
  readonly edges: readonly { readonly node: Node }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** See Client.all. */
export async function* nodesOf<Result, V, Node>(
  line: Line,
  operation: Operation<Result, V>,
  variables: object,
  connectionOf: (result: Result) => Page<Node>,
  options?: CallOptions,
): AsyncGenerator<Node, void, void> {
  let after: string | null = null;
  for (;;) {
    const page = connectionOf(await call(line, operation, { ...variables, after }, options));
    if (!isPage(page)) throw new CallFailed("PROTOCOL", "What came is no page of a list.");
    for (const { node } of page.edges) yield node;
    const { hasNextPage, endCursor } = page.pageInfo;
    if (!hasNextPage || endCursor === null) return;
    if (endCursor === after) throw new CallFailed("PROTOCOL", "The next page is the one before.");
    // Of these there could be any number, and whoever asks would hear of none.
    if (page.edges.length === 0)
      throw new CallFailed("PROTOCOL", "More follows a page of nothing.");
    after = endCursor;
  }
}

function isPage(page: unknown): boolean {
  const { edges, pageInfo } = Object(page) as Record<string, unknown>;
  const { hasNextPage, endCursor } = Object(pageInfo) as Record<string, unknown>;
  return (
    Array.isArray(edges) &&
    edges.every((edge) => isObject((Object(edge) as Record<string, unknown>)["node"])) &&
    typeof hasNextPage === "boolean" &&
    (endCursor === null || typeof endCursor === "string")
  );
}

const isObject = (value: unknown) => typeof value === "object" && value !== null;
