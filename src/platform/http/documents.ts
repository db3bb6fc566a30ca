import { hash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { BadUserInput } from "../../kernel/errors.ts";
import { readRegular } from "../files.ts";

/** The documents that may be asked, to the byte, by their hash. */
export type Registry = ReadonlyMap<string, string>;

/** SHA-256 of the text in UTF-8, hex. */
export const hashOf = (document: string) => hash("sha256", document, "hex");

/** Says which file to mend. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
}

/** A folder of `<hash>.graphql`, each the bytes of one document. @throws RegistryError */
export function readRegistry(folder: string): Registry {
  const what = `The folder of registered documents, ${folder},`;
  const names = reading(what, () => readdirSync(folder));
  return new Map(
    names
      .filter((name) => name.endsWith(".graphql"))
      .map((name) => {
        const path = join(folder, name);
        const document = reading(path, () => readRegular(path).toString("utf8"));
        const hash = hashOf(document);
        if (name === `${hash}.graphql`) return [hash, document];
        throw new RegistryError(
          `${path} is not the document of its name: its hash is ${hash}. Remove it, and add the document again with wayhouse documents add.`,
        );
      }),
  );
}

function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown error";
    throw new RegistryError(`${what} cannot be read (${code}).`, { cause });
  }
}

/** How a request names its document: by its text, by its hash, or by both. */
export interface DocumentName {
  readonly query: string | null;
  readonly hash: string | null;
}

/** What is parsed: with a registry only what it holds, without one any text, under no hash but its own. @throws BadUserInput */
export function documentOf({ query, hash }: DocumentName, registry: Registry | null): string {
  if (!registry) {
    if (query === null)
      throw refused("documentId", "is for nodes with a registry: send the document");
    if (hash !== null && hash !== hashOf(query))
      throw refused("query", "must be what its hash is of");
    return query;
  }
  const known = registry.get(hash ?? hashOf(query ?? ""));
  if (known === undefined || (query !== null && query !== known))
    throw refused(query === null ? "documentId" : "query", "must be a registered document");
  return known;
}

const refused = (path: string, message: string) => new BadUserInput([{ path: [path], message }]);
