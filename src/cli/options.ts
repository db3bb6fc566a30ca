import { parseArgs, type ParseArgsConfig } from "node:util";
import { Stop } from "./command.ts";

interface Asked<Required extends string, Optional extends string, Flag extends string> {
  readonly required?: readonly Required[];
  readonly optional?: readonly Optional[];
  readonly flags?: readonly Flag[];
  /** As --help shows them: `<file>` must be there, `[<file>]` may, and `...` says that more may follow. */
  readonly words?: readonly string[];
}
interface Typed<Required extends string, Optional extends string, Flag extends string> {
  readonly values: Readonly<Record<Required, string> & Partial<Record<Optional, string>>>;
  readonly flags: Readonly<Record<Flag | "json", boolean>>;
  readonly words: readonly string[];
}

/** One thumbprint in 64 begins with a dash, and is no option. */
const guarded = (word: string) => (/^-[\w-]{42}$/.test(word) ? `\0${word}` : word);
const bare = <Value>(value: Value) =>
  (typeof value === "string" && value.startsWith("\0") ? value.slice(1) : value) as Value;

/** What was typed after a command; every one has --json. @throws Stop with the usage */
export function optionsOf<
  const Required extends string = never,
  const Optional extends string = never,
  const Flag extends string = never,
>(
  args: readonly string[],
  usage: string,
  asked: Asked<Required, Optional, Flag> = {},
): Typed<Required, Optional, Flag> {
  const { required = [], optional = [], flags = [], words = [] } = asked;
  const fail = (message: string, cause?: unknown): never => {
    throw new Stop(`${message}\n\n${usage}`, { cause });
  };
  const options: ParseArgsConfig["options"] = Object.fromEntries([
    ...[...required, ...optional].map((name) => [name, { type: "string" }]),
    ...[...flags, "json"].map((name) => [name, { type: "boolean", default: false }]),
  ]);
  try {
    const parsed = parseArgs({ args: args.map(guarded), options, allowPositionals: true });
    const values = Object.fromEntries(
      Object.entries(parsed.values).map(([name, value]) => [name, bare(value)]),
    );
    const positionals = parsed.positionals.map(bare);
    const least = words.filter((word) => !word.startsWith("[")).length;
    const most = words.at(-1)?.includes("...") ? Infinity : words.length;
    if (positionals.length < least || positionals.length > most)
      fail(words.length > 0 ? `It takes ${words.join(" ")}.` : "It takes options alone.");
    const missing = required.find((name) => !Object.hasOwn(values, name));
    if (missing) fail(`--${missing} is missing.`);
    // As of "$UNSET": left out it would mean every country, for ever, or no pin to hold a chain against.
    const empty = optional.find((name) => values[name] === "");
    if (empty) fail(`--${empty} is empty: leave it out, or say what it is.`);
    const typed = { values, flags: values, words: positionals };
    return typed as unknown as Typed<Required, Optional, Flag>;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return fail(error.message, error);
  }
}
