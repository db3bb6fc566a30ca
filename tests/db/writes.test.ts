import { createHash, randomUUID } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  BadUserInput,
  IdempotencyMismatch,
  NotFound,
  Unauthenticated,
  Unavailable,
} from "../../src/kernel/errors.ts";
import { encodeId } from "../../src/kernel/ids.ts";
import { holdBeds } from "../../src/modules/capacity/holds.actions.ts";
import { createPool, type Pool } from "../../src/platform/db/pool.ts";
import { openSession, type Session } from "../../src/platform/db/session.ts";
import { write, type Writer } from "../../src/platform/db/writes.ts";
import { atOnce, createShelter } from "../support/capacity.ts";
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
const BEDS = ["beds:hold", "beds:manage", "audit:read"] as const;
let database: TestDatabase;
let pool: Pool;
let harbour: Session;
let lantern: Session;

const inSteps = async (
  session: Session,
  name: string,
  idempotencyKey: string,
  input: object = {},
) =>
  session.write({ name, scope: "beds:manage" }, { idempotencyKey, ...input }, async () => ({
    result: { id: name },
    changes: [],
  }));

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ url: database.apiUrl, max: 8, log: () => {} });
  const opened = async (handle: string) =>
    openSession(pool, await plantOrganisation(database.ownerUrl, handle, BEDS));
  harbour = await opened("harbour");
  lantern = await opened("lantern");
});
afterAll(async () => {
  await pool.end();
  await database.leave();
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

  it.each([
    ["in several round trips", inSteps],
    ["in one", atOnce],
  ])("is the same however its input is spelled, and no other action's (%s)", async (_, write) => {
    const key = randomUUID();
    const first = await write(harbour, "setBeds", key, { a: { x: 1, y: [2] }, b: undefined });
    const again = await write(harbour, "setBeds", key, { a: { y: [2], x: 1 } });
    const told = (answer: object) => ("result" in answer ? answer.result : answer);
    expect([told(first), told(again)]).toEqual([{ id: "setBeds" }, { id: "setBeds" }]);
    for (const [name, input] of [
      ["renameShelter", { a: { x: 1, y: [2] } }],
      ["setBeds", { a: { x: 1, y: [3] } }],
    ] as const)
      await expect(write(harbour, name, key, input)).rejects.toThrow(IdempotencyMismatch);
  });

  it("that was done answers by its key before it is refused", async () => {
    const key = randomUUID();
    const refused = () =>
      harbour.write(
        { name: "setBeds", scope: "beds:manage" },
        { idempotencyKey: key },
        async () => {
          throw new NotFound();
        },
      );
    await expect(refused()).rejects.toThrow(NotFound);
    await inSteps(harbour, "setBeds", key);
    expect(await refused()).toEqual({ id: "setBeds" });
  });

  it.each(["7777777", "x".repeat(129), "with blank", " 12345678", "12345678\n"])(
    "has no key %j",
    async (key) => {
      await expect(atOnce(harbour, "setBeds", key)).rejects.toThrow(BadUserInput);
      await expect(inSteps(harbour, "setBeds", key)).rejects.toThrow(BadUserInput);
    },
  );

  it.each([
    ["in several round trips", inSteps],
    ["in one", atOnce],
  ])("blames no token where the database could not look at it (%s)", async (_, write) => {
    const admit = (change: string) =>
      asSuperuser(database.superuserUrl, (client) =>
        client.query(change.replace("admit", "execute on function admit")),
      );
    await admit("revoke admit from wayhouse_api");
    await expect(write(harbour, "setBeds", randomUUID())).rejects.toThrow(NotFound);
    await admit("grant admit to wayhouse_api");
    await expect(write(harbour, "setBeds", randomUUID())).resolves.toBeDefined();
  });

  it.each([
    ["four times where it was in others' way", "40001", 4],
    ["once where the server has no room", "53300", 1],
  ])("is tried %s", async (_, code, times) => {
    let tried = 0;
    const connect = async () => {
      tried++;
      throw Object.assign(new Error("refused"), { code, severity: "ERROR" });
    };
    const writer = { pool: { connect } } as unknown as Writer;
    const input = { idempotencyKey: randomUUID() };
    const written = write(writer, { name: "setBeds", scope: "beds:manage" }, input, () =>
      Promise.reject(new Error("never")),
    );
    await expect(written).rejects.toThrow(Unavailable);
    expect(tried).toBe(times);
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
