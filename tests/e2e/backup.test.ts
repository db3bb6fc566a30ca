import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { signAccessToken } from "../../src/platform/auth/sign.ts";
import { demoIssuer, demoKey, seedDemo } from "../../src/platform/db/demo-network.ts";
import { type Answer, AUDIENCE, codeOf } from "../support/demo.ts";
import { asSuperuser, createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { type ApiProcess, endApi, startApi } from "../support/processes.ts";
import { CONTACT, HANDOFF, midnight, PLANTS } from "../support/retention.ts";
import { program } from "../support/wayhouse.ts";

let database: TestDatabase;
let dataDir: string;
let api: ApiProcess;
const backup = `backup_${randomUUID().slice(0, 8)}`;
let ids: string[];
const sealed = randomUUID();
const old = randomUUID();

const inDatabase = <R extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
  asSuperuser(database.superuserUrl, async (client) => (await client.query<R>(text, values)).rows);
const onServer = (text: string) =>
  asSuperuser(inject("superuserUrl"), (client) => client.query(text));
const nameOf = (url: string) => new URL(url).pathname.slice(1);

async function plant(id: string, statements: readonly string[]): Promise<void> {
  const used = [...ids, id].map((value) => `'${value}'::uuid`);
  for (const statement of statements)
    await inDatabase(statement.replaceAll(/\$(\d)/g, (_, index) => used[Number(index) - 1]!));
}

async function ask(organisation: string, query: string, variables: object = {}): Promise<Answer> {
  const token = await signAccessToken({
    privateJwk: (await demoKey(dataDir, organisation)).privateJwk,
    issuer: demoIssuer(organisation),
    audience: AUDIENCE,
    clientId: "bot",
    scopes: SCOPES,
    ttlSeconds: 60,
  });
  const response = await fetch(api.url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Answer;
}

const EVENTS = `query ($after: String) { events(first: 100, after: $after) { edges { cursor node { subjectId } } } }`;
const cursorsOf = (answer: Answer): string[] =>
  answer.data["events"].edges.map(({ cursor }: { cursor: string }) => cursor);
const start = () => startApi({ DATABASE_URL: database.apiUrl, SEED: "none" });
const wayhouse = (...args: string[]) =>
  spawnSync(process.execPath, [program(), ...args], {
    env: {
      PATH: process.env["PATH"],
      DATABASE_URL: database.apiUrl,
      DATABASE_OWNER_URL: database.ownerUrl,
    },
    encoding: "utf8",
  });
const settle = () => wayhouse("settle", "restore");
const addShelter = (label: string) =>
  ask(
    "harbour",
    `mutation ($input: CreateShelterInput!) { createShelter(input: $input) { __typename } }`,
    {
      input: {
        idempotencyKey: randomUUID(),
        label,
        country: "AM",
        locality: "Yerevan",
        kind: "HOSTEL",
        beds: 1,
        features: [],
      },
    },
  );

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = mkdtempSync(join(tmpdir(), "wayhouse-backup-"));
  await seedDemo({ ...database, dataDir });
  const rows = await inDatabase<{ id: string }>(
    "select id from organisation where handle in ('lantern', 'harbour') order by handle desc",
  );
  ids = rows.map(({ id }) => id);
});
afterAll(async () => {
  await endApi(api);
  await onServer(`drop database if exists ${backup}`);
  await database.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Of what was kept from before: the last cursor in the backup, and one of what the restore undid. */
let before: string;
let undone: string;
let wasPurged: boolean;

describe("a backup that is restored", () => {
  beforeAll(async () => {
    api = await start();
    await addShelter("kept");
    // Nothing is told while an older transaction is open anywhere on the server, as of another test.
    const read = async () => {
      before = cursorsOf(await ask("harbour", EVENTS)).at(-1)!;
      expect(before).toBeDefined();
    };
    await vi.waitFor(read, { timeout: 20_000 });
    await plant(sealed, [
      HANDOFF("ACCEPTED", "now() + interval '9 days'").replace(
        "now(), now())",
        "now(), now() + interval '1 day')",
      ),
      "update handoff set seal_by = null where id = $3",
      "insert into handoff_envelope values ($3, $2, 'sealed')",
      "insert into revocation (organisation_id) values ($2)",
    ]);
    await endApi(api);
    await plant(old, PLANTS["bed_hold"]![1](`${midnight(30)} - interval '1 second'`));
    await plant(randomUUID(), [
      `insert into bed_hold (id, holder_id, host_id, status, ends_on)
        values ($3, $1, $2, 'CONFIRMED', current_date + 9)`,
      "insert into bed_hold_instruction values ($3, $1, $2, 'sealed')",
      CONTACT("9999-01-01"),
      "insert into consulate_envelope values ($3, $2, 'sealed')",
    ]);
    await onServer(`create database ${backup} template ${nameOf(database.apiUrl)}`);

    api = await start();
    await addShelter("undone");
    // Received, revoked and purged since.
    await inDatabase("delete from handoff_envelope");
    await inDatabase("update client set revoked_at = now() where organisation_id = $1", [ids[0]]);
    wasPurged = (await inDatabase("select from bed_hold where id = $1", [old])).length === 0;
    const [last] = await inDatabase<{ place: string }>(
      "select transaction_id::text || '.' || position as place from event order by position desc limit 1",
    );
    undone = last!.place;
    await endApi(api);

    const name = nameOf(database.apiUrl);
    await onServer(`drop database ${name}`);
    await onServer(`create database ${name} template ${backup} owner wayhouse_owner`);
    // As where a younger cluster reads in a dump: its transactions are the other one's future.
    for (const table of ["event", "revocation"])
      await inDatabase(
        `update ${table} set transaction_id = (transaction_id::text::bigint + 1000000)::text::xid8`,
      );
  }, 120_000);

  it("is not served before it is settled, and the doctor says so", async () => {
    await expect(start()).rejects.toThrow(/ended \(1\).*wayhouse settle restore/s);
    const { status, stdout } = wayhouse("doctor");
    expect([status, stdout]).toEqual([1, expect.stringMatching(/^wrong +restore: /m)]);
  });

  it("is not settled under processes that are connected to it", async () => {
    const client = new pg.Client({ connectionString: database.apiUrl });
    await client.connect();
    const { status, stderr } = settle();
    await client.end();
    expect([status, stderr]).toEqual([2, expect.stringContaining("as wayhouse_web")]);
    expect(await inDatabase("select status from network")).toEqual([{ status: "ACTIVE" }]);
  });

  it("is settled by one command, without an envelope left, and each chain says so", async () => {
    const { status, stdout } = settle();
    expect([status, stdout]).toEqual([0, expect.stringContaining("Dropped 3 envelopes.")]);
    expect(await inDatabase("select awaits_settling() as awaits")).toEqual([{ awaits: false }]);
    for (const table of ["handoff_envelope", "bed_hold_instruction", "consulate_envelope"])
      expect(await inDatabase(`select from ${table}`), table).toEqual([]);
    expect(
      await inDatabase("select handoff_status(h) as status from handoff h where id = $1", [sealed]),
    ).toEqual([{ status: "EXPIRED" }]);
    const [told] = await inDatabase<{ all: boolean }>(
      `select count(*) = (select count(*) from organisation) as all from audit_entry where action = 'settleRestore'`,
    );
    expect(told).toEqual({ all: true });
  });

  it("lets nobody in, a client that was revoked after it least of all, until a network admin opens it", async () => {
    api = await start();
    const organisation = "{ viewer { organisation { handle } } }";
    for (const handle of ["lantern", "harbour"])
      expect(codeOf(await ask(handle, organisation)), handle).toBe("UNAUTHENTICATED");
    const open = `mutation ($input: SetNetworkStatusInput!) { setNetworkStatus(input: $input) }`;
    const input = { idempotencyKey: randomUUID(), status: "ACTIVE" };
    expect(await ask("coordinator", open, { input })).toEqual({
      data: { setNetworkStatus: "ACTIVE" },
    });
    expect((await ask("harbour", organisation)).data["viewer"].organisation.handle).toBe("harbour");
  });

  it("has purged again, before anything was served, what was past its time", async () => {
    expect(wasPurged).toBe(true);
    expect(await inDatabase("select from bed_hold where id = $1", [old])).toEqual([]);
    expect(
      await inDatabase(
        "select from audit_entry where action = 'purge:bed_hold:1' and organisation_id = $1",
        [ids[0]],
      ),
    ).toHaveLength(1);
  });

  it("tells every event that it kept and each new one, once", async () => {
    const first = cursorsOf(await ask("harbour", EVENTS));
    expect(first.length).toBeGreaterThan(0);
    expect((await addShelter("new")).errors).toBeUndefined();
    let all = first;
    // Once no transaction of the whole server is open that is older.
    await expect
      .poll(async () => (all = cursorsOf(await ask("harbour", EVENTS))).length, { timeout: 20_000 })
      .toBe(first.length + 1);
    expect(all.slice(0, first.length)).toEqual(first);
    const rest = await ask("harbour", EVENTS, { after: first.at(-1) });
    expect(cursorsOf(rest)).toEqual(all.slice(first.length));
  });

  it("sends readers from before it, and of what it undid, to begin anew", async () => {
    const answer = await ask("harbour", EVENTS, { after: before });
    expect(codeOf(answer)).toBe("BAD_USER_INPUT");
    expect(JSON.stringify(answer)).toContain("from before a restore");
    const [transaction, position] = undone.split(".");
    const kept = async () =>
      inDatabase("select event_place_is_kept($1::xid8, $2) as kept", [transaction, position]);
    expect(await kept()).toEqual([{ kept: false }]);
    const [next] = await inDatabase<{ clear: boolean }>(
      "select max(position) > $1 + 900000000 as clear from event",
      [position],
    );
    expect(next).toEqual({ clear: true });
  });
});
