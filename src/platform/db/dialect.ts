import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from "kysely";
import type { Rows, Statement } from "./pipeline.ts";
import type { DB } from "./schema.ts";

/** What a connection of ours does: it runs statements, and may open and close a transaction. */
export interface Line {
  run(statement: Statement): Promise<Rows>;
  begin?(): Promise<void>;
  commit?(): Promise<void>;
  rollback?(): Promise<void>;
}

/** Kysely over a line of ours: it compiles and types the statement, the line decides how it travels. */
export function kyselyOver(line: Line): Kysely<DB> {
  const connection: DatabaseConnection = {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      const { rows, rowCount } = await line.run({ text: query.sql, values: query.parameters });
      return { rows: rows as R[], numAffectedRows: BigInt(rowCount) };
    },
    streamQuery() {
      throw new Error("a line does not stream");
    },
  };
  const driver: Driver = {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: async () => line.begin?.(),
    commitTransaction: async () => line.commit?.(),
    rollbackTransaction: async () => line.rollback?.(),
    releaseConnection: async () => {},
    destroy: async () => {},
  };
  const dialect: Dialect = {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
  return new Kysely<DB>({ dialect });
}
