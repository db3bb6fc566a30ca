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

/** The one thing that a command writes to standard output: for people, or as one line of JSON. */
export function answer(asJson: boolean, value: unknown, lines: readonly string[]): void {
  if (asJson) console.log(JSON.stringify(value));
  else if (lines.length > 0) console.log(lines.join("\n"));
}

/** Text from elsewhere, without what would move a terminal's cursor or colour its text. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");
}
