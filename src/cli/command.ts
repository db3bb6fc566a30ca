/** One of the commands of `npm run wayhouse`: what its module exports. */
export interface Command {
  readonly usage: string;
  /** @returns the exit code: 0 done, 1 done but for what was reported. @throws Stop */
  run(args: readonly string[]): Promise<number>;
}

/** Ends a command with exit code 2: the message says what is wrong and what to do. */
export class Stop extends Error {
  override readonly name = "Stop";
}

/** Text from elsewhere, without what would move a terminal's cursor or colour its text. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");
}
