import DataLoader from "dataloader";
import type { Kysely } from "kysely";
import { NotFound } from "../../kernel/errors.ts";
import type { DB } from "../db/schema.ts";
import type { Session } from "../db/session.ts";
import { MOST_LOOKED_AT } from "./costs.ts";

type Find<Row> = (db: Kysely<DB>, ids: readonly string[]) => Promise<Row[]>;

/** One query for all ids of one tick; a row the caller may not see is null, like one that is not there. */
export function loaderOf<Row>(find: Find<Row>, keyOf: (row: Row) => string) {
  const grouped = groupLoaderOf(find, keyOf);
  return async (session: Session, id: string): Promise<Row | null> =>
    (await grouped(session, id))[0] ?? null;
}

/** All rows of each id, in the order of the query; read anew after a write. */
export function groupLoaderOf<Row>(find: Find<Row>, keyOf: (row: Row) => string) {
  const loaders = new WeakMap<Session["read"], DataLoader<string, Row[]>>();
  return ({ read }: Session, id: string): Promise<Row[]> => {
    let loader = loaders.get(read);
    if (!loader) {
      loader = new DataLoader(async (ids) => {
        const rows = new Map<string, Row[]>(ids.map((one) => [one, []]));
        for (const row of await find(read, ids)) rows.get(keyOf(row))?.push(row);
        return ids.map((one) => rows.get(one) ?? []);
      });
      loaders.set(read, loader);
    }
    return loader.load(id);
  };
}

/** All rows of each case, or one more than are looked at: `ofCase` tells them. */
export const caseLoaderOf = <Row extends { readonly case_reference: string }>(
  find: (db: Kysely<DB>, references: readonly string[], most: number) => Promise<Row[]>,
) =>
  groupLoaderOf(
    (db, references) => find(db, references, MOST_LOOKED_AT + 1),
    ({ case_reference }: Row) => case_reference,
  );

/** @throws NotFound for what is not there or not the caller's to see */
export async function present<Row>(row: Promise<Row | null>): Promise<Row> {
  const found = await row;
  if (!found) throw new NotFound();
  return found;
}
