import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compactVerify, importJWK } from "jose";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/app.ts";
import { loadNodeKey, NodeKeyError } from "../../src/platform/auth/node-key.ts";
import { seedDemo } from "../../src/platform/db/demo-network.ts";
import { foundNetwork } from "../../src/platform/db/found-network.ts";
import { AUDIENCE } from "../support/demo.ts";
import { asSuperuser, createTestDatabase, type TestDatabase } from "../support/postgres.ts";

let folder: string;
let database: TestDatabase;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "wayhouse-node-key-"));
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.leave();
  rmSync(folder, { recursive: true, force: true });
});

it("founding tells why it failed, also where the connection is gone and nothing can be rolled back", async () => {
  const key = { kid: "x", jwk: { kty: "OKP", crv: "Ed25519", x: "x" } } as const;
  const first = { handle: "a", issuer: "b", identity: key, signing: key, adminScopes: [] };
  const query = async (text: string) => {
    if (text !== "begin") throw new Error(`gone before: ${text}`);
  };
  const gone = { query } as unknown as pg.ClientBase;
  await expect(foundNetwork(gone, first)).rejects.toThrow("gone before: lock table");
});

describe("the node's key", () => {
  it("is one, whoever makes it first, and its owner's alone to read", async () => {
    const file = join(folder, "deep", "node-key.json");
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadNodeKey(file)));
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(keys[0]!.publicJwk).not.toHaveProperty("d");
  });

  it("signs what its public half verifies, and derives a secret for each use", async () => {
    const key = await loadNodeKey(join(folder, "node-key.json"));
    const jws = key.sign({ sequence: 1 }, "checkpoint+jwt");
    const { payload, protectedHeader } = await compactVerify(
      jws,
      await importJWK(key.publicJwk, "EdDSA"),
    );
    expect(JSON.parse(new TextDecoder().decode(payload))).toEqual({ sequence: 1 });
    expect(protectedHeader).toEqual({ alg: "EdDSA", kid: key.kid, typ: "checkpoint+jwt" });
    expect(key.derive("cursors")).toHaveLength(16);
    expect(key.derive("cursors")).not.toEqual(key.derive("others"));
  });

  it("is never replaced where its file holds something else, and the fault repeats nothing of it", async () => {
    const file = join(folder, "broken.json");
    writeFileSync(file, '{"kty":"OKP","crv":"Ed25519","d":"c2VjcmV0"}');
    const error: unknown = await loadNodeKey(file).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NodeKeyError);
    expect((error as Error).message).not.toContain("c2VjcmV0");
    expect(readFileSync(file, "utf8")).toContain("c2VjcmV0");
  });

  it("lets no process in that has another one than the first had", async () => {
    const { apiUrl } = database;
    const nodeKey = await loadNodeKey(join(folder, "node-key.json"));
    const app = await createApp({ apiUrl, audience: AUDIENCE, nodeKey, log: () => {} });
    await app.stop();
    const other = await loadNodeKey(join(folder, "other.json"));
    const start = createApp({ apiUrl, audience: AUDIENCE, nodeKey: other, log: () => {} });
    await expect(start).rejects.toThrow(NodeKeyError);
  });
});

describe("the demo's network", () => {
  const planted = () =>
    asSuperuser(database.superuserUrl, async (client) => {
      const count = (table: string) => `(select count(*)::integer from ${table}) as ${table}`;
      const tables = ["organisation", "circle_member", "sharing_grant", "shelter", "audit_entry"];
      const { rows } = await client.query(`select ${tables.map(count).join(", ")}`);
      return rows[0] as Record<string, number>;
    });
  /** As `kill -9` of the process: the connection is gone while the nth statement is under way. */
  async function seedKilledAt(nth: number): Promise<boolean> {
    const query = Reflect.get(pg.Client.prototype, "query") as (...args: unknown[]) => unknown;
    let count = 0;
    const spy = vi.spyOn(pg.Client.prototype, "query").mockImplementation(function (
      this: pg.Client & { connection: { stream: { destroy(): void } } },
      ...args: unknown[]
    ) {
      const answered = query.apply(this, args);
      if (++count === nth) this.connection.stream.destroy();
      return answered;
    } as never);
    try {
      await seedDemo({ ...database, dataDir: folder });
      return false;
    } catch (error) {
      if (!/terminated/.test(String(error))) throw error;
      return true;
    } finally {
      spy.mockRestore();
    }
  }

  it("is there whole after the next start, at whichever statement the one before was killed", async () => {
    const whole = {
      organisation: 5,
      circle_member: 4,
      sharing_grant: 2,
      shelter: 3,
      audit_entry: 4 + 3 + 2 + 3,
    };
    const nothing = Object.fromEntries(Object.keys(whole).map((table) => [table, 0]));
    const states: Record<string, number>[] = [];
    for (let nth = 1; states.at(-1)?.["organisation"] !== 5; nth += 7) {
      expect(await seedKilledAt(nth)).toBe(true);
      states.push(await planted());
    }
    for (let nth = 1; await seedKilledAt(nth); nth += 2) states.push(await planted());
    expect(states.length).toBeGreaterThan(12);
    expect(states).toContainEqual({ ...nothing, organisation: 5 });
    expect(await planted()).toEqual(whole);
    await seedDemo({ ...database, dataDir: folder });
    expect(await planted()).toEqual(whole);
  });
});
