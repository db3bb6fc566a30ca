import { writeFileSync } from "node:fs";
import { z } from "zod";
import { decodeId } from "../kernel/ids.ts";
import { readConfig } from "../platform/config/config.ts";
import {
  type AuditExport,
  type Checkpoint,
  type ExportedEntry,
  printAuditExport,
  verifyAuditExport,
} from "../sealing/audit/index.ts";
import { thumbprintOf } from "../sealing/index.ts";
import { type Api, createApi, parseUrl } from "./api.ts";
import { printable, Stop } from "./command.ts";
import { optionsOf } from "./key-files.ts";
import { tokenOfDemo, tokenOfFile } from "./tokens.ts";

export const usage = `usage: wayhouse audit export --organisation <handle> --out <file> [options]

Writes the own audit chain, with a checkpoint that the node signs now, into one file of JSON lines: a
header, the entries, the checkpoint. What is wrong with it is named, and it is written all the same, as
evidence. Keep the files where nobody of the network can change them.

  --organisation <handle>  whose chain it is
  --out <file>             must not be there yet; - is standard output
  --token <file>           a file with an access token that has audit:read; without it one is signed with
                           the key of a demo organisation
  --url <url>              default: the server that HOST and PORT configure
  --node-key <thumbprint>  the node's key, as it was compared out of band

Exit codes: 0 written; 1 written, but it does not hold; 2 unusable options, file, token or server.`;

const FRESH_MS = 5 * 60_000;

export async function run(args: readonly string[]): Promise<number> {
  const optional = ["token", "url", "node-key"];
  const { values } = optionsOf(args, usage, ["organisation", "out"], optional);
  const config = readConfig();
  const token = values["token"]
    ? tokenOfFile(values["token"])
    : tokenOfDemo(config, values.organisation, ["audit:read"]);
  const here = `http://${config.host}:${config.port}/graphql`;
  const api = createApi({ url: parseUrl(values["url"] ?? here), token });
  const taken = await takeOut(api);
  const text = printAuditExport(taken);
  if (values.out === "-") process.stdout.write(text);
  else writeNew(values.out, text);
  const findings = await verifyAuditExport(taken, {
    nodeKey: values["node-key"],
    signedSince: new Date(Date.now() - FRESH_MS),
  });
  for (const { fault, message } of findings) console.error(`${fault}: ${printable(message)}`);
  if (findings.length > 0) return 1;
  const kid = await thumbprintOf(taken.checkpoint.nodeKey);
  console.error(`${taken.entries.length} entries, signed by the node key ${kid}`);
  return 0;
}

const Page = z.object({
  auditTrail: z.object({
    edges: z.array(z.object({ node: z.object({ record: z.string(), hash: z.string() }) })),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});
const PAGE = `query ($after: String) { auditTrail(first: 100, after: $after) {
  edges { node { record hash } } pageInfo { hasNextPage endCursor } } }`;
const End = z.object({
  viewer: z.object({ organisation: z.object({ id: z.string() }) }),
  auditCheckpoint: z.object({
    sequence: z.int(),
    hash: z.string(),
    signature: z.string(),
    nodeKey: z.object({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string() }),
  }),
});
const END = `{ viewer { organisation { id } } auditCheckpoint { sequence hash signature nodeKey } }`;

/** The checkpoint first, then what it covers: what is appended meanwhile is for the next time. */
async function takeOut(api: Api): Promise<AuditExport> {
  const end = await api.ask(End, END, {});
  const organisation = decodeId(end.viewer.organisation.id)?.uuid ?? "";
  const checkpoint: Checkpoint = end.auditCheckpoint;
  const entries: ExportedEntry[] = [];
  let after: string | null = null;
  do {
    const { auditTrail }: z.infer<typeof Page> = await api.ask(Page, PAGE, { after });
    entries.push(...auditTrail.edges.map(({ node }) => node));
    after = auditTrail.pageInfo.hasNextPage ? auditTrail.pageInfo.endCursor : null;
  } while (after !== null && entries.length < checkpoint.sequence);
  return { organisation, entries: entries.slice(0, checkpoint.sequence), checkpoint };
}

export function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    throw new Stop(`${path} cannot be written (${code}).`, { cause: error });
  }
}
