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

/** Kysely over a line of ours: it compiles and types a statement, `run` decides how that travels. */
export function kyselyOver(run: (statement: Statement) => Promise<Rows>): Kysely<DB> {
  const connection: DatabaseConnection = {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      const { rows, rowCount } = await run({ text: query.sql, values: query.parameters });
      return { rows: rows as R[], numAffectedRows: BigInt(rowCount) };
    },
    streamQuery() {
      throw new Error("a line does not stream");
    },
  };
  const driver: Driver = {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: noTransaction,
    commitTransaction: noTransaction,
    rollbackTransaction: noTransaction,
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

const noTransaction = (): never => {
  throw new Error("what is one transaction, the session says");
};
