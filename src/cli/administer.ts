import { CallFailed } from "../client/failure.ts";
import type { Client, Operation } from "../client/index.ts";
import type { Administration } from "./administration-entry.ts";
import { adviceOn } from "./advice.ts";
import { CALLER_FLAGS, CALLER_OPTIONAL, CALLER_OPTIONS, callerOf } from "./caller.ts";
import { printable } from "../kernel/printable.ts";
import { answer, type Command, Stop } from "./command.ts";
import { namesOf } from "./named.ts";
import { optionsOf } from "./options.ts";
import { rowsOf } from "./rows.ts";
import { tableOf } from "./table.ts";

/** Of a command that changes something. */
const keyOption = ({ operation }: Administration) =>
  operation.startsWith("mutation")
    ? { key: "an idempotency key: the same again has one effect" }
    : {};

/** A command for one operation of the API. */
export function administer(name: string, entry: Administration): Command {
  const usage = usageOf(name, entry);
  return {
    usage,
    exits: { 0: "done", 1: "refused, and the answer says why", 2: "nothing could be done" },
    async run(args) {
      const { values, flags, words } = optionsOf<string, string, "prove">(args, usage, {
        required: ["organisation", ...(entry.required ?? [])],
        optional: [...Object.keys({ ...entry.options, ...keyOption(entry) }), ...CALLER_OPTIONAL],
        flags: CALLER_FLAGS,
        words: typedWords(entry),
      });
      const caller = { ...values, ...flags, organisation: values["organisation"]! };
      const { api, me } = await callerOf(caller, [...entry.scopes, ...(entry.also ?? [])]);
      const given = { words, options: values };
      const variables = (await entry.variables(given, namesOf(api, me))) as Answer;
      const result = await asked(api, entry.operation, keyed(variables, values["key"]));
      answer(flags.json, result, shown(result));
      return isRefusal(result) ? 1 : 0;
    },
  };
}

const MAY_BE_DONE: ReadonlySet<string> = new Set([
  "NETWORK",
  "UNAVAILABLE",
  "PROTOCOL",
  "INTERNAL",
]);

/** Who types the same again draws another key, and what was done would be done twice. */
function keyTold(error: unknown): never {
  if (!(error instanceof CallFailed) || error.idempotencyKey === null) throw error;
  if (!MAY_BE_DONE.has(error.code)) throw error;
  const again = `It may have been done: the same again with --key ${error.idempotencyKey} has one effect.`;
  throw new Stop(`${adviceOn(error)}\n${again}`, { cause: error });
}

type Answer = Readonly<Record<string, unknown>>;
function keyed(variables: Answer, key: string | undefined): Answer {
  const { input } = variables as { input?: object };
  return input && key ? { ...variables, input: { ...input, idempotencyKey: key } } : variables;
}

/** The one field that an operation asks for; of a list, every page. */
async function asked(api: Client, text: string, variables: Answer): Promise<unknown> {
  const operation = text as Operation<Answer, Record<string, unknown>>;
  const fieldOf = (answered: Answer) => Object.values(answered)[0];
  if (!text.includes("pageInfo")) {
    const field = fieldOf(await api.run(operation, variables).catch(keyTold));
    if (field === null) throw new Stop("It is not there, or not yours to see.");
    return field;
  }
  const nodes: unknown[] = [];
  const list = api.all(operation, variables, (answered) => fieldOf(answered) as never);
  for await (const node of rowsOf(list)) nodes.push(node);
  return nodes;
}

/** What an operation refuses as data says why. */
const isRefusal = (result: unknown) => result instanceof Object && "message" in result;

function shown(result: unknown): string[] {
  if (!(result instanceof Object)) return [cellOf(result)];
  if (!Array.isArray(result)) {
    return Object.entries(result)
      .filter(([name]) => name !== "__typename")
      .flatMap(([name, value]) =>
        Array.isArray(value) && value[0] instanceof Object
          ? [`${name}:`, ...shown(value).map((line) => `  ${line}`)]
          : [`${name}: ${cellOf(value)}`],
      );
  }
  if (result.length === 0) return ["none"];
  const names = Object.keys(result[0] as object).filter((name) => name !== "__typename");
  const rows = result.map((row) => names.map((name) => cellOf((row as Answer)[name])));
  return tableOf([names, ...rows]);
}

/** A signature tells people nothing: --json has it whole. */
const short = (text: string) => (text.length > 200 ? `${text.slice(0, 40)}…` : text);

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return "-";
  if (Array.isArray(value)) return value.map(cellOf).join(",") || "-";
  if (!(value instanceof Object)) return short(printable(`${value as string | number | boolean}`));
  const { handle, clientId, name, label, id } = value as Record<string, string | undefined>;
  return printable(String(handle ?? clientId ?? name ?? label ?? id ?? JSON.stringify(value)));
}

const typedWords = ({ words = [] }: Administration) =>
  words.map((word) => (word.startsWith("[") ? word : `<${word}>`));

function usageOf(name: string, entry: Administration): string {
  const { options = {}, required = [], scopes, example, next } = entry;
  const asked = required.map((option) => `--${option} <…>`);
  const all = { ...options, ...CALLER_OPTIONS, ...keyOption(entry) };
  const width = Math.max(...Object.keys(all).map((option) => option.length)) + 2;
  const lines = Object.entries(all).map(
    ([option, told]) => `  ${`--${option}`.padEnd(width)}  ${told}`,
  );
  const call = [
    "usage: wayhouse",
    name,
    ...typedWords(entry),
    ...asked,
    "--organisation <name> [options]",
  ];
  return [
    call.join(" "),
    "",
    `${entry.summary} The client needs ${scopes.join(" and ") || "no scope"}.`,
    "",
    ...lines,
    `  ${"--json".padEnd(width)}  the API's answer as JSON`,
    "",
    `Example:  wayhouse ${example}`,
    ...(next ? [`Next:     ${next}`] : []),
  ].join("\n");
}
