import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { createPool } from "../../src/platform/db/pool.ts";
import { openSession, type Session } from "../../src/platform/db/session.ts";
import {
  type AuditExport,
  compareAuditExports,
  type ExportedEntry,
  type Finding,
  readRecord,
  verifyAuditExport,
} from "../../src/sealing/audit/index.ts";
import { nodeKey, sign } from "./audit-chain.ts";
import { createShelter, placeHold } from "./capacity.ts";
import { plantOrganisation } from "./network.ts";
import { asSuperuser, createTestDatabase } from "./postgres.ts";
import { drawFrom } from "./random.ts";

const SCOPES = ["beds:read", "beds:hold", "beds:manage", "audit:read"] as const;
/** What one write leaves: in which chain, which action on which subject. */
const line = (chain: string, action: string, subject: string) => `${chain} ${action} ${subject}`;

interface Audited {
  /** What is wrong with a chain, or between two. */
  readonly findings: readonly Finding[];
  readonly written: readonly string[];
  readonly expected: readonly string[];
  readonly refused: number;
}

/**
 * That many writes, eight at a time, of organisations that all share with each other: of own things and
 * of each other's, refused ones and repeated ones among them.
 */
export async function auditUnderLoad(organisations: number, writes: number): Promise<Audited> {
  const database = await createTestDatabase();
  const pool = createPool({ url: database.apiUrl, max: 8, log: () => {} });
  const draw = drawFrom(organisations * 1_000 + writes);
  const pick = <T>(of: readonly T[]) => of[draw(of.length)]!;
  try {
    const sessions: Session[] = [];
    for (let i = 0; i < organisations; i++) {
      const identity = await plantOrganisation(database.ownerUrl, `org-${i}`, SCOPES);
      sessions.push(await openSession(pool, identity));
    }
    await asSuperuser(database.superuserUrl, (client) => client.query(SHARE_ALL));
    const expected: string[] = [];
    const shelters: { id: string; owner: string }[] = [];
    let refused = 0;

    const write = async (index: number) => {
      const session = pick(sessions);
      const me = session.organisationId;
      if (index % 3 === 0 || shelters.length === 0) {
        const key = randomUUID();
        const label = `shelter-${index}`;
        const made = await createShelter(session, label, 3, key);
        if (index % 2 === 0) await createShelter(session, label, 3, key);
        shelters.push({ id: made.id, owner: me });
        expected.push(line(me, "createShelter", `Shelter:${made.id}`));
        return;
      }
      const { id, owner } = pick(shelters);
      try {
        const held = await placeHold(session, id, 1);
        const chains = new Set([me, owner]);
        for (const chain of chains) expected.push(line(chain, "holdBeds", `BedHold:${held.id}`));
      } catch (error) {
        if ((error as Error).message !== "the beds are not free") throw error;
        refused++;
      }
    };
    let next = 0;
    const worker = async () => {
      while (next < writes) await write(next++);
    };
    await Promise.all(Array.from({ length: 8 }, worker));

    const exports = await takeOutAll(sessions);
    const findings: Finding[] = [];
    for (const one of exports) findings.push(...(await verifyAuditExport(one, {})));
    for (const [index, one] of exports.entries()) {
      const next = exports[(index + 1) % exports.length]!;
      if (next !== one) findings.push(...(await compareAuditExports(one, next)));
    }
    const written = exports.flatMap(({ organisation, entries }) =>
      entries.map(({ record }) => {
        const { action, subject } = readRecord(record)!;
        return line(organisation, action, subject);
      }),
    );
    return { findings, written: written.toSorted(), expected: expected.toSorted(), refused };
  } finally {
    await pool.end();
    await database.leave();
  }
}

const SHARE_ALL = `
  with given as (
    insert into sharing_grant (owner_id, organisation_id, scopes)
      select a.id, b.id, '{beds:hold}' from organisation a, organisation b where a.id <> b.id
      returning id, owner_id, organisation_id, valid_from)
  insert into sharing_reach (grant_id, organisation_id, owner_id, scope, valid_from)
    select id, organisation_id, owner_id, 'beds:hold', valid_from from given`;

async function takeOutAll(sessions: readonly Session[]): Promise<AuditExport[]> {
  const key = await nodeKey();
  const exports: AuditExport[] = [];
  for (const { organisationId: organisation, read } of sessions) {
    const rows = await read
      .selectFrom("audit_entry")
      .select([
        sql<string>`audit_record(audit_entry)`.as("record"),
        sql<string>`encode(hash, 'hex')`.as("hash"),
      ])
      .orderBy("sequence")
      .execute();
    const entries: ExportedEntry[] = rows;
    const later = new Date(Date.now() + 300_000);
    exports.push({ organisation, entries, checkpoint: sign(key, organisation, entries, later) });
  }
  return exports;
}
