import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type DocumentNode, GraphQLError, parse, Source } from "graphql";
import { printable, Stop } from "./command.ts";
import { composeWithNetwork } from "./compose.ts";
import { findTakeovers } from "./subgraph/takeovers.ts";

export const usage = `usage: wayhouse check-subgraph <file.graphql> [--json]

Reads a private subgraph, to be composed with schema/network.graphql in its owner's own gateway, and
names every place where it would take over something of the network's: @override, @interfaceObject,
@provides or @shareable on its fields, directives on its types, root fields of the same name, keys that
there are not, enums, inputs, interfaces and unions declared anew. What takes over nothing is composed.
Needs no network and no database.

  --json  the findings as one JSON object

Exit codes: 0 it composes and takes over nothing; 1 but for what the report names; 2 it cannot be read.`;

interface Finding {
  readonly line: number | null;
  readonly column: number | null;
  readonly rule: string;
  readonly message: string;
}

export async function run(args: readonly string[]): Promise<number> {
  const { file, asJson } = readArgs(args);
  const network = readFileSync(new URL("../../schema/network.graphql", import.meta.url), "utf8");
  const text = readText(file);
  const takeovers = findTakeovers(parse(network), parseText(file, text));
  const findings = takeovers.length > 0 ? takeovers : compositionErrors(network, text);
  if (asJson) console.log(JSON.stringify({ file, findings }, null, 2));
  else for (const line of linesOf(file, findings)) console.log(line);
  return findings.length > 0 ? 1 : 0;
}

function readArgs(args: readonly string[]) {
  try {
    const options = { json: { type: "boolean" } } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [file, ...others] = positionals;
    if (file === undefined || others.length > 0) throw new Stop(`Name one file.\n\n${usage}`);
    return { file, asJson: values.json ?? false };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Stop(`${error.message}\n\n${usage}`, { cause: error });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    throw new Stop(`${file} cannot be read (${code}).`, { cause: error });
  }
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
