import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import pg from "pg";
import { roundTrips } from "../telemetry/tracing.ts";

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}
export interface Rows {
  readonly rows: Record<string, unknown>[];
  readonly rowCount: number;
}

/** The wire of one connection (pg's Connection, of which its types tell little). */
interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  parse(message: { name: string; text: string }): void;
  bind(message: {
    portal: string;
    statement: string;
    values: readonly unknown[];
    valueMapper: (value: unknown) => unknown;
  }): void;
  describe(message: { type: "P"; name: string }): void;
  execute(message: { portal: string; rows: number }): void;
  close(message: { type: "S"; name: string }): void;
  sync(): void;
}
interface WireResult {
  rows: Record<string, unknown>[];
  rowCount: number | null;
  _types: unknown;
  addFields(fields: unknown): void;
  parseRow(fields: unknown): Record<string, unknown>;
  addRow(row: Record<string, unknown>): void;
  addCommandComplete(message: unknown): void;
}

const { prepareValue } = createRequire(import.meta.url)("pg/lib/utils") as {
  prepareValue: (value: unknown) => unknown;
};

/** Beyond this many texts a connection stops naming statements, so that it cannot grow without end. */
const MOST_NAMED = 500;
const names = new Map<string, string>();
/** Of each connection: which statements it has parsed; false after an error left it uncertain. */
const parsed = new WeakMap<object, Map<string, boolean>>();

function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    if (names.size >= MOST_NAMED) return "";
    name = `w${createHash("sha256").update(text).digest("hex").slice(0, 24)}`;
    names.set(text, name);
  }
  return name;
}

/**
 * Several statements in one round trip: Parse (once a connection), Bind, Describe and Execute for each
 * and a single Sync. Without BEGIN they are one implicit transaction; the first error skips the rest.
 */
class Batch {
  callback!: (error: Error | null, results?: Rows[]) => void;
  readonly #results: WireResult[] = [];
  #current: WireResult;
  #failure: Error | undefined;
  #registry: Map<string, boolean> | undefined;

  constructor(
    private readonly statements: readonly Statement[],
    private readonly types: unknown,
  ) {
    this.#current = this.#next();
  }

  #next(): WireResult {
    const Result = (pg as unknown as { Result: new (mode: null, types: unknown) => WireResult })
      .Result;
    return new Result(null, this.types);
  }

  submit(wire: Wire): null {
    let registry = parsed.get(wire);
    if (!registry) parsed.set(wire, (registry = new Map()));
    this.#registry = registry;
    wire.stream.cork();
    try {
      for (const { text, values } of this.statements) {
        const name = nameOf(text);
        const state = name === "" ? undefined : registry.get(name);
        if (state === false) wire.close({ type: "S", name });
        if (state !== true) wire.parse({ name, text });
        if (name !== "") registry.set(name, true);
        wire.bind({ portal: "", statement: name, values, valueMapper: prepareValue });
        wire.describe({ type: "P", name: "" });
        wire.execute({ portal: "", rows: 0 });
      }
      wire.sync();
    } finally {
      wire.stream.uncork();
    }
    return null;
  }

  handleRowDescription(message: { fields: unknown }): void {
    this.#current.addFields(message.fields);
  }
  handleDataRow(message: { fields: unknown }): void {
    if (this.#failure) return;
    try {
      this.#current.addRow(this.#current.parseRow(message.fields));
    } catch (error) {
      this.#failure = error as Error;
    }
  }
  handleCommandComplete(message: unknown): void {
    this.#current.addCommandComplete(message);
    this.#results.push(this.#current);
    this.#current = this.#next();
  }
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}
  handleError(error: Error): void {
    for (const { text } of this.statements) {
      const name = nameOf(text);
      if (name !== "") this.#registry?.set(name, false);
    }
    this.#end(error);
  }
  handleReadyForQuery(): void {
    this.#end(this.#failure ?? null);
  }
  #end(error: Error | null): void {
    this.callback(
      error,
      this.#results.map(({ rows, rowCount }) => ({ rows, rowCount: rowCount ?? 0 })),
    );
  }
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

function submit(client: pg.ClientBase, statements: readonly Statement[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const batch = new Batch(statements, (client as unknown as { _types: unknown })._types);
    // Of a time-out pg tells the error alone.
    batch.callback = (error, results = []) => resolve({ results, error });
    (client as unknown as { query(batch: Batch): void }).query(batch);
  });
}

export type Send = (statements: readonly Statement[]) => Promise<readonly Rows[]>;

/**
 * What is asked in one tick travels in one round trip. `alone`: where one of several fails, each is asked
 * again by itself, so that the error is that one's only.
 */
export function gather(
  send: Send,
  { alone = false } = {},
): (statement: Statement) => Promise<Rows> {
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
