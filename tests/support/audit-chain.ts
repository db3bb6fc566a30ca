import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadNodeKey, type NodeKey } from "../../src/platform/auth/node-key.ts";
import {
  type AuditExport,
  type Checkpoint,
  CHECKPOINT_TYPE,
  type ExportedEntry,
} from "../../src/sealing/audit/index.ts";
import { NO_HASH } from "../../src/sealing/index.ts";

export async function nodeKey(): Promise<NodeKey> {
  const folder = mkdtempSync(join(tmpdir(), "wayhouse-node-"));
  const key = await loadNodeKey(join(folder, "node-key.json"));
  rmSync(folder, { recursive: true });
  return key;
}

export const hashOf = (record: string) => createHash("sha256").update(record).digest("hex");

/** A record with one of its eleven lines changed. */
export function withLine(record: string, line: number, text: string): string {
  return record.split("\n").with(line, text).join("\n");
}

/** With its number, the hash of the one before and its own hash made to fit. */
export function rechain(records: readonly string[], from = NO_HASH, first = 1): ExportedEntry[] {
  let previous = from;
  return records.map((record, index) => {
    const linked = withLine(withLine(record, 2, String(first + index)), 10, previous);
    previous = hashOf(linked);
    return { record: linked, hash: previous };
  });
}

export interface Done {
  readonly actor: string;
  readonly owner?: string;
  readonly client?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly at?: string;
}

/** What an honest server would have written into the chain of an organisation. */
export function chainOf(organisation: string, done: readonly Done[]): ExportedEntry[] {
  return rechain(
    done.map(({ actor, owner, client, action, subject, at }) =>
      [
        "wayhouse-audit-1",
        organisation,
        "0",
        at ?? "2026-03-01T12:00:00.000001Z",
        actor,
        client ?? "",
        owner ?? organisation,
        action ?? "holdBeds",
        "beds:hold",
        subject ?? `BedHold:${randomUUID()}`,
        NO_HASH,
      ].join("\n"),
    ),
  );
}

export function sign(
  key: NodeKey,
  organisation: string,
  entries: readonly ExportedEntry[],
  at = new Date("2026-03-01T13:00:00Z"),
): Checkpoint {
  const sequence = entries.length;
  const hash = entries.at(-1)?.hash ?? NO_HASH;
  const claims = { sub: organisation, sequence, hash, iat: Math.floor(at.getTime() / 1000) };
  const signature = key.sign(claims, CHECKPOINT_TYPE);
  return { sequence, hash, signature, nodeKey: key.publicJwk };
}

export function exportOf(
  key: NodeKey,
  organisation: string,
  entries: readonly ExportedEntry[],
  at?: Date,
): AuditExport {
  return { organisation, entries, checkpoint: sign(key, organisation, entries, at) };
}
