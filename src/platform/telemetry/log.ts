import { fileURLToPath } from "node:url";

/** Refused values are logged as this, so that a pattern too narrow shows. */
const WITHHELD = "(withheld)";

/** What a field may look like. A value that does not match its pattern never reaches the log. */
const FIELDS = {
  /** A sentence of ours to whoever starts it, on what it was started with: see main.ts. */
  advice: /^[\P{Cc}\n]{1,2000}$/u,
  /** Where we listen. */
  address: /^https?:\/\/[\w.:[\]-]{1,255}$/,
  /** Name of a class of this code. */
  class: /^[A-Za-z]{1,40}$/,
  /** Of the operating system, Node or PostgreSQL (SQLSTATE). */
  code: /^[A-Z0-9_]{1,60}$/,
  count: /^\d{1,15}$/,
  /** Stack frames, without the message above them. */
  frames: /^[\w .<>#:/@$+-]{0,2000}$/,
  migration: /^\d{4}_[a-z0-9_]{1,80}\.sql$/,
  /** Of a constraint, a routine of the database, a job, or a reason. */
  name: /^[A-Za-z_][\w.]{0,62}$/,
  signal: /^SIG[A-Z]{2,6}$/,
} as const;
type Field = keyof typeof FIELDS;

const FAULT = {
  error: "class",
  code: "code",
  constraint: "name",
  routine: "name",
  frames: "frames",
} as const;

/**
 * The closed list of what is logged: nothing else can be. No event says who called, when, or what for:
 * a log is a file that somebody can take away.
 */
const EVENTS = {
  serving: { level: "info", fields: { address: "address" } },
  /** A worker, which serves nothing. */
  working: { level: "info", fields: {} },
  measuring: { level: "info", fields: { address: "address" } },
  migrated: { level: "info", fields: { migration: "migration" } },
  draining: { level: "info", fields: { signal: "signal", mostSeconds: "count" } },
  stopped: { level: "info", fields: {} },
  /** The drain took too long: so many requests had no answer. */
  drain_cut_off: { level: "warn", fields: { requests: "count" } },
  embedded_database_restarted: { level: "warn", fields: {} },
  replica_in_use: { level: "info", fields: {} },
  /** The primary answers all reads until it is in use again. */
  replica_left_out: { level: "warn", fields: { reason: "name", code: "code" } },
  idle_connection_lost: { level: "warn", fields: { code: "code" } },
  /** Told as UNAVAILABLE: its disk is full (53100), it has no connection left (53300), or none came in time (no code). */
  database_unavailable: { level: "warn", fields: { code: "code" } },
  /** A fault of ours, told as INTERNAL. */
  request_failed: { level: "error", fields: FAULT },
  /** The next beat tries again; past the lease the stream ends. */
  stream_failed: { level: "error", fields: FAULT },
  job_failed: { level: "error", fields: { job: "name", ...FAULT } },
  start_refused: { level: "error", fields: { advice: "advice" } },
  start_failed: { level: "error", fields: FAULT },
  /** What nobody caught: the process ends. */
  crashed: { level: "error", fields: FAULT },
} as const satisfies Record<
  string,
  { readonly level: LogLevel; readonly fields: Readonly<Record<string, Field>> }
>;

export const LOG_LEVELS = ["info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
type LogEvent = keyof typeof EVENTS;
type Value = string | number | undefined;
type FieldsOf<E extends LogEvent> = {
  readonly [F in keyof (typeof EVENTS)[E]["fields"]]?: Value;
};
export type Log = <E extends LogEvent>(event: E, fields: FieldsOf<E>) => void;

/** `json`: one object a line. `text`: for somebody who watches. */
export function createLog(options: {
  readonly format: "json" | "text";
  readonly level: LogLevel;
  /** Standard error, unless said otherwise. */
  readonly write?: (line: string) => void;
}): Log {
  const { write = (line) => void process.stderr.write(`${line}\n`) } = options;
  const lowest = LOG_LEVELS.indexOf(options.level);
  return (event, given) => {
    const { level, fields } = EVENTS[event];
    if (LOG_LEVELS.indexOf(level) < lowest) return;
    const shown: [string, string | number][] = [];
    for (const [name, field] of Object.entries(fields)) {
      const value = (given as Readonly<Record<string, Value>>)[name];
      if (value === undefined || value === "") continue;
      const fits = /^(string|number)$/.test(typeof value) && FIELDS[field].test(String(value));
      shown.push([name, fits ? value : WITHHELD]);
    }
    const at = new Date().toISOString();
    write(
      options.format === "json"
        ? JSON.stringify({ at, level, event, ...Object.fromEntries(shown) })
        : [event.replaceAll("_", " "), ...shown.map(([name, value]) => `${name}=${value}`)].join(
            " ",
          ),
    );
  };
}

/** For a terminal. */
export const textLog = createLog({ format: "text", level: "info" });

/**
 * What may be told of any error: its class, the code and the names that the innermost cause carries, and
 * the frames. Never a message: the database's, the parser's and the network's repeat what they were given.
 */
export function faultOf(error: unknown): FieldsOf<"request_failed"> {
  if (!(error instanceof Error)) return { error: "Unknown" };
  let innermost: Error = error;
  for (let depth = 0; innermost.cause instanceof Error && depth < 8; depth++)
    innermost = innermost.cause;
  const { code, constraint, routine } = innermost as unknown as Record<string, unknown>;
  const named = (value: unknown) => (typeof value === "string" ? value : undefined);
  return {
    error: error.constructor.name,
    code: named(code),
    constraint: named(constraint),
    routine: named(routine),
    frames: framesOf(error),
  };
}

const ROOT = new URL("../../../", import.meta.url);
/** As frames of modules and of what is compiled name it; it may hold what no frame may. */
const ROOTS = [ROOT.href, fileURLToPath(ROOT)];
const MOST_FRAMES = 12;
const FRAME = /^ {4}at (?:([\w .<>#$]+) \()?(?:file:\/\/)?([\w./@+:-]+:\d+:\d+)\)?$/;

/** A message may itself look like frames, so its lines are passed over before any is looked at. */
function framesOf({ stack = "", message }: Error): string {
  const start = stack.indexOf(message);
  if (start < 0) return "";
  return stack
    .slice(start + message.length)
    .split("\n")
    .flatMap((line) => {
      const within = ROOTS.reduce((left, root) => left.replace(root, ""), line);
      const [, of = "", place = ""] = FRAME.exec(within) ?? [];
      return place ? [`${of} ${place}`.trim()] : [];
    })
    .slice(0, MOST_FRAMES)
    .join(" < ");
}
