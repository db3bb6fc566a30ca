import { readFileSync } from "node:fs";
import { type DocumentNode, GraphQLError, parse, Source } from "graphql";
import { printable } from "../kernel/printable.ts";
import { answer, Stop } from "./command.ts";
import { composeWithNetwork } from "./compose.ts";
import { readText } from "./files.ts";
import { optionsOf } from "./options.ts";
import { findTakeovers } from "./subgraph/takeovers.ts";

export const usage = `usage: wayhouse check-subgraph <file.graphql> [--json]

Reads a private subgraph, to be composed with schema/network.graphql in its owner's own gateway, and
names every place where it would take over something of the network's: @override, @interfaceObject,
@provides or @shareable on its fields, directives on its types, root fields of the same name, keys that
there are not, enums, inputs, interfaces and unions declared anew. What takes over nothing is composed.
Needs no network and no database.

  --json  the findings as one JSON object

Example:  wayhouse check-subgraph cases.graphql
Next:     put it into your continuous integration, for every change of yours and of the network's schema.`;

export const exits = {
  0: "it composes, and takes over nothing",
  1: "but for what the report names",
  2: "it cannot be read",
};

interface Finding {
  readonly line: number | null;
  readonly column: number | null;
  readonly rule: string;
  readonly message: string;
}

export async function run(args: readonly string[]): Promise<0 | 1> {
  const { words, flags } = optionsOf(args, usage, { words: ["<file.graphql>"] });
  const [file = ""] = words;
  const network = readFileSync(new URL("../../schema/network.graphql", import.meta.url), "utf8");
  const text = readText(file);
  const takeovers = findTakeovers(parse(network), parseText(file, text));
  const findings = takeovers.length > 0 ? takeovers : compositionErrors(network, text);
  answer(flags.json, { file, findings }, linesOf(file, findings));
  return findings.length > 0 ? 1 : 0;
}

function parseText(file: string, text: string): DocumentNode {
  try {
    return parse(new Source(text, file));
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const { line, column } = error.locations![0]!;
    const reason = printable(error.message);
    throw new Stop(`${file}:${line}:${column} is no GraphQL schema: ${reason}`, { cause: error });
  }
}

function compositionErrors(network: string, text: string): Finding[] {
  const composed = composeWithNetwork(network, text);
  if (composed.ok) return [];
  return composed.errors.map((message) => ({
    line: null,
    column: null,
    rule: "composition",
    message,
  }));
}

function linesOf(file: string, findings: readonly Finding[]): string[] {
  if (findings.length === 0)
    return [`${file} composes with the network and takes over nothing of it.`];
  return findings.map(({ line, column, rule, message }) => {
    const place = line === null ? file : `${file}:${line}:${column}`;
    return `${place}  ${rule}: ${printable(message)}`;
  });
}
