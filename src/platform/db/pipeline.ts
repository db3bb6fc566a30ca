import { hash } from "node:crypto";
import { createRequire } from "node:module";
import type pg from "pg";
import { serialize } from "pg-protocol";
import { roundTrips } from "../telemetry/tracing.ts";

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}
export interface Rows {
  readonly rows: Record<string, unknown>[];
  readonly rowCount: number;
}

const { prepareValue } = createRequire(import.meta.url)("pg/lib/utils") as {
  prepareValue: (value: unknown) => unknown;
};

/** Beyond this many texts a connection stops naming statements, so that it cannot grow without end. */
const MOST_NAMED = 500;
const names = new Map<string, string>();
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    if (names.size >= MOST_NAMED) return "";
    name = `w${hash("sha256", text, "hex").slice(0, 24)}`;
    names.set(text, name);
  }
  return name;
}

type Parser = (cell: string) => unknown;
type GetParser = (oid: number, format: "text") => Parser;
interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

interface Column {
  readonly at: number;
  readonly name: string;
  readonly parse: Parser;
}

/**
 * What a statement gives, as it was described once: its rows are told without it from then on. A column named
 * `sender.id` is the id of the row's sender.
 */
class Columns {
  readonly #columns: readonly Column[];
  readonly #parts: readonly (readonly [name: string, columns: Columns])[];
  /** One shape for all rows. */
  readonly #blank: Record<string, unknown>;

