import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { makeFolder, putFile, readRegular, statOf } from "../platform/files.ts";
import { hashOf, readRegistry } from "../platform/http/documents.ts";
import { buildSchema } from "../schema.ts";
import { printable } from "../kernel/printable.ts";
import { answer, Stop } from "./command.ts";
import { faultsOf } from "./documents-check.ts";
import { writing } from "./files.ts";
import { optionsOf } from "./options.ts";

export const usage = `usage: wayhouse documents add --registry <folder> [<file|folder> ...] [--json]

Registers documents: a node whose DOCUMENTS_DIR is this folder answers these and no others, by their text
or by their SHA-256 alone. Without a name it takes the documents that ship with Wayhouse; do that after
each upgrade, for partners whose client is older still send the ones before. A partner's come from

  <file.graphql>  one document, as its client sends it; a line feed at the end of the file is not of it
  <folder>        every such file in it
  <file.json>     {"<sha256>": "<document>"}, or an Apollo persisted query manifest

One that is not valid in this version's schema is named and left out. Each is kept as <sha256>.graphql:
keep the folder in version control, the same for all processes, and restart them to take it up.

  --registry <folder>  made if it is not there
  --json               what was done as one JSON object

Example:  wayhouse documents add --registry documents
Next:     DOCUMENTS_DIR=documents wayhouse serve`;

export const exits = {
  0: "all are registered",
  1: "but for those that the report names",
  2: "something cannot be read",
};

/** Documents are no secret, and the servers may have another account. */
const FOR_ALL_TO_READ = 0o644;

export async function run(args: readonly string[]): Promise<0 | 1> {
  const { values, flags, words } = optionsOf(args, usage, {
    required: ["registry"],
    words: ["[<file|folder> ...]"],
  });
  const { registry } = values;
  const ours = fileURLToPath(new URL("../../schema/operations", import.meta.url));
  const sources = words.length > 0 ? words : [ours];
  writing(registry, () => makeFolder(registry));
  const known = readRegistry(registry);
  const schema = buildSchema();
  const added: string[] = [];
  const refused: { source: string; message: string }[] = [];
  const found = sources.flatMap(documentsIn);
  for (const { source, document } of found) {
    const [fault] = faultsOf(schema, document);
    const hash = hashOf(document);
    if (fault !== undefined) refused.push({ source, message: fault });
    else if (!known.has(hash) && !added.includes(hash)) {
      const path = join(registry, `${hash}.graphql`);
      writing(path, () => putFile(path, document, FOR_ALL_TO_READ));
      added.push(hash);
    }
  }
  const already = found.length - added.length - refused.length;
  answer(flags.json, { registry, added, known: already, refused }, [
    `${added.length} added, ${already} known, ${refused.length} refused`,
    ...refused.map(({ source, message }) => printable(`${source}: ${message}`)),
  ]);
  return refused.length > 0 ? 1 : 0;
}

interface Found {
  readonly source: string;
  readonly document: string;
}

function documentsIn(path: string): Found[] {
  try {
    if (statOf(path).isDirectory()) {
      const names = readdirSync(path).filter((name) => /\.(graphql|gql)$/.test(name));
      return names.toSorted().flatMap((name) => documentsIn(join(path, name)));
    }
    const text = readRegular(path).toString("utf8");
    if (path.endsWith(".json")) return manifestOf(path, text);
    return [{ source: path, document: text.replace(/\r?\n$/, "") }];
  } catch (error) {
    if (error instanceof Stop) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? "no JSON";
    throw new Stop(`${path} cannot be read (${code}).`, { cause: error });
  }
}

const Manifest = z.union([
  z
    .object({
      format: z.literal("apollo-persisted-query-manifest"),
      operations: z.array(z.object({ id: z.string(), body: z.string() })),
    })
    .transform(({ operations }) => operations.map(({ id, body }) => [id, body] as const)),
  z.record(z.string(), z.string()).transform((map) => Object.entries(map)),
]);

function manifestOf(path: string, text: string): Found[] {
  const { data } = Manifest.safeParse(JSON.parse(text));
  if (!data) throw new Stop(`${path} is no manifest of documents: --help tells the two forms.`);
  return data.map(([id, document]) => {
    if (id.replace(/^sha256:/, "") === hashOf(document))
      return { source: `${path} ${id}`, document };
    throw new Stop(`${path} has a document under ${printable(id)}, which is not its SHA-256.`);
  });
}
