import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printDatabaseSchema } from "../../src/cli/database-schema.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.leave();
});

describe("what is generated from the migrations", () => {
  it("is committed as it is generated: run `npm run generate`", async () => {
    expect(readFileSync("schema/database.sql", "utf8")).toBe(await printDatabaseSchema(client));
  });

  it("is what the queries are typed with: run `npm run generate`", () => {
    const folder = mkdtempSync(join(tmpdir(), "wayhouse-types-"));
    const file = join(folder, "schema.ts");
    const url = ["--dialect", "postgres", "--url", database.ownerUrl];
    const options = ["--exclude-pattern", "migration", "--date-parser", "string"];
    execFileSync("npx", ["--no-install", "kysely-codegen", ...url, ...options, "--out-file", file]);
    const made = readFileSync(file, "utf8");
    rmSync(folder, { recursive: true });
    expect(readFileSync("src/platform/db/schema.ts", "utf8")).toBe(made);
  });
});

/** Each names what breaks it; none, if the wall stands. */
const LAWS: Readonly<Record<string, string>> = {
  "a table has forced row-level security and a policy": `
    select relname as offender from pg_class c
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> 'migration'
        and not (relrowsecurity and relforcerowsecurity
          and exists (select from pg_policy where polrelid = c.oid))`,
  "a function that sees more than its caller is the keeper's and fixes its search path": `
    select oid::regprocedure::text as offender from pg_proc
      where pronamespace = 'public'::regnamespace and prosecdef
        and not (proowner = 'wayhouse_keeper'::regrole
          and coalesce(array_to_string(proconfig, ',') ~ 'search_path=public, pg_temp', false))`,
  "no function can be called by everyone": `
    select p.oid::regprocedure::text as offender from pg_proc p,
        aclexplode(coalesce(proacl, acldefault('f', proowner)))
      where pronamespace = 'public'::regnamespace and grantee = 0`,
  "the API's role owns nothing": `
    select relname as offender from pg_class where relowner = 'wayhouse_api'::regrole
    union all select proname from pg_proc where proowner = 'wayhouse_api'::regrole`,
  "the API's role cannot empty a table": `
    select relname as offender from pg_class c, aclexplode(relacl)
      where relnamespace = 'public'::regnamespace and grantee = 'wayhouse_api'::regrole
        and privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN')`,
  "a foreign key says what happens on delete": `
    select conname as offender from pg_constraint
      where connamespace = 'public'::regnamespace and contype = 'f' and confdeltype = 'a'`,
  "a constraint is named as a sentence": `
    select conname as offender from pg_constraint
      where connamespace = 'public'::regnamespace and contype in ('c', 'f', 'u', 'x')
        and conname !~ '_.*_.*_'`,
};
const PLANTED: Readonly<Record<string, string>> = {
  "a table has forced row-level security and a policy": "create table planted (id uuid)",
  "a function that sees more than its caller is the keeper's and fixes its search path":
    "create function planted() returns int language sql security definer return 1",
  "no function can be called by everyone":
    "create function planted() returns int language sql return 1; grant execute on function planted() to public",
  "the API's role owns nothing":
    "grant wayhouse_api to wayhouse_owner with set true; grant create on schema public to wayhouse_api; set local role wayhouse_api; create table planted (id uuid); reset role",
  "the API's role cannot empty a table": "grant truncate on shelter to wayhouse_api",
  "a foreign key says what happens on delete":
    "create table planted (a_b_c_d uuid constraint it_is_of_a_shelter references shelter)",
  "a constraint is named as a sentence": "create table planted (id uuid unique)",
};

describe.each(Object.keys(LAWS))("%s", (law) => {
  const offenders = async () =>
    (await client.query<{ offender: string }>(LAWS[law]!)).rows.map(({ offender }) => offender);

  it("holds", async () => {
    expect(await offenders()).toEqual([]);
  });

  it("can be broken", async () => {
    await client.query("begin");
    try {
      await client.query(PLANTED[law]!);
      expect(await offenders()).toHaveLength(1);
    } finally {
      await client.query("rollback");
    }
  });
});
