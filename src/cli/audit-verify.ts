import { existsSync } from "node:fs";
import {
  type AuditExport,
  type Checkpoint,
  compareAuditExports,
  readAuditExport,
  readCheckpoint,
  signedAt,
  verifyAuditExport,
} from "../sealing/audit/index.ts";
import { thumbprintOf } from "../sealing/index.ts";
import { printable } from "../kernel/printable.ts";
import { answer, Stop } from "./command.ts";
import { readText, replaceFile } from "./files.ts";
import { optionsOf } from "./options.ts";

export const usage = `usage: wayhouse audit verify <file> [options]

Checks an export of an audit chain, offline, and names what is wrong with it: EDITED, DELETED, INSERTED,
REORDERED, TRUNCATED, REHASHED (written anew, with its hashes), FOREIGN_CHAIN (another organisation's),
FORKED (another chain than was signed before), STALE_CHECKPOINT, KEY_SWAPPED, BAD_SIGNATURE, UNMATCHED.

  --node-key <thumbprint>  the node's key, as it was compared out of band
  --checkpoint <file>      the checkpoint that was kept the last time
  --keep <file>            keeps this export's checkpoint there, if all holds; without --checkpoint
                           also by the one that is there
  --organisation <id>      whose chain it must be: the UUID in the export's first line
  --signed-since <time>    RFC 3339: an older checkpoint is stale
  --against <file>         another organisation's export: what one did to the other must stand in both
  --json                   what holds, or the findings, as one JSON object

Without --node-key and --checkpoint the file may be of anybody's making: compare the thumbprint it names.

Example:  wayhouse audit verify chain.jsonl --keep checkpoint.json
Next:     each week, with --node-key and --checkpoint: what was signed once cannot be unsaid.`;

export const exits = {
  0: "all holds",
  1: "something is wrong with it, and named",
  2: "unusable options or files",
};

export async function run(args: readonly string[]): Promise<0 | 1> {
  const { values, flags, words } = optionsOf(args, usage, {
    optional: ["node-key", "checkpoint", "keep", "organisation", "signed-since", "against"],
    words: ["<file>"],
  });
  const pinnedKey = values["node-key"];
  const { keep } = values;
  // What is kept already is a pin, too: an older export would take its place, or a file that is none.
  const pin = values["checkpoint"] ?? (keep !== undefined && existsSync(keep) ? keep : undefined);
  const pinned = pin === undefined ? undefined : pinOf(pin);
  const given = exportOf(words[0]!);
  const findings = await verifyAuditExport(given, {
    organisation: values["organisation"],
    nodeKey: pinnedKey,
    pinned,
    signedSince: values["signed-since"] ? momentOf(values["signed-since"]) : undefined,
  });
  if (values["against"] && findings.length === 0)
    findings.push(...(await compared(given, exportOf(values["against"]))));
  if (findings.length > 0) {
    const lines = findings.map(({ fault, message }) => `${fault}: ${printable(message)}`);
    answer(flags.json, { findings }, lines);
    return 1;
  }
  const { checkpoint, organisation } = given;
  const entries = given.entries.length;
  const at = (await signedAt(checkpoint))!.toISOString();
  const nodeKey = await thumbprintOf(checkpoint.nodeKey);
  const isPinned = pinnedKey !== undefined || pinned !== undefined;
  // Kept before it is said that all holds: who hears that may throw the pin before away.
  if (keep !== undefined) replaceFile(keep, `${JSON.stringify(checkpoint)}\n`);
  answer(flags.json, { findings, organisation, entries, signedAt: at, nodeKey, isPinned }, [
    `${entries} entries of ${organisation} hold, as signed at ${at}.`,
    ...(isPinned
      ? []
      : [`The node key ${nodeKey} was not compared with anything: do it, and give --node-key.`]),
  ]);
  return 0;
}

/** The other's export must hold by the same key, and have what either did to the other. */
async function compared(given: AuditExport, other: AuditExport) {
  const nodeKey = await thumbprintOf(given.checkpoint.nodeKey);
  const faults = await verifyAuditExport(other, { nodeKey });
  if (faults.length === 0) return compareAuditExports(given, other);
  return faults.map((one) => ({ ...one, message: `--against: ${one.message}` }));
}

function exportOf(path: string): AuditExport {
  const given = readAuditExport(readText(path));
  if (!("badLine" in given)) return given;
  throw new Stop(`${path} is no audit export: line ${given.badLine} belongs to none.`);
}

function pinOf(path: string): Checkpoint {
  const pinned = readCheckpoint(readText(path));
  if (!pinned) throw new Stop(`${path} holds no checkpoint.`);
  return pinned;
}

function momentOf(text: string): Date {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime()) || !/T.*(?:Z|[+-]\d\d:\d\d)$/.test(text)) {
    throw new Stop("--signed-since must be RFC 3339, such as 2026-03-01T12:00:00Z.");
  }
  return moment;
}
