import { createHash, randomUUID } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  BadUserInput,
  Forbidden,
  IdempotencyMismatch,
  Unauthenticated,
} from "../../src/kernel/errors.ts";
import { encodeId } from "../../src/kernel/ids.ts";
import { holdBeds } from "../../src/modules/capacity/holds.actions.ts";
import { rowsOf } from "../../src/platform/db/pipeline.ts";
import { createPool, onClient, type Pool } from "../../src/platform/db/pool.ts";
import type { Identity } from "../../src/platform/db/admission.ts";
import { openSession, type Session } from "../../src/platform/db/session.ts";
import { createShelter } from "../support/capacity.ts";
import { night } from "../support/demo.ts";
import { waiting } from "../support/held-up.ts";
import { plantOrganisation } from "../support/network.ts";
import { asSuperuser, createTestDatabase, type TestDatabase } from "../support/postgres.ts";

const holdOf = (shelterId: string) => ({
  idempotencyKey: randomUUID(),
  ttlMinutes: 60,
  riskProfile: "OTHER" as const,
  caseReference: null,
  keepApartFrom: [],
  stays: [{ shelterId, beds: 1, checkIn: night(1), checkOut: night(2) }],
});
const BEDS = ["beds:read", "beds:hold", "beds:manage", "sharing:manage", "audit:read"] as const;
let database: TestDatabase;
let pool: Pool;
let harbourIdentity: Identity;
let harbour: Session;
let lantern: Session;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ url: database.apiUrl, max: 8, log: () => {} });
  harbourIdentity = await plantOrganisation(database.ownerUrl, "harbour", BEDS);
  harbour = await openSession(pool, harbourIdentity);
  lantern = await openSession(pool, await plantOrganisation(database.ownerUrl, "lantern", BEDS));
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

describe("a session", () => {
  it("does not open for an unknown client, key or organisation", async () => {
    const refused = [
      { clientName: "nobody" },
      { kid: "another" },
      { kid: null },
      { organisationId: randomUUID() },
    ];
    for (const change of refused) {
      await expect(openSession(pool, { ...harbourIdentity, ...change })).rejects.toThrow(
        Unauthenticated,
      );
    }
  });

  it("may do no more than its token says", async () => {
    const narrow = await openSession(pool, { ...harbourIdentity, scopes: ["beds:read"] });
    expect([...narrow.scopes]).toEqual(["beds:read"]);
    await expect(createShelter(narrow, "never", 1)).rejects.toThrow(Forbidden);
  });

  it("ends with the next statement once its client is revoked", async () => {
    const gone = await plantOrganisation(database.ownerUrl, "gone", BEDS);
    const session = await openSession(pool, gone);
    await asSuperuser(database.superuserUrl, (client) =>
      client.query("update client set revoked_at = now() where organisation_id = $1", [
        gone.organisationId,
      ]),
    );
    await expect(session.read.selectFrom("organisation").selectAll().execute()).rejects.toThrow(
      Unauthenticated,
    );
    await expect(createShelter(session, "late", 1)).rejects.toThrow(Unauthenticated);
  });

  it("that is believed begins anew where its token may do less by now, or more, and has done nothing until then", async () => {
    const identity = await plantOrganisation(database.ownerUrl, "believed", BEDS);
    const allow = (scopes: readonly string[]) =>
      asSuperuser(database.superuserUrl, (client) =>
        client.query("update client set scopes = $2 where organisation_id = $1", [
          identity.organisationId,
          scopes,
        ]),
      );
    const believe = () => openSession(pool, identity, undefined, null, true);
    await believe();
    for (const scopes of [["beds:read"], BEDS, BEDS.slice(1)]) {
      const before = await believe();
      await allow(scopes);
      // What it was told before, whatever is so.
      expect([...before.scopes].toSorted()).not.toEqual(scopes.toSorted());
      await expect(createShelter(before, `before ${scopes.length}`, 1)).rejects.toThrow(
        Unauthenticated,
      );
      expect(await before.confirm("written")).toBe(false);
      const after = await before.anew();
      expect([...after.scopes].toSorted()).toEqual(scopes.toSorted());
      expect(await after.confirm("read")).toBe(true);
      expect((await believe()).scopes).toEqual(after.scopes);
    }
    const last = await believe();
    const rows = await last.read.selectFrom("shelter").select("label").execute();
    expect(rows).toEqual([]);
  });

  it("that is believed has done nothing at once where its token may do less by now, and once where it may do more", async () => {
    const identity = await plantOrganisation(database.ownerUrl, "believing", BEDS);
    const allow = (scopes: readonly string[]) =>
      asSuperuser(database.superuserUrl, (client) =>
        client.query("update client set scopes = $2 where organisation_id = $1", [
          identity.organisationId,
          scopes,
        ]),
      );
    const believe = () => openSession(pool, identity, undefined, null, true);
    const place = (session: Session, idempotencyKey: string, id: string) =>
      session.writeAtOnce<{ id: string }, { one: number }>(
        { name: "holdBeds", scope: "beds:hold" },
        { idempotencyKey },
        { id },
        { text: "select 1 as one", values: [] },
      );
    await believe();
    const [less, more] = [randomUUID(), randomUUID()];
    const before = await believe();
    // It may still hold, but not all that an answer may tell.
    await allow(["beds:hold"]);
    await expect(place(before, less, "first")).rejects.toThrow(Unauthenticated);
    const narrow = await before.anew();
    expect(await place(narrow, less, "second")).toEqual({
      result: { id: "second" },
      rows: [{ one: 1 }],
    });
    const believing = await believe();
    await allow(["beds:read", "beds:manage"]);
    await expect(place(believing, randomUUID(), "first")).rejects.toThrow(Unauthenticated);
    await allow(["beds:hold"]);
    await openSession(pool, identity);
    const sparing = await believe();
    await allow(BEDS);
    await expect(place(sparing, more, "first")).rejects.toThrow(Unauthenticated);
    const wide = await sparing.anew();
    expect(await place(wide, more, "second")).toEqual({ result: { id: "first" }, rows: null });
  });

  it("leaves no context behind on its connection", async () => {
    const client = await pool.connect();
    try {
      const { rows } = await client.query("select * from organisation");
      expect(rows).toEqual([]);
    } finally {
      client.release();
    }
  });

  it("has its own settings, and beside them what the URL's options say", async () => {
    const url = new URL(database.apiUrl);
    url.searchParams.set("options", "-c timezone=America/New_York -c work_mem=8MB");
    const other = createPool({ url: url.href, log: () => {} });
    const text =
      "select current_setting('timezone') as zone, current_setting('work_mem') as memory";
    const told = await onClient(other, (client) => rowsOf(client, text));
    await other.end();
    expect(told).toEqual([{ zone: "UTC", memory: "8MB" }]);
  });

  it("goes on after a statement that the server refused", async () => {
    await expect(sql`select 1 / 0`.execute(harbour.read)).rejects.toThrow("division by zero");
    await expect(sql`select 1 as one`.execute(harbour.read)).resolves.toMatchObject({
      rows: [{ one: 1 }],
    });
  });
});

