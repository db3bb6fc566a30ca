import { AuditCheckpoint, AuditTrail, CallFailed, type Client } from "../client/index.ts";
import { decodeId } from "../kernel/ids.ts";
import {
  type AuditExport,
  type Checkpoint,
  type ExportedEntry,
  printAuditExport,
  readCheckpoint,
  verifyAuditExport,
} from "../sealing/audit/index.ts";
import { thumbprintOf } from "../sealing/index.ts";
import { CALLER_FLAGS, CALLER_OPTIONAL, callerOf } from "./caller.ts";
import { printable } from "../kernel/printable.ts";
import { answer, complain, Stop } from "./command.ts";
import { writeNew } from "./files.ts";
import { optionsOf } from "./options.ts";

export const usage = `usage: wayhouse audit export --organisation <name> --out <file> [options]

Writes your own audit chain, with a checkpoint that the node signs now, into one file of JSON lines: a
header, the entries, the checkpoint. What is wrong with it is named, and it is written all the same, as
evidence. Keep the files where nobody of the network can change them. The client needs audit:read.

  --organisation <name>    who you are: a folder that \`org new\` made, or one of the demo
  --client <client>        as which of your clients; default admin
  --out <file>             must not be there yet; - is standard output
  --token <file>           a file with an access token, where an identity provider signs yours
  --url <url>              of the API; default: the server that HOST and PORT configure
  --prove                  for a client that must (DPoP); --url is then the public one
  --node-key <thumbprint>  the node's key, as it was compared out of band
  --json                   file, entries, node key and findings as one JSON object

Example:  wayhouse audit export --organisation harbour --out chain.jsonl
Next:     compare the node key that it names with the operator, then \`wayhouse audit verify\`.`;

export const exits = {
  0: "written",
  1: "written, but it does not hold: the faults are named",
  2: "unusable options, file, keys or server",
};

const FRESH_MS = 5 * 60_000;

export async function run(args: readonly string[]): Promise<0 | 1> {
  const { values, flags } = optionsOf(args, usage, {
    required: ["organisation", "out"],
    optional: [...CALLER_OPTIONAL, "node-key"],
    flags: CALLER_FLAGS,
  });
  const { out } = values;
  if (out === "-" && flags.json)
    throw new Stop("--out - and --json both want standard output: choose one.");
  const { api, me } = await callerOf({ ...values, ...flags }, ["audit:read"]);
  const taken = await takeOut(api, decodeId(me.organisation.id)?.uuid ?? "");
  const text = printAuditExport(taken);
  if (out === "-") process.stdout.write(text);
  else writeNew(out, text);
  const findings = await verifyAuditExport(taken, {
    nodeKey: values["node-key"],
    signedSince: new Date(Date.now() - FRESH_MS),
  });
  const nodeKey = await thumbprintOf(taken.checkpoint.nodeKey);
  const entries = taken.entries.length;
  if (flags.json) answer(true, { file: out, entries, nodeKey, findings }, []);
  for (const { fault, message } of findings) complain(`${fault}: ${printable(message)}`);
  if (findings.length > 0) return 1;
  if (!flags.json) complain(`${entries} entries, signed by the node key ${nodeKey}`);
  return 0;
}

/** More than fit into the text that `audit verify` reads again. */
const MOST_ENTRIES = 1_000_000;
/** Twice what the longest record has. */
const MOST_CHARACTERS = 1_024;

/**
 * The checkpoint first, then what it covers: what is appended meanwhile is for the next time.
 * @throws Stop for a chain that no file holds, CallFailed
 */
async function takeOut(api: Client, organisation: string): Promise<AuditExport> {
  const { auditCheckpoint } = await api.run(AuditCheckpoint);
  const { sequence, hash, signature, nodeKey } = Object(auditCheckpoint) as Partial<Checkpoint>;
  const checkpoint = readCheckpoint(JSON.stringify({ sequence, hash, signature, nodeKey }));
  if (!checkpoint)
    throw new CallFailed("PROTOCOL", "What came is no checkpoint with the node's key.");
  if (checkpoint.sequence > MOST_ENTRIES)
    throw new Stop(`The chain has more than ${MOST_ENTRIES} entries: one file cannot hold it.`);
  const entries: ExportedEntry[] = [];
  if (checkpoint.sequence === 0) return { organisation, entries, checkpoint };
  for await (const { record, hash } of api.all(
    AuditTrail,
    { first: 100 },
    (all) => all.auditTrail,
  )) {
    if (!isShort(record) || !isShort(hash))
      throw new CallFailed("PROTOCOL", "What came is no audit entry.");
    if (entries.push({ record, hash }) >= checkpoint.sequence) break;
  }
  return { organisation, entries, checkpoint };
}

const isShort = (text: unknown) => typeof text === "string" && text.length <= MOST_CHARACTERS;
