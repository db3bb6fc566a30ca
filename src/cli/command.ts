import { printable } from "../kernel/printable.ts";

/** What the shell sees of a command that ended. */
export type ExitCode = 0 | 1 | 2;
type Doing<Code extends 0 | 1> = {
  /** Its call, what it does, its options and an example. */
  readonly usage: string;
  /** What each exit code says. */
  readonly exits: Readonly<Record<Code | 2, string>>;
  /** @throws Stop, CallFailed, which both are exit code 2 */
  run(args: readonly string[]): Promise<Code>;
};
/** What the module of a command exports: a code that it returns and does not explain is a fault of its type. */
export type Command = Doing<0> | Doing<0 | 1>;

/** Ends a command with exit code 2: the message says what is wrong and what to do. */
export class Stop extends Error {
  override readonly name = "Stop";
}

/**
 * The one thing that a command writes to standard output: for people, or as one line of JSON. Whoever sent a part of
 * it moves no cursor with it, and begins no line. `painted` colours what is safe by then.
 */
export function answer(
  asJson: boolean,
  value: unknown,
  lines: readonly string[],
  painted = (line: string) => line,
): void {
  if (asJson) console.log(asPrinted(JSON.stringify(value)));
  else if (lines.length > 0)
    console.log(lines.map((line) => painted(printable(line, MOST_CHARACTERS))).join("\n"));
}
/** Of one line: an envelope has 120,000. */
const MOST_CHARACTERS = 256 * 1024;

/** The same JSON: of what moves a cursor, it escapes only a part by itself. */
const asPrinted = (json: string) =>
  json.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (unsafe) =>
    unsafe
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );

/** To standard error. Its lines are the caller's: text from elsewhere stands in them as `printable` gives it. */
export function complain(text: string): void {
  console.error(readable(text));
}

/** Text of several lines as a terminal may show it. */
export const readable = (text: string) =>
  text
    .split("\n")
    .map((line) => printable(line.replaceAll("\t", "    "), MOST_CHARACTERS))
    .join("\n");
