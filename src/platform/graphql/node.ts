import { decodeId } from "../../kernel/ids.ts";
import type { Session } from "../db/session.ts";
import type { ScopeRequirement } from "./access.ts";
import { builder } from "./builder.ts";

interface Kind {
  /** Any of them; none: who may see one is the database's alone to say. */
  readonly scopes: ScopeRequirement;
  readonly load: (session: Session, uuid: string) => Promise<object | null>;
}
const kinds = new Map<string, Kind>();

export const Node = builder.interfaceRef<object>("Node").implement({
  description: "Relay's global object identification.",
  resolveType: (row) => (row as { __typename: string }).__typename,
  fields: (t) => ({ id: t.id({ resolve: () => "" }) }),
});

/** Lets `node` find objects of this type. */
export function nodeOf(type: string, load: Kind["load"], scopes: ScopeRequirement = []): void {
  kinds.set(type, { load, scopes });
}

/** The object of a global id, of one type only if `only` names it, under the caller's scopes; null for what is not there, not shared or no id. */
export async function findNode(
  session: Session,
  id: string,
  only?: string,
): Promise<object | null> {
  const { type = "", uuid = "" } = decodeId(id) ?? {};
  const kind = only === undefined || type === only ? kinds.get(type) : undefined;
  const may = kind?.scopes.some((allOf) => allOf.every((scope) => session.scopes.has(scope)));
  if (!kind || (kind.scopes.length > 0 && !may)) return null;
  const row = await kind.load(session, uuid);
  return row && typed(row, type);
}

/** What graphql-js reads to tell which type of an interface or union a row is. */
export function typed<Row extends object>(row: Row, type: string): Row {
  return "__typename" in row ? row : Object.defineProperty(row, "__typename", { value: type });
}

builder.queryField("node", (t) =>
  t.field({
    type: Node,
    nullable: true,
    description:
      "Null for what is missing, for what is not shared with the caller and without a scope to read it: one answer.",
    authenticated: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, { session }) => findNode(session, id),
  }),
);
