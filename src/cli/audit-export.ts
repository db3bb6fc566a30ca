import { AuditCheckpoint, AuditTrail, type Client } from "../client/index.ts";
import { decodeId } from "../kernel/ids.ts";
import {
  type AuditExport,
  type Checkpoint,
  type ExportedEntry,
  printAuditExport,
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

/** The checkpoint first, then what it covers: what is appended meanwhile is for the next time. */
async function takeOut(api: Client, organisation: string): Promise<AuditExport> {
  const { auditCheckpoint } = await api.run(AuditCheckpoint);
  const { sequence, hash, signature, nodeKey } = auditCheckpoint;
  const checkpoint = { sequence, hash, signature, nodeKey } as Checkpoint;
  const entries: ExportedEntry[] = [];
  if (sequence === 0) return { organisation, entries, checkpoint };
  for await (const entry of api.all(AuditTrail, { first: 100 }, (all) => all.auditTrail)) {
    entries.push({ record: entry.record, hash: entry.hash });
    if (entries.length >= sequence) break;
  }
  return { organisation, entries, checkpoint };
}
