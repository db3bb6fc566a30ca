import { z } from "zod";
import type { AuditExport } from "./verify.ts";
import type { Checkpoint } from "./checkpoint.ts";

/** First member of an export's first line. */
const FORMAT = "wayhouse-audit-export-1";

const Header = z.strictObject({ format: z.literal(FORMAT), organisation: z.uuid() });
const Entry = z.strictObject({ record: z.string(), hash: z.string() });
const NodeJwk = z.strictObject({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string().length(43),
});
const CheckpointLine = z.strictObject({
  sequence: z.int().nonnegative(),
  hash: z.string(),
  signature: z.string(),
  nodeKey: NodeJwk,
});

/** JSON lines: a header, the entries in order, the checkpoint. */
export function printAuditExport({ organisation, entries, checkpoint }: AuditExport): string {
  const lines = [{ format: FORMAT, organisation }, ...entries, checkpoint];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** The export, or the number of the first line that belongs to none. */
export function readAuditExport(text: string): AuditExport | { readonly badLine: number } {
  const lines = text.replace(/\n$/, "").split("\n").map(jsonOf);
  const header = Header.safeParse(lines[0]);
  if (!header.success) return { badLine: 1 };
  const entries = lines.slice(1, -1).map((line) => Entry.safeParse(line));
  const bad = entries.findIndex(({ success }) => !success);
  if (bad >= 0) return { badLine: bad + 2 };
  const checkpoint = lines.length > 1 ? CheckpointLine.safeParse(lines.at(-1)) : undefined;
  if (!checkpoint?.success) return { badLine: lines.length };
  return {
    organisation: header.data.organisation,
    entries: entries.map(({ data }) => data!),
    checkpoint: checkpoint.data,
  };
}

/** A checkpoint as it is kept in a file of its own; null for anything else. */
export function readCheckpoint(text: string): Checkpoint | null {
  return CheckpointLine.safeParse(jsonOf(text)).data ?? null;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
