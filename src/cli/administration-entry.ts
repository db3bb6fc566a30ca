import type { Scope } from "../kernel/scopes.ts";
import { Stop } from "./command.ts";
import type { Named } from "./named.ts";

/** What was typed: the words after the command, and the options by their names. */
export interface Given {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | undefined>>;
}

/** One operation of the API as a command. */
export interface Administration {
  readonly summary: string;
  readonly operation: string;
  /** What its token carries, and the client must have. */
  readonly scopes: readonly Scope[];
  /** What its token carries besides: a client that has it is told more. */
  readonly also?: readonly Scope[];
  /** The words it takes, as --help shows them. */
  readonly words?: readonly string[];
  readonly options?: Readonly<Record<string, string>>;
  readonly required?: readonly string[];
  /** Typed after `wayhouse`; a test runs each against the demo. */
  readonly example: string;
  readonly next?: string;
  variables(given: Given, named: Named): Promise<object> | object;
}

export const SCOPES_OPTION = "as in beds:read,beds:hold";

/** From `beds:read,beds:hold` to what the graph calls them. */
export function scopesOf(text: string | undefined): string[] {
  return listOf(text).map((scope) => scope.toUpperCase().replaceAll(/[:-]/g, "_"));
}
export const listOf = (text: string | undefined) => (text ?? "").split(/[\s,]+/).filter(Boolean);

export function truthOf(name: string, text: string | undefined): boolean {
  if (text === undefined || text === "false") return false;
  if (text === "true") return true;
  throw new Stop(`${name} must be true or false.`);
}

export function wholeOf(name: string, text: string | undefined): number {
  if (text !== undefined && /^\d{1,5}$/.test(text)) return Number(text);
  throw new Stop(`--${name} must be a whole number.`);
}
