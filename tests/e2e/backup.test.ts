import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { seedDemo } from "../../src/platform/db/demo-network.ts";
import { type Answer, codeOf } from "../support/demo.ts";
import { mutationOf } from "../support/mutate.ts";
import { untilTold } from "../support/patience.ts";
import { asSuperuser, createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import {
  ENVELOPES,
  openNode,
  plantForBackup,
  type RestorableNode,
  SEALED,
} from "../support/restored.ts";

let database: TestDatabase;
let dataDir: string;
let node: RestorableNode;
const backup = `backup_${randomUUID().slice(0, 8)}`;
const onServer = (text: string) =>
  asSuperuser(inject("superuserUrl"), (client) => client.query(text));
const nameOf = (url: string) => new URL(url).pathname.slice(1);

const EVENTS = `query ($after: String) { events(first: 100, after: $after) { edges { cursor node { subjectId } } } }`;
const cursorsOf = (answer: Answer): string[] =>
  answer.data["events"].edges.map(({ cursor }: { cursor: string }) => cursor);
const settle = () => node.wayhouse("settle", "restore");

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = mkdtempSync(join(tmpdir(), "wayhouse-backup-"));
  await seedDemo({ ...database, dataDir });
  node = openNode(database, dataDir);
});
afterAll(async () => {
  await node.end();
  await onServer(`drop database if exists ${backup}`);
  await database.leave();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Of what was kept from before: the last cursor in the backup, and one of what the restore undid. */
let before: string;
let undone: string;
let wasPurged: boolean;
const LANTERN = "(select id from organisation where handle = 'lantern')";

describe("a backup that is restored", () => {
  beforeAll(async () => {
    await node.start();
    await node.addShelter("kept");
    await untilTold(database.superuserUrl);
    before = cursorsOf(await node.ask("harbour", EVENTS)).at(-1)!;
    await node.end();
    await plantForBackup(node);
    await onServer(`create database ${backup} template ${nameOf(database.apiUrl)}`);

    await node.start();
    await node.addShelter("undone");
    // Received, revoked and purged since.
    await node.inDatabase("delete from handoff_envelope");
    await node.inDatabase(
      `update client set revoked_at = now() where organisation_id = ${LANTERN}`,
    );
    wasPurged = (await node.overdue()) === 0;
    const [last] = await node.inDatabase<{ place: string }>(
      "select transaction_id::text || '.' || position as place from event order by position desc limit 1",
    );
    undone = last!.place;
    await node.end();

    const name = nameOf(database.apiUrl);
    await onServer(`drop database ${name}`);
    await onServer(`create database ${name} template ${backup} owner wayhouse_owner`);
    // As where a younger cluster reads in a dump: its transactions are the other one's future.
    for (const table of ["event", "revocation"])
      await node.inDatabase(
        `update ${table} set transaction_id = (transaction_id::text::bigint + 1000000)::text::xid8`,
      );
  }, 120_000);

  it("is not served before it is settled, and the doctor says so", async () => {
    await expect(node.start()).rejects.toThrow(/ended \(1\).*wayhouse settle restore/s);
    const { status, stdout } = node.wayhouse("doctor");
    expect([status, stdout]).toEqual([1, expect.stringMatching(/^wrong +restore: /m)]);
  });

  it("is not settled under processes that are connected to it", async () => {
    const client = new pg.Client({ connectionString: database.apiUrl });
    await client.connect();
    const { status, stderr } = settle();
    await client.end();
    expect([status, stderr]).toEqual([2, expect.stringContaining("as wayhouse_web")]);
    expect(await node.inDatabase("select status from network")).toEqual([{ status: "ACTIVE" }]);
  });

  it("is settled by one command, without an envelope left, and each chain says so", async () => {
    const { status, stdout } = settle();
    expect([status, stdout]).toEqual([0, expect.stringContaining("Dropped 3 envelopes.")]);
    expect(await node.inDatabase("select awaits_settling() as awaits")).toEqual([
      { awaits: false },
    ]);
    for (const table of ENVELOPES)
      expect(await node.inDatabase(`select from ${table}`), table).toEqual([]);
    expect(
      await node.inDatabase("select handoff_status(h) as status from handoff h where id = $1", [
        SEALED,
      ]),
    ).toEqual([{ status: "EXPIRED" }]);
    const [told] = await node.inDatabase<{ all: boolean }>(
      `select count(*) = (select count(*) from organisation) as all from audit_entry where action = 'settleRestore'`,
    );
    expect(told).toEqual({ all: true });
  });

  it("lets nobody in, a client that was revoked after it least of all, until a network admin opens it", async () => {
    await node.start();
    const organisation = "{ viewer { organisation { handle } } }";
    for (const handle of ["lantern", "harbour"])
      expect(codeOf(await node.ask(handle, organisation)), handle).toBe("UNAUTHENTICATED");
    const open = mutationOf("setNetworkStatus", "");
    const input = { idempotencyKey: randomUUID(), status: "ACTIVE" };
    expect(await node.ask("coordinator", open, { input })).toEqual({
      data: { setNetworkStatus: "ACTIVE" },
    });
    expect((await node.ask("harbour", organisation)).data["viewer"].organisation.handle).toBe(
      "harbour",
    );
  });

  it("has purged again, before anything was served, what was past its time", async () => {
    expect(wasPurged).toBe(true);
    expect(await node.overdue()).toBe(0);
    expect(
      await node.inDatabase(
        `select from audit_entry where action = 'purge:bed_hold:1' and organisation_id = ${LANTERN}`,
      ),
    ).toHaveLength(1);
  });

  it("tells every event that it kept and each new one, once", async () => {
    await untilTold(database.superuserUrl);
    const first = cursorsOf(await node.ask("harbour", EVENTS));
    expect(first.length).toBeGreaterThan(0);
    expect((await node.addShelter("new")).errors).toBeUndefined();
    await untilTold(database.superuserUrl);
    const all = cursorsOf(await node.ask("harbour", EVENTS));
    expect(all).toHaveLength(first.length + 1);
    expect(all.slice(0, first.length)).toEqual(first);
    const rest = await node.ask("harbour", EVENTS, { after: first.at(-1) });
    expect(cursorsOf(rest)).toEqual(all.slice(first.length));
  });

  it("sends readers from before it, and of what it undid, to begin anew", async () => {
    const answer = await node.ask("harbour", EVENTS, { after: before });
    expect(codeOf(answer)).toBe("BAD_USER_INPUT");
    expect(JSON.stringify(answer)).toContain("from before a restore");
    const [transaction, position] = undone.split(".");
    const kept = async () =>
      node.inDatabase("select event_place_is_kept($1::xid8, $2) as kept", [transaction, position]);
    expect(await kept()).toEqual([{ kept: false }]);
    const [next] = await node.inDatabase<{ clear: boolean }>(
      "select max(position) > $1 + 900000000 as clear from event",
      [position],
    );
    expect(next).toEqual({ clear: true });
  });

  it("takes a new node key in the place of one that was lost once it is told so, and no process before", async () => {
    const cursor = cursorsOf(await node.ask("harbour", EVENTS)).at(-1);
    await node.end();
    const NODE_KEY_FILE = join(dataDir, "new-node-key.json");
    await expect(node.start({ NODE_KEY_FILE })).rejects.toThrow("wayhouse settle node-key");
    const settled = node.wayhouse("settle", "node-key");
    expect(settled).toMatchObject({ status: 0, stdout: expect.stringContaining("docs/keys.md") });
    await node.start({ NODE_KEY_FILE });
    expect((await node.ask("harbour", EVENTS)).errors).toBeUndefined();
    // What was sealed with the old one is refused, and not misread.
    expect(codeOf(await node.ask("harbour", EVENTS, { after: cursor }))).toBe("BAD_USER_INPUT");
    const [told] = await node.inDatabase<{ all: boolean }>(
      "select count(*) = (select count(*) from organisation) as all from audit_entry where action = 'settleNodeKey'",
    );
    expect(told).toEqual({ all: true });
  });
});