  constructor(columns: readonly Column[]) {
    const parts = new Map<string, Column[]>();
    for (const { name, ...column } of columns) {
      const [part, ...rest] = name.split(".");
      if (rest.length === 0) continue;
      parts.set(part!, [...(parts.get(part!) ?? []), { ...column, name: rest.join(".") }]);
    }
    this.#columns = columns.filter(({ name }) => !name.includes("."));
    this.#parts = [...parts].map(([name, those]) => [name, new Columns(those)]);
    const names = [...this.#columns.map(({ name }) => name), ...parts.keys()];
    this.#blank = Object.fromEntries(names.map((name) => [name, null]));
  }

  static of(fields: readonly Field[], getParser: GetParser): Columns {
    const parserOf = (oid: number) => getParser(oid, "text");
    return new Columns(
      fields.map(({ name, dataTypeID }, at) => ({ at, name, parse: parserOf(dataTypeID) })),
    );
  }

  rowOf(cells: readonly (string | null)[]): Record<string, unknown> {
    const row = { ...this.#blank };
    for (const { at, name, parse } of this.#columns) {
      const cell = cells[at]!;
      if (cell !== null) row[name] = parse(cell);
    }
    for (const [name, part] of this.#parts) row[name] = part.rowOf(cells);
    return row;
  }
}

/** Of each connection: what it has parsed under which name, and what that gives once it was told; uncertain after an error. */
type Known = Map<string, Columns | "parsed" | "uncertain">;
const knownBy = new WeakMap<object, Known>();

/** The wire of one connection (pg's Connection, of which its types tell little). */
interface Wire {
  readonly stream: { write(bytes: Buffer): void };
}

/**
 * Several statements in one round trip: Parse and Describe (once a connection), Bind and Execute for each and
 * a single Sync, in one piece. Without BEGIN they are one implicit transaction; the first error skips the rest.
 */
class Batch {
  readonly #results: Rows[] = [];
  #rows: Record<string, unknown>[] = [];
  #columns: Columns | undefined;
  #failure: Error | undefined;
  /** Of the connection that it is sent on; an error may come before. */
  #known: Known = new Map();

  constructor(
    private readonly statements: readonly Statement[],
    private readonly getParser: GetParser,
    readonly callback: (error: Error | null, results?: Rows[]) => void,
  ) {}

  submit(wire: Wire): null {
    this.#known = knownBy.get(wire) ?? this.#known;
    knownBy.set(wire, this.#known);
    wire.stream.write(
      Buffer.concat([...this.statements.flatMap((one) => this.#messagesOf(one)), SYNC]),
    );
    this.#begin();
    return null;
  }

  #messagesOf({ text, values }: Statement): Buffer[] {
    const name = nameOf(text);
    const before = this.#known.get(name);
    const bound = serialize.bind({
      statement: name,
      values: values as unknown[],
      valueMapper: prepareValue,
    });
    if (before instanceof Columns) return [bound, EXECUTE];
    if (name !== "") this.#known.set(name, "parsed");
    const told = [bound, DESCRIBE, EXECUTE];
    if (before === "parsed") return told;
    const parsed = [serialize.parse({ name, text }), ...told];
    return before === undefined ? parsed : [serialize.close({ type: "S", name }), ...parsed];
  }

  /** The next statement's rows. */
  #begin(): void {
    const next = this.statements[this.#results.length];
    const columns = next && this.#known.get(nameOf(next.text));
    this.#columns = columns instanceof Columns ? columns : undefined;
    this.#rows = [];
  }

  handleRowDescription({ fields }: { readonly fields: readonly Field[] }): void {
    this.#columns = Columns.of(fields, this.getParser);
  }
  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    if (this.#failure) return;
    try {
      this.#rows.push(this.#columns!.rowOf(fields));
    } catch (error) {
      this.#failure = error as Error;
    }
  }
  handleCommandComplete({ text }: { readonly text: string }): void {
    const name = nameOf(this.statements[this.#results.length]!.text);
    if (name !== "") this.#known.set(name, this.#columns ?? NO_COLUMNS);
    // "SELECT 3", "INSERT 0 1", "COMMIT"
    const rowCount = Number(text.slice(text.lastIndexOf(" ") + 1)) || 0;
    this.#results.push({ rows: this.#rows, rowCount });
    this.#begin();
  }
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}
  handleError(error: Error): void {
    for (const { text } of this.statements) {
      const name = nameOf(text);
      if (name !== "") this.#known.set(name, "uncertain");
    }
    this.callback(error, this.#results);
  }
  handleReadyForQuery(): void {
    this.callback(this.#failure ?? null, this.#results);
  }
}

const NO_COLUMNS = new Columns([]);
const DESCRIBE = serialize.describe({ type: "P", name: "" });
const EXECUTE = serialize.execute();
const SYNC = serialize.sync();

/** What one statement tells. */
export async function rowsOf<Row>(
  client: pg.ClientBase,
  text: string,
  ...values: readonly unknown[]
): Promise<Row[]> {
  const [told] = await runBatch(client, [{ text, values }]);
  return told!.rows as Row[];
}

/** Results stand in the order of the statements. Rejects with the first error. */
export async function runBatch(
  client: pg.ClientBase,
  statements: readonly Statement[],
): Promise<Rows[]> {
  const { results, error } = await runAsFar(client, statements);
  if (error) throw error;
  return results;
}

export interface Outcome {
  /** Of the statements before the one that failed. */
  readonly results: Rows[];
  readonly error: Error | null;
}

/** As runBatch, for whoever wants to know what went before the error. */
export function runAsFar(
  client: pg.ClientBase,
  statements: readonly Statement[],
): Promise<Outcome> {
  return roundTrips.start.hasSubscribers
    ? roundTrips.tracePromise(
        submit,
        { statements: statements.length },
        undefined,
        client,
        statements,
      )
    : submit(client, statements);
}

const patience = new WeakMap<pg.ClientBase, number>();
/**
 * A round trip that takes longer ends with its connection. pg's own `query_timeout` would do the same, at the
 * price of a third of the process: V8 makes a function that is assigned to a member old from its birth, and
 * whatever such a one has seen, here all rows, stays until the old ones are collected.
 */
export function limitRoundTrips(client: pg.ClientBase, ms: number): void {
  patience.set(client, ms);
}

function submit(client: pg.ClientBase, statements: readonly Statement[]): Promise<Outcome> {
  const line = client as unknown as {
    readonly _types: { getTypeParser: GetParser };
    readonly connection: { readonly stream: { destroy(): void } };
    query(batch: Batch): void;
  };
  const limit = patience.get(client);
  return new Promise((resolve) => {
    const late = limit && setTimeout(() => line.connection.stream.destroy(), limit);
    const parserOf: GetParser = (oid, format) => line._types.getTypeParser(oid, format);
    const batch = new Batch(statements, parserOf, (error, results = []) => {
      clearTimeout(late);
      resolve({ results, error });
    });
    line.query(batch);
  });
}

export type Line = (statement: Statement) => Promise<Rows>;
export type Send = (statements: readonly Statement[]) => Promise<readonly Rows[]>;

/**
 * What is asked in one tick travels in one round trip. `alone`: where one of several fails, each is asked
 * again by itself, so that the error is that one's only.
 */
export function gather(send: Send, { alone = false } = {}): Line {
  interface Asked {
    readonly statement: Statement;
    readonly resolve: (rows: Rows) => void;
    readonly reject: (error: unknown) => void;
  }
  let waiting: Asked[] = [];
  const sendAll = async (asked: readonly Asked[]): Promise<void> => {
    try {
      const results = await send(asked.map(({ statement }) => statement));
      for (const [index, { resolve }] of asked.entries()) resolve(results[index]!);
    } catch (error) {
      if (alone && asked.length > 1) await Promise.all(asked.map((one) => sendAll([one])));
      else for (const { reject } of asked) reject(error);
    }
  };
  const flush = () => {
    const asked = waiting;
    waiting = [];
    void sendAll(asked);
  };
  return (statement) =>
    new Promise((resolve, reject) => {
      waiting.push({ statement, resolve, reject });
      // After the promises of this tick: loaders ask in them.
      if (waiting.length === 1) void Promise.resolve().then(() => process.nextTick(flush));
    });
}
