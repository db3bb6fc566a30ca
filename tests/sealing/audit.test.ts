import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  type AuditExport,
  type AuditFault,
  compareAuditExports,
  type ExportedEntry,
  type Known,
  printAuditExport,
  readAuditExport,
  readCheckpoint,
  verifyAuditExport,
} from "../../src/sealing/audit/index.ts";
import {
  chainOf,
  type Done,
  exportOf,
  hashOf,
  nodeKey,
  rechain,
  sign,
  withLine,
} from "../support/audit-chain.ts";

const [mine, theirs] = [randomUUID(), randomUUID()];
const key = await nodeKey();
const chain = chainOf(
  mine,
  Array.from({ length: 12 }, (_, i) => ({ actor: i % 3 === 0 ? theirs : mine })),
);
const honest = exportOf(key, mine, chain);
/** Kept after the eighth entry. */
const pinned = sign(key, mine, chain.slice(0, 8));
const pins: Known = { organisation: mine, nodeKey: key.kid, pinned };

const faultsOf = async (given: AuditExport, known: Known = {}) =>
  (await verifyAuditExport(given, known)).map(({ fault, sequence }) => `${fault} ${sequence}`);
const having = (entries: readonly ExportedEntry[]) => ({ ...honest, entries });
const recordsOf = (entries: readonly ExportedEntry[]) => entries.map(({ record }) => record);
const forged = (record: string) => ({ record, hash: hashOf(record) });

describe("an export that nobody touched holds", () => {
  it("with and without what is known beforehand, also before the first entry", async () => {
    expect(await verifyAuditExport(honest, {})).toEqual([]);
    expect(await verifyAuditExport(honest, pins)).toEqual([]);
    expect(await verifyAuditExport(exportOf(key, mine, []), { organisation: mine })).toEqual([]);
    expect(await verifyAuditExport(honest, { pinned: sign(key, mine, []) })).toEqual([]);
  });

  it("from its file as from memory", () => {
    expect(readAuditExport(printAuditExport(honest))).toEqual(honest);
    expect(readCheckpoint(JSON.stringify(pinned))).toEqual(pinned);
  });
});

/** What was done to the file, and what is said of it without anything known beforehand. */
const PLANTED: Readonly<Record<string, [entries: ExportedEntry[], faults: string[]]>> = {
  "an edited entry": [
    chain.with(4, { ...chain[4]!, record: withLine(chain[4]!.record, 7, "releaseBedHold") }),
    ["EDITED 5"],
  ],
  "an edited time": [
    chain.with(4, { ...chain[4]!, record: chain[4]!.record.replace("12:00", "12:01") }),
    ["EDITED 5"],
  ],
  "an edited hash": [chain.with(4, { ...chain[4]!, hash: hashOf("") }), ["EDITED 5"]],
  "an entry edited and hashed anew": [
    chain.with(4, forged(withLine(chain[4]!.record, 7, "releaseBedHold"))),
    ["REHASHED 5"],
  ],
  "a deleted entry": [chain.toSpliced(4, 1), ["DELETED 5"]],
  "several deleted entries": [chain.toSpliced(4, 3), ["DELETED 5"]],
  "the first entries deleted": [chain.slice(2), ["DELETED 1"]],
  "an inserted entry": [
    chain.toSpliced(4, 0, forged(withLine(chain[4]!.record, 7, "planted"))),
    ["INSERTED 5"],
  ],
  "an entry repeated": [chain.toSpliced(5, 0, chain[4]!), ["INSERTED 5"]],
  "two entries in each other's place": [
    chain.with(4, chain[5]!).with(5, chain[4]!),
    ["REORDERED 5"],
  ],
  "the end cut off": [chain.slice(0, 10), ["TRUNCATED 11"]],
  "every entry cut off": [[], ["TRUNCATED 1"]],
  "more behind the checkpoint": [
    [...chain, ...rechain([chain[0]!.record], chain.at(-1)!.hash, 13)],
    ["STALE_CHECKPOINT 13"],
  ],
  "the tail written anew from the fifth on": [
    [
      ...chain.slice(0, 4),
      ...rechain(
        [withLine(chain[4]!.record, 7, "planted"), ...recordsOf(chain.slice(5))],
        chain[3]!.hash,
        5,
      ),
    ],
    ["REHASHED 12"],
  ],
  "the whole written anew": [
    rechain(recordsOf(chain).toSpliced(4, 1, withLine(chain[4]!.record, 7, "planted"))),
    ["REHASHED 12"],
  ],
  "an entry of another chain": [
    chain.with(4, chainOf(theirs, chain.map(() => ({ actor: theirs })) satisfies Done[])[4]!),
    ["FOREIGN_CHAIN 5", "REHASHED 4", "REHASHED 5"],
  ],
};

describe("whoever holds the file alone is found out", () => {
  it.each(Object.entries(PLANTED))("planted: %s", async (_, [entries, faults]) => {
    expect(await faultsOf(having(entries))).toEqual(faults);
  });
});

