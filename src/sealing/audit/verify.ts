import { type Checkpoint, claimsOf } from "./checkpoint.ts";
import { thumbprintOf } from "../jws.ts";
import { NO_HASH } from "../keys.ts";
import { sha256Hex } from "../text.ts";

/** `record` is what is hashed; nothing else of an entry counts. */
export interface ExportedEntry {
  readonly record: string;
  /** Hex. */
  readonly hash: string;
}
export interface AuditExport {
  /** Whose chain. */
  readonly organisation: string;
  readonly entries: readonly ExportedEntry[];
  readonly checkpoint: Checkpoint;
}

/** What is wrong with a chain. Part of the public contract. */
export type AuditFault =
  | "NOT_AN_EXPORT"
  | "EDITED"
  | "DELETED"
  | "INSERTED"
  | "REORDERED"
  | "TRUNCATED"
  | "REHASHED"
  | "FOREIGN_CHAIN"
  | "FORKED"
  | "STALE_CHECKPOINT"
  | "KEY_SWAPPED"
  | "BAD_SIGNATURE"
  /** In one of two chains that should both have it. */
  | "UNMATCHED";
export interface Finding {
  readonly fault: AuditFault;
  /** Of the entry at fault; 0 where it is no single entry's. */
  readonly sequence: number;
  readonly message: string;
}
export interface AuditRecord {
  readonly chain: string;
  readonly sequence: number;
  /** RFC 3339, UTC, microseconds. */
  readonly at: string;
  readonly actor: string;
  /** Empty in another's chain than the actor's, and for the clock. */
  readonly client: string;
  readonly owner: string;
  readonly action: string;
  readonly scope: string;
  readonly subject: string;
  /** Hex. */
  readonly previousHash: string;
}
/** What one knows beforehand; each member closes a way to be lied to. */
export interface Known {
  readonly organisation?: string | undefined;
  /** Thumbprint, compared out of band. */
  readonly nodeKey?: string | undefined;
  /** Of an earlier export that held. */
  readonly pinned?: Checkpoint | undefined;
  /** The checkpoint must have been signed since. */
  readonly signedSince?: Date | undefined;
}

const AT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const HASH = /^[0-9a-f]{64}$/;

/** The eleven lines of a record; null for any other text. */
export function readRecord(record: string): AuditRecord | null {
  const [format, chain, sequence, at, actor, client, owner, action, scope, subject, previousHash] =
    record.split("\n");
  const isRecord =
    format === "wayhouse-audit-1" &&
    record.split("\n").length === 11 &&
    /^[1-9]\d{0,9}$/.test(sequence!) &&
    AT.test(at!) &&
    HASH.test(previousHash!);
  if (!isRecord) return null;
  const subjects = { action: action!, scope: scope!, subject: subject! };
  const parties = { chain: chain!, actor: actor!, client: client!, owner: owner! };
  return {
    ...parties,
    ...subjects,
    sequence: Number(sequence),
    at: at!,
    previousHash: previousHash!,
  };
}

interface Link extends AuditRecord {
  readonly hash: string;
  readonly computed: string;
}

/**
 * Everything that is wrong with an export, offline; nothing, if it is the chain that the node signed,
 * goes on from the pinned checkpoint, and is of the organisation and node that were expected.
 */
export async function verifyAuditExport(given: AuditExport, known: Known): Promise<Finding[]> {
  const links: Link[] = [];
  for (const [index, { record, hash }] of given.entries.entries()) {
    const read = readRecord(record);
    if (!read)
      return [finding("NOT_AN_EXPORT", 0, `Entry ${index + 1} of the file is no audit record.`)];
    links.push({ ...read, hash, computed: await sha256Hex(record) });
  }
  const organisation = known.organisation ?? given.organisation;
  const order = faultsOfOrder(links);
  const chain = inOrder(links);
  const findings = [
    ...faultsOfOwner(links, organisation),
    ...order,
    ...faultsOfLinks(chain, order),
    ...faultsOfEnd(chain, given.checkpoint),
    ...(await faultsOfSignature(given.checkpoint, organisation, known)),
  ];
  return known.pinned
    ? [
        ...findings,
        ...(await faultsAgainstPin(chain, given.checkpoint, organisation, known.pinned)),
      ]
    : findings;
}

function faultsOfOwner(links: readonly Link[], organisation: string): Finding[] {
  return links
    .filter(({ chain }) => chain !== organisation)
    .map(({ chain, sequence }) =>
      finding("FOREIGN_CHAIN", sequence, `is of the chain of ${chain}, not of ${organisation}.`),
    );
}