describe("a write", () => {
  it("has one effect for one key, however often and at once it is sent", async () => {
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => createShelter(harbour, "once", 4, key)),
    );
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    await expect(createShelter(harbour, "once", 5, key)).rejects.toThrow(IdempotencyMismatch);
  });

  it("never meets another client's key", async () => {
    const key = randomUUID();
    const [mine, theirs] = await Promise.all([
      createShelter(harbour, "mine", 1, key),
      createShelter(lantern, "theirs", 1, key),
    ]);
    expect(mine.id).not.toBe(theirs.id);
  });

  it("leaves nothing of itself when it fails, its key included", async () => {
    const key = randomUUID();
    const before = await harbour.read.selectFrom("audit_entry").selectAll().execute();
    await expect(createShelter(harbour, "once", 1, key)).rejects.toThrow(BadUserInput);
    expect(await harbour.read.selectFrom("audit_entry").selectAll().execute()).toHaveLength(
      before.length,
    );
    await expect(createShelter(harbour, "another", 1, key)).resolves.toHaveProperty("id");
  });

  it.each<[string, (session: Session, shelter: string) => Promise<unknown>]>([
    ["in several round trips", (session) => createShelter(session, "late", 1)],
    ["in one", (session, shelter) => holdBeds(session, holdOf(shelter))],
  ])("has no effect where its client was revoked while it waited (%s)", async (_, write) => {
    const handle = `gone-${randomUUID().slice(0, 8)}`;
    const gone = await plantOrganisation(database.ownerUrl, handle, BEDS);
    const session = await openSession(pool, gone);
    const { id: shelter } = await createShelter(session, "first", 1);
    await asSuperuser(database.superuserUrl, async (other) => {
      const own = [gone.organisationId];
      await other.query("begin");
      await other.query("select lock_chains(array[$1::uuid])", own);
      const refused = write(session, encodeId("Shelter", shelter)).catch((error: unknown) => error);
      await waiting(other, 1);
      await other.query("update client set revoked_at = now() where organisation_id = $1", own);
      await other.query("commit");
      expect(await refused).toBeInstanceOf(Unauthenticated);
      const done = "select from audit_entry where organisation_id = $1";
      expect((await other.query(done, own)).rowCount).toBe(1);
    });
  });

  it("appends to an unbroken chain of the owner and of the actor", async () => {
    await Promise.all(Array.from({ length: 8 }, (_, i) => createShelter(harbour, `chain-${i}`, 1)));
    const chain = await harbour.read
      .selectFrom("audit_entry")
      .selectAll()
      .orderBy("sequence")
      .execute();
    expect(chain.map(({ sequence }) => sequence)).toEqual(chain.map((_, i) => i + 1));
    for (const [i, entry] of chain.entries()) {
      expect(entry.previous_hash).toEqual(chain[i - 1]?.hash ?? Buffer.alloc(32));
      // As migrations/0004 writes it down, for whoever verifies without a database.
      const { rows } = await sql<{ at: string }>`
        select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
          from audit_entry where organisation_id = ${entry.organisation_id} and sequence = ${entry.sequence}
      `.execute(harbour.read);
      const lines = [
        "wayhouse-audit-1",
        entry.organisation_id,
        entry.sequence,
        rows[0]!.at,
        entry.actor_id,
        entry.client_name ?? "",
        entry.owner_id,
        entry.action,
        entry.scope,
        `${entry.subject_type}:${entry.subject_id}`,
        entry.previous_hash.toString("hex"),
      ];
      expect(entry.hash).toEqual(createHash("sha256").update(lines.join("\n")).digest());
    }
  });
});
