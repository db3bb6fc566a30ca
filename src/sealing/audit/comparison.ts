import { type AuditExport, type AuditRecord, type Finding, readRecord } from "./verify.ts";
import { signedAt } from "./checkpoint.ts";

/** Longer than a transaction may last, in which both chains are written. */
const MARGIN_MS = 60_000;

/**
 * What one of two organisations did to the other stands in both chains: the entries of one that the
 * other lacks. Both have been verified. What is younger than either export is left out.
 */
export async function compareAuditExports(a: AuditExport, b: AuditExport): Promise<Finding[]> {
  const ends = await Promise.all([signedAt(a.checkpoint), signedAt(b.checkpoint)]);
  const until = Math.min(...ends.map((end) => end!.getTime())) - MARGIN_MS;
  return [...unmatched(a, b, until), ...unmatched(b, a, until)];
}

function unmatched(actor: AuditExport, owner: AuditExport, until: number): Finding[] {
  const done = dealings(actor, actor, owner);
  const suffered = dealings(owner, actor, owner);
  const lacks = (these: Dealing[], those: Dealing[], chain: string) => {
    const count = new Map<string, number>();
    for (const { key } of those) count.set(key, (count.get(key) ?? 0) + 1);
    return these.flatMap(({ key, record }): Finding[] => {
      const left = (count.get(key) ?? 0) - 1;
      count.set(key, left);
      if (left >= 0 || Date.parse(record.at) > until) return [];
      const { sequence, chain: where, action } = record;
      const message = `Entry ${sequence} of ${where} (${action}) is missing in the chain of ${chain}.`;
      return [{ fault: "UNMATCHED", sequence, message }];
    });
  };
  return [
    ...lacks(done, suffered, owner.organisation),
    ...lacks(suffered, done, actor.organisation),
  ];
}

interface Dealing {
  readonly key: string;
  readonly record: AuditRecord;
}

function dealings(given: AuditExport, actor: AuditExport, owner: AuditExport): Dealing[] {
  return given.entries
    .map(({ record }) => readRecord(record)!)
    .filter((record) => record.actor === actor.organisation && record.owner === owner.organisation)
    .filter(isCall)
    .map((record) => ({ key: [record.action, record.scope, record.subject].join("\n"), record }));
}

/** Of the rest, the clock writes in each chain for itself, and a suspension in those of the two sides. */
const isCall = ({ chain, actor, client, action }: AuditRecord) =>
  (chain !== actor || client !== "") && action !== "suspendHandoff";