describe("whoever holds the node's key is found out by what was kept", () => {
  const fork = rechain(recordsOf(chain).toSpliced(4, 1, withLine(chain[4]!.record, 7, "planted")));

  it("planted: a fork before the pinned checkpoint, signed", async () => {
    expect(await faultsOf(exportOf(key, mine, fork))).toEqual([]);
    expect(await faultsOf(exportOf(key, mine, fork), pins)).toEqual(["FORKED 8"]);
  });

  it("planted: a shorter chain, signed", async () => {
    const shorter = exportOf(key, mine, chain.slice(0, 6));
    expect(await faultsOf(shorter, pins)).toEqual(["STALE_CHECKPOINT 0"]);
  });

  it("planted: an old file with its own checkpoint", async () => {
    const signedSince = new Date("2026-03-02T00:00:00Z");
    expect(await faultsOf(honest, { ...pins, signedSince })).toEqual(["STALE_CHECKPOINT 0"]);
    const renewed = exportOf(key, mine, chain, new Date("2026-03-02T00:00:01Z"));
    expect(await faultsOf(renewed, { ...pins, signedSince })).toEqual([]);
  });

  it("planted: a pin of somebody else's chain, and one that nobody signed", async () => {
    const other = sign(key, theirs, chain.slice(0, 8));
    expect(await faultsOf(honest, { pinned: other })).toEqual(["FOREIGN_CHAIN 0"]);
    const edited = { ...pinned, hash: chain[3]!.hash };
    expect(await faultsOf(honest, { pinned: edited })).toEqual(["BAD_SIGNATURE 0"]);
  });
});

describe("a checkpoint is the node's, of this chain and of this end", async () => {
  const other = await nodeKey();
  const swapped = exportOf(other, mine, chain);

  it("planted: another key, known by thumbprint or by the pin", async () => {
    expect(await faultsOf(swapped)).toEqual([]);
    expect(await faultsOf(swapped, { nodeKey: key.kid })).toEqual(["KEY_SWAPPED 0"]);
    expect(await faultsOf(swapped, { pinned })).toEqual(["KEY_SWAPPED 0"]);
  });

  it("planted: another key's signature under the node's key", async () => {
    const checkpoint = { ...swapped.checkpoint, nodeKey: key.publicJwk };
    expect(await faultsOf({ ...honest, checkpoint }, pins)).toEqual(["BAD_SIGNATURE 0"]);
  });

  it("planted: a checkpoint of another organisation's chain over this one's entries", async () => {
    const given = { ...honest, checkpoint: sign(key, theirs, chain) };
    expect(await faultsOf(given)).toEqual(["FOREIGN_CHAIN 0"]);
  });

  it("planted: the whole chain of another organisation", async () => {
    const swap = exportOf(key, theirs, chainOf(theirs, [{ actor: theirs }]));
    expect(await faultsOf(swap)).toEqual([]);
    expect(await faultsOf(swap, { organisation: mine })).toEqual([
      "FOREIGN_CHAIN 1",
      "FOREIGN_CHAIN 0",
    ]);
  });

  it("planted: an end that the signature does not say", async () => {
    const checkpoint = { ...honest.checkpoint, sequence: 6, hash: chain[5]!.hash };
    expect(await faultsOf({ ...having(chain.slice(0, 6)), checkpoint })).toEqual([
      "BAD_SIGNATURE 0",
    ]);
  });
});

it.each<[string, number]>([
  ["", 1],
  ["{}\n", 1],
  [JSON.stringify({ format: "wayhouse-audit-export-2", organisation: mine }), 1],
  [printAuditExport(honest).split("\n").slice(0, -2).join("\n"), 13],
  [printAuditExport(honest).replace('"hash"', '"Hash"'), 2],
])("a file that is no export is told by its line: %#", (text, badLine) => {
  expect(readAuditExport(text)).toEqual({ badLine });
});

it("a record is of eleven lines and nothing else", async () => {
  for (const record of [
    "",
    `${chain[0]!.record}\n`,
    withLine(chain[0]!.record, 2, "01"),
    withLine(chain[0]!.record, 3, "2026-03-01T12:00:00Z"),
    withLine(chain[0]!.record, 10, "0"),
  ]) {
    expect(await faultsOf(having([forged(record)]))).toEqual(["NOT_AN_EXPORT 0"]);
  }
});

describe("what one organisation did to another stands in both chains", () => {
  const shared = (count: number) =>
    Array.from({ length: count }, () => ({
      actor: mine,
      owner: theirs,
      subject: `BedHold:${randomUUID()}`,
    }));
  const both = async (own: readonly Done[], others: readonly Done[]) => {
    const a = exportOf(
      key,
      mine,
      chainOf(
        mine,
        own.map((one) => ({ client: "bot", ...one })),
      ),
    );
    const findings = await compareAuditExports(a, exportOf(key, theirs, chainOf(theirs, others)));
    return findings.map(({ fault, sequence }): [AuditFault, number] => [fault, sequence]);
  };
  const done = shared(4);

  it("and is missing in neither", async () => {
    const elsewhere = { actor: mine, owner: randomUUID() };
    expect(await both([...done, elsewhere], done)).toEqual([]);
  });

  it("planted: an entry that one of them lacks", async () => {
    expect(await both(done, done.toSpliced(2, 1))).toEqual([["UNMATCHED", 3]]);
    expect(await both(done.toSpliced(1, 1), done)).toEqual([["UNMATCHED", 2]]);
  });

  it("leaves out what is younger than either, and what the clock wrote for each", async () => {
    const young = { ...done[0]!, subject: "BedHold:young", at: "2026-03-01T12:59:30.000000Z" };
    const clock = { actor: mine, owner: theirs, client: "", action: "expireBedHold" };
    expect(await both([...done, young, clock], done)).toEqual([]);
  });
});
