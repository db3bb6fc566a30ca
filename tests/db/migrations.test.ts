import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { migrate } from "../../src/platform/db/migrator.ts";
import { type Demo, startDemo } from "../support/demo.ts";

let demo: Demo;
let folder: string;
beforeAll(async () => {
  demo = await startDemo();
  folder = mkdtempSync(join(tmpdir(), "wayhouse-migrations-"));
  cpSync("migrations", folder, { recursive: true });
});
afterAll(async () => {
  await demo?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const add = (name: string, sql: string) => {
  writeFileSync(join(folder, name), sql);
  return migrate({ ...demo.database, folder });
};

it("a migration waits for a table without stopping whoever reads it meanwhile", async () => {
  const reader = new pg.Client({ connectionString: demo.database.superuserUrl });
  await reader.connect();
  await reader.query("begin");
  await reader.query("select from shelter limit 1");
  const migrated = add("9001_add_column.sql", "alter table shelter add column planted text;");
  // Behind a statement that waits for the whole table each of these would wait as long as it.
  for (let reads = 0; reads < 5; reads++) {
    const answer = await demo.ask("harbour", "{ shelters { edges { node { label } } } }");
    expect(answer.errors).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 600));
  }
  await reader.query("commit");
  await migrated;
  const { rows } = await reader.query("select planted from shelter limit 1");
  expect(rows).toEqual([{ planted: null }]);
  await reader.end();
});

it("one that fails leaves nothing behind, and is told by file, line and SQLSTATE, without a row", async () => {
  const sql = "create table planted (id uuid);\n\nselect\n  'canary-31a'::uuid;";
  const failed = add("9002_fail.sql", sql);
  await expect(failed).rejects.toThrow(
    /^migrations\/9002_fail\.sql failed and left nothing behind at line 4 \(22P02\)\.$/,
  );
  const client = new pg.Client({ connectionString: demo.database.superuserUrl });
  await client.connect();
  const { rows } = await client.query("select to_regclass('planted') as made");
  expect(rows).toEqual([{ made: null }]);
  await client.end();
});

it("an older server is refused by its version, before anything is done there", async () => {
  const query = Reflect.get(pg.Client.prototype, "query") as (...args: unknown[]) => unknown;
  const rows = [{ server_version: "15.18 (Debian 15.18-0+deb12u1)" }];
  const asked: unknown[] = [];
  const older = vi.spyOn(pg.Client.prototype, "query").mockImplementation(function (
    this: pg.Client,
    ...args: unknown[]
  ) {
    asked.push(args[0]);
    return args[0] === "show server_version" ? { rows } : query.apply(this, args);
  } as never);
  await expect(migrate(demo.database)).rejects.toThrow("The server is PostgreSQL 15.18");
  older.mockRestore();
  expect(asked).not.toContainEqual(expect.stringContaining("pg_advisory_lock"));
});
