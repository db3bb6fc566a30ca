import { GraphQLError, type GraphQLSchema, parse, validate } from "graphql";
import { readRegistry } from "../platform/http/documents.ts";
import { buildSchema } from "../schema.ts";
import { printable } from "../kernel/printable.ts";
import { answer } from "./command.ts";
import { optionsOf } from "./options.ts";

export const usage = `usage: wayhouse documents check --registry <folder> [--json]

Holds every registered document against this version's schema: run it before an upgrade is served. Who
still sends one that no longer holds is answered BAD_USER_INPUT.

  --registry <folder>  the DOCUMENTS_DIR of the servers
  --json               how many there are and which no longer hold, as one JSON object

Example:  wayhouse documents check --registry documents
Next:     tell the partners whose documents it names, before the upgrade.`;

export const exits = {
  0: "all hold",
  1: "but for those that the report names",
  2: "the folder is no registry",
};

export async function run(args: readonly string[]): Promise<0 | 1> {
  const { values, flags } = optionsOf(args, usage, { required: ["registry"] });
  const schema = buildSchema();
  const documents = [...readRegistry(values.registry)];
  const broken = documents.flatMap(([sha256, document]) =>
    faultsOf(schema, document).map((message) => ({ sha256, message })),
  );
  answer(flags.json, { registered: documents.length, broken }, [
    `${documents.length} registered`,
    ...broken.map(({ sha256, message }) => `${sha256}: ${printable(message)}`),
  ]);
  return broken.length > 0 ? 1 : 0;
}

/** Why a document would always be refused. */
export function faultsOf(schema: GraphQLSchema, document: string): string[] {
  try {
    return validate(schema, parse(document)).map(({ message }) => message);
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return [error.message];
  }
}