function faultsOfOrder(links: readonly Link[]): Finding[] {
  const findings: Finding[] = [];
  for (const [index, { sequence }] of links.entries()) {
    const before = links[index - 1]?.sequence ?? 0;
    if (sequence < before)
      findings.push(finding("REORDERED", sequence, `stands behind ${before}.`));
  }
  const sorted = links.toSorted((a, b) => a.sequence - b.sequence);
  for (const [index, link] of sorted.entries()) {
    const before = sorted[index - 1]?.sequence ?? 0;
    if (link.sequence === before) {
      findings.push(finding("INSERTED", before, "stands more than once."));
    } else if (link.sequence > before + 1) {
      const missing = link.sequence - before - 1;
      const range = missing === 1 ? "is missing." : `to ${link.sequence - 1} are missing.`;
      findings.push(finding("DELETED", before + 1, range));
    }
  }
  return findings;
}

/** One entry a sequence: of several, the one that the next entry names. */
function inOrder(links: readonly Link[]): Link[] {
  const named = new Set(links.map(({ previousHash }) => previousHash));
  const chosen = new Map<number, Link>();
  for (const link of links) {
    if (!chosen.has(link.sequence) || named.has(link.hash)) chosen.set(link.sequence, link);
  }
  return [...chosen.values()].toSorted((a, b) => a.sequence - b.sequence);
}

function faultsOfLinks(chain: readonly Link[], order: readonly Finding[]): Finding[] {
  const told = new Set(order.map(({ sequence }) => sequence));
  return chain.flatMap((link, index) => {
    const { sequence, hash, computed, previousHash } = link;
    if (hash !== computed) {
      return [finding("EDITED", sequence, "is not what its hash was taken of.")];
    }
    const before = chain[index - 1];
    const follows = previousHash === (before?.hash ?? NO_HASH);
    const isTold = before && (before.hash !== before.computed || told.has(before.sequence));
    if (follows || isTold || sequence !== (before?.sequence ?? 0) + 1) return [];
    const message = `was written anew, with its hash: entry ${sequence} follows another one.`;
    return [
      before
        ? finding("REHASHED", before.sequence, message)
        : finding("REHASHED", 1, "was not the first of its chain."),
    ];
  });
}

function faultsOfEnd(chain: readonly Link[], { sequence, hash }: Checkpoint): Finding[] {
  const last = chain.at(-1)?.sequence ?? 0;
  if (last < sequence) {
    const range = last + 1 === sequence ? "is missing" : `to ${sequence} are missing`;
    return [finding("TRUNCATED", last + 1, `${range}: the checkpoint has seen them.`)];
  }
  if (last > sequence) {
    const message = `and what follows stand behind the checkpoint: nobody vouches for them.`;
    return [finding("STALE_CHECKPOINT", sequence + 1, message)];
  }
  const end = chain.at(-1)?.hash ?? NO_HASH;
  return end === hash
    ? []
    : [
        finding(
          "REHASHED",
          last,
          "is not what the node signed: the chain before was written anew.",
        ),
      ];
}

async function faultsOfSignature(
  checkpoint: Checkpoint,
  organisation: string,
  { nodeKey, pinned, signedSince }: Known,
): Promise<Finding[]> {
  const thumbprint = await thumbprintOf(checkpoint.nodeKey);
  const expected = nodeKey ?? (pinned && (await thumbprintOf(pinned.nodeKey)));
  if (expected !== undefined && thumbprint !== expected) {
    return [finding("KEY_SWAPPED", 0, `The node's key is ${thumbprint}, not ${expected}.`)];
  }
  const claims = await claimsOf(checkpoint);
  if (!claims) {
    return [finding("BAD_SIGNATURE", 0, "The node's key did not sign this checkpoint.")];
  }
  if (claims.sub !== organisation) {
    const message = `The checkpoint is of the chain of ${claims.sub}, not of ${organisation}.`;
    return [finding("FOREIGN_CHAIN", 0, message)];
  }
  const signedAt = new Date(claims.iat * 1000);
  return signedSince && signedAt < signedSince
    ? [finding("STALE_CHECKPOINT", 0, `The checkpoint was signed at ${signedAt.toISOString()}.`)]
    : [];
}

async function faultsAgainstPin(
  chain: readonly Link[],
  checkpoint: Checkpoint,
  organisation: string,
  pinned: Checkpoint,
): Promise<Finding[]> {
  const claims = await claimsOf(pinned);
  if (!claims) return [finding("BAD_SIGNATURE", 0, "The pinned checkpoint itself does not hold.")];
  if (claims.sub !== organisation) {
    const message = `The pinned checkpoint is of the chain of ${claims.sub}.`;
    return [finding("FOREIGN_CHAIN", 0, message)];
  }
  const { sequence, hash } = pinned;
  if (checkpoint.sequence < sequence) {
    const message = `The checkpoint ends at ${checkpoint.sequence}; ${sequence} was seen before.`;
    return [finding("STALE_CHECKPOINT", 0, message)];
  }
  const entry = chain.find((link) => link.sequence === sequence);
  const isSame = sequence === 0 || entry === undefined || entry.hash === hash;
  const message = "is another one than the node signed before: it has shown two chains.";
  return isSame ? [] : [finding("FORKED", sequence, message)];
}

const finding = (fault: AuditFault, sequence: number, message: string): Finding => ({
  fault,
  sequence,
  message: sequence > 0 ? `Entry ${sequence} ${message}` : message,
});
