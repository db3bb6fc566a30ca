import { GraphQLError, type GraphQLSchema, parse, validate } from "graphql";
import { readRegistry } from "../platform/http/documents.ts";
import { buildSchema } from "../schema.ts";
import { printable } from "./command.ts";
import { optionsOf } from "./key-files.ts";

export const usage = `usage: wayhouse documents check --registry <folder>

Holds every registered document against this version's schema: run it before an upgrade is served. Who
still sends one that no longer holds is answered BAD_USER_INPUT.

Exit codes: 0 all hold; 1 but for those that the report names; 2 the folder is no registry.`;

export async function run(args: readonly string[]): Promise<number> {
  const { values } = optionsOf(args, usage, ["registry"]);
  const schema = buildSchema();
  const documents = [...readRegistry(values.registry)];
  const broken = documents.flatMap(([hash, document]) =>
    faultsOf(schema, document).map((message) => `${hash}: ${printable(message)}`),
  );
  console.log(`${documents.length} registered`);
  for (const line of broken) console.log(line);
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
