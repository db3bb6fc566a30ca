import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Forbidden, Unauthenticated, Unavailable } from "../../src/kernel/errors.ts";
import { rowsOf } from "../../src/platform/db/pipeline.ts";
import { createPool, onClient, type Pool } from "../../src/platform/db/pool.ts";
import type { Identity } from "../../src/platform/db/admission.ts";
import { DEFAULT_LIMITS } from "../../src/platform/limits/limits.ts";
import { openSession, type Session } from "../../src/platform/db/session.ts";
import { atOnce, createShelter } from "../support/capacity.ts";
import { plantOrganisation } from "../support/network.ts";
import { asSuperuser, createTestDatabase, type TestDatabase } from "../support/postgres.ts";

const BEDS = ["beds:read", "beds:hold", "beds:manage", "sharing:manage", "audit:read"] as const;
let database: TestDatabase;
let pool: Pool;
let harbourIdentity: Identity;
let harbour: Session;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ url: database.apiUrl, max: 8, log: () => {} });
  harbourIdentity = await plantOrganisation(database.ownerUrl, "harbour", BEDS);
  harbour = await openSession(pool, harbourIdentity);
});
afterAll(async () => {
  await pool.end();
  await database.leave();
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
    await expect(atOnce(narrow, "setBeds", randomUUID())).rejects.toThrow(Forbidden);
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

  it("writes nothing that something was taken back of while it wrote, and asks again", async () => {
    const past = <R>(use: Parameters<typeof asSuperuser<R>>[1]) =>
      asSuperuser(database.superuserUrl, use);
    const open = async (handle: string) => {
      const identity = await plantOrganisation(database.ownerUrl, handle, BEDS);
      return openSession(pool, identity);
    };
    const narrow = "update client set scopes = '{beds:manage}' where organisation_id = $1";
    let tries = 0;
    const writeWhile = (session: Session, meanwhile: () => Promise<unknown>) =>
      session.write(
        { name: "createShelter", scope: "beds:manage" },
        { idempotencyKey: randomUUID() },
        async (tx) => {
          tries++;
          // With the first statement it is admitted.
          await sql`select`.execute(tx);
          await meanwhile();
          const { organisationId: id } = session;
          const change = { event: "ORGANISATION_CHANGED", type: "Organisation", id, owner: id };
          return { result: {}, changes: [change] };
        },
      );
    const [own, other] = [await open("revoked-meanwhile"), await open("of-another")];
    await writeWhile(own, () => past((client) => client.query(narrow, [other.organisationId])));
    expect(tries).toBe(1);
    const taken = () => past((client) => client.query(narrow, [own.organisationId]));
    await expect(writeWhile(own, taken)).rejects.toThrow(Forbidden);

    // Whoever takes something back may have begun before, and what was taken back before may be younger.
    const late = await open("revoked-before");
    const { organisationId } = late;
    await past(async (client) => {
      await client.query("begin; select pg_current_xact_id()");
      const before = "insert into revocation (organisation_id, at) values ($1, now())";
      await past((another) => another.query(before, [organisationId]));
      tries = 0;
      await writeWhile(late, async () => {});
      expect(tries).toBe(1);
      await client.query(narrow, [organisationId]);
      await expect(writeWhile(late, () => client.query("commit"))).rejects.toThrow(Forbidden);
    });
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

  it("does nothing more once a scope that it opened with was taken, whatever it would do", async () => {
    const identity = await plantOrganisation(database.ownerUrl, "narrowed", BEDS);
    const session = await openSession(pool, identity);
    await asSuperuser(database.superuserUrl, (client) =>
      client.query("update client set scopes = $2 where organisation_id = $1", [
        identity.organisationId,
        BEDS.slice(1),
      ]),
    );
    await expect(sql`select`.execute(session.read)).rejects.toThrow(Forbidden);
    await expect(createShelter(session, "late", 1)).rejects.toThrow(Forbidden);
    await expect(atOnce(session, "setBeds", randomUUID())).rejects.toThrow(Forbidden);
  });

  it("tells nothing that it read a while ago where anything was taken back since, and whatever it wrote", async () => {
    const { organisationId } = harbourIdentity;
    const look = (session: Session) => sql`select`.execute(session.read);
    const session = await openSession(pool, harbourIdentity);
    await look(session);
    const takeBack = () =>
      asSuperuser(database.superuserUrl, (client) =>
        client.query("insert into revocation (organisation_id, at) values ($1, now())", [
          organisationId,
        ]),
      );
    await takeBack();
    await sleep(200);
    await look(session);
    await expect(session.confirm("read")).rejects.toThrow(Unavailable);
    expect(await session.confirm("written")).toBe(true);
    const silent = await openSession(pool, harbourIdentity);
    await takeBack();
    await sleep(200);
    // What it may do was told by its opening alone.
    await expect(silent.confirm("read")).rejects.toThrow(Unavailable);
    await asSuperuser(database.superuserUrl, async (client) => {
      // As long as this goes on, what was taken back after it began is not old.
      await client.query("begin; select pg_current_xact_id()");
      await takeBack();
      const later = await openSession(pool, harbourIdentity);
      await look(later);
      await client.query(
        "insert into revocation (organisation_id, at) select id, now() from organisation where id <> $1",
        [organisationId],
      );
      await client.query("commit");
      await sleep(200);
      expect(await later.confirm("read")).toBe(true);
    });
  });

  it("begins no statement after its time", async () => {
    const allowance = { ...DEFAULT_LIMITS, until: Date.now() - 1 };
    const late = await openSession(pool, harbourIdentity, allowance);
    await expect(sql`select`.execute(late.read)).rejects.toThrow(Unavailable);
    await expect(createShelter(late, "late", 1)).rejects.toThrow(Unavailable);
    const believed = await openSession(pool, harbourIdentity, allowance, null, true);
    await expect(believed.confirm("written")).rejects.toThrow(Unavailable);
    await expect(atOnce(late, "setBeds", randomUUID())).rejects.toThrow(Unavailable);
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
