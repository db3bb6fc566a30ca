import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { idleFunctions, migrationHazards } from "./migrations.ts";

/** Written at one time with the rule, before any version ran that they could break. */
const EXEMPT = /^001[3-8]_/;
const names = readdirSync("migrations").filter((name) => !EXEMPT.test(name));

it.each(names)("%s can be applied while the version before runs", (name) => {
  const path = `migrations/${name}`;
  expect(migrationHazards(path, readFileSync(path, "utf8"))).toEqual([]);
});

it("each has a number of its own", () => {
  const numbers = readdirSync("migrations").map((name) => name.slice(0, 4));
  expect(numbers).toEqual([...new Set(numbers)]);
});

/**
 * What no statement of this version calls, nor anything that one calls, with the migration since which that
 * is so. Processes of the version before may: each is dropped with the release after the one that stopped calling it.
 */
const KEPT: Readonly<Record<string, string>> = {
  "admit_streams(uuid,text[],text[],text[],text[])": "0022",
  "admitted(uuid,text,text,text,text[],boolean)": "0043",
  "advisory_against(text[],text)": "0038",
  "bed_bands()": "0038",
  "enter(uuid,text,text,text,text[],boolean)": "0038",
  "find_issuer(text)": "0121",
  "place_hold(uuid,timestamp with time zone,uuid,jsonb)": "0040",
  "purge_due(integer)": "0098",
  "put_consulate_envelope(uuid,uuid,text)": "0103",
  "put_instructions(uuid,text)": "0075",
  "read_inbox(text[],uuid,integer)": "0041",
  "recipient_of_kid(text)": "0051",
  "is_revealed(consulate_contact,uuid)": "0113",
  "shelters_to_hold(uuid[])": "0040",
  "suspend_handoffs_of(uuid)": "0097",
  "viewer_present_stays()": "0105",
  "viewer_stays()": "0105",
};

it("functions that only versions before this one call are known", () => {
  const { all, idle } = idleFunctions(readFileSync("schema/database.sql", "utf8"), program());
  expect(idle.filter((signature) => !(signature in KEPT))).toEqual([]);
  expect(all).toEqual(expect.arrayContaining(Object.keys(KEPT)));
  const planted =
    "-- function planted()\nCREATE FUNCTION planted() ...\n-- function more()\nplanted()";
  expect(idleFunctions(planted, "more(1)").idle).toEqual([]);
  expect(idleFunctions(planted, "nothing").idle).toEqual(["planted()", "more()"]);
});

/** What it says between quotation marks: functions of its own may be called as those of the database. */
const program = () =>
  readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .flatMap((path) => readFileSync(`src/${path}`, "utf8").match(/`[^`]*`|"[^"\n]*"/g) ?? [])
    .join("\n");

describe("the check sees", () => {
  const hazards = (sql: string) => migrationHazards("migrations/planted.sql", sql);
  it.each([
    ["drop", "drop table shelter;"],
    ["drop", "create table a (id uuid);\nDROP  FUNCTION\n enter(uuid);"],
    ["drop column", "alter table shelter drop column label;"],
    ["drop column", "alter table only public.shelter add a int, drop label;"],
    ["rename", "alter table shelter rename column label to name;"],
    ["rename", "alter function enter(uuid) rename to open;"],
    ["alter type", "alter table shelter alter column label type varchar(80);"],
    ["alter type", "alter table shelter alter label set data type varchar(80);"],
    ["set not null", "alter table shelter alter column label set not null;"],
    ["not null without default", "alter table shelter add column size integer not null;"],
    ["drop default", "alter table shelter alter column label drop default;"],
    ["validated constraint", "alter table shelter add constraint a_b_c check (true);"],
    ["index", "create index shelter_by_label on shelter (label);"],
    ["index", "create unique index if not exists a on shelter (label);"],
    ["revoke", "revoke select on shelter from wayhouse_api;"],
  ])("%s in %s", (rule, sql) => {
    expect(hazards(sql)).toEqual([expect.stringContaining(`: ${rule}. `)]);
    const reason = "the table has a row for each organisation, some hundred";
    expect(hazards(`-- runs beside old processes although ${rule}: ${reason}\n${sql}`)).toEqual([]);
  });

  it.each([
    "alter table shelter add column size integer;",
    "alter table shelter add column size integer not null default 1;",
    "alter table shelter add constraint a_b_c check (true) not valid;",
    "alter table shelter drop constraint a_b_c;",
    "alter table shelter alter column label drop not null;",
    "create table a (id uuid not null);\ncreate index a_by_id on a (id);\nalter table a alter id set not null;",
    "create or replace function f() returns int language sql begin atomic drop table a; end;",
    "-- drop table shelter;\ncreate function f() returns int language plpgsql as $$ begin drop table a; end $$;",
    "revoke create on schema public from wayhouse_keeper;",
  ])("nothing in %s", (sql) => {
    expect(hazards(sql)).toEqual([]);
  });

  it("a declaration without a reason, of another rule, twice used, or idle", () => {
    const declared = (rule: string, reason: string) =>
      `-- runs beside old processes although ${rule}: ${reason}\n`;
    const reason = "the table has a row for each organisation";
    const drop = "drop table a;";
    expect(hazards(declared("drop", "safe") + drop)).toHaveLength(1);
    expect(hazards(declared("rename", reason) + drop)).toHaveLength(2);
    expect(hazards(declared("drop", reason) + drop + drop)).toHaveLength(1);
    expect(hazards(declared("drop", reason))).toHaveLength(1);
  });
});
