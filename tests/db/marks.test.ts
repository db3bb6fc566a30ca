import { afterAll, beforeAll, expect, it } from "vitest";
import { id, openWalls, type Walls } from "../support/walls.ts";

/*
 * newest_mark() is what a replica is compared with its primary by: it has to be another one where the caller may be
 * told something else, and none where the two clocks, or what is not committed, may say otherwise.
 */
let walls: Walls;
beforeAll(async () => {
  walls = await openWalls();
});
afterAll(() => walls.close());
const event = (owner: string, party: string | null, transaction = "'4'", position = 4) => `
  insert into event (position, kind, subject_type, subject_id, owner_id, party_id, transaction_id) overriding system value
    values (${position}, 'BEDS_CHANGED', 'Shelter', '${id.here}', '${owner}', nullif('${party}', 'null')::uuid, ${transaction})`;
const revocation = (transaction: string, position = 4) =>
  `insert into revocation (id, organisation_id, transaction_id) overriding system value
    values (${position}, '${id.stranger}', ${transaction})`;
const grants = (what: string) => `update sharing_reach set ${what} where grant_id = '${id.grant}'`;
const seconds = (count: number) => `now() + interval '${count} seconds'`;
const context = (name: string, value: string) =>
  `select set_config('wayhouse.${name}', '${value}', true)`;

async function markAfter(...statements: string[]): Promise<unknown> {
  const setting = [
    "delete from event; delete from revocation",
    revocation("'3'", 1),
    event(id.partner, null, "'3'", 1),
    event(id.owner, id.partner, "'3'", 2),
    context("organisation", id.partner),
    context("client", id.partner),
    context("scopes", "beds:read"),
  ];
  const told = await walls.after(...setting, ...statements, "select newest_mark() as mark");
  return told[0]!["mark"];
}

it.each<[string, "another" | "the same" | "no", string]>([
  ["what it has done", "another", event(id.partner, null)],
  ["what was done with it", "another", event(id.owner, id.partner)],
  ["what others did", "the same", event(id.owner, id.former)],
  ["what was taken back", "another", revocation("'4'")],
  [
    "a country that is closed",
    "another",
    `insert into advisory (id, issuer_id, country, risk_profiles, level, hazards, expires_at)
        values ('${id.newcomer}', '${id.owner}', 'AM', '{OTHER}', 'AVOID', '{DEPORTATION}', now() + interval '1 day');
      insert into advisory_confirmation values ('${id.newcomer}', '${id.owner}', '${id.partner}')`,
  ],
  ["another scope", "another", context("scopes", "beds:hold")],
  ["another client", "another", context("client", id.dashboard)],
  ["nobody", "no", context("organisation", "")],
  ["an event that may yet be undone", "no", event(id.partner, null, "pg_current_xact_id()")],
  ["a share that may yet be undone", "no", event(id.owner, id.partner, "pg_current_xact_id()")],
  ["a revocation that may yet be undone", "no", revocation("pg_current_xact_id()")],
  ["a grant that is about to begin", "no", grants(`valid_from = ${seconds(2)}`)],
  ["a grant that has just begun", "no", grants(`valid_from = ${seconds(-2)}`)],
  ["a grant that is about to end", "no", grants(`valid_until = ${seconds(2)}`)],
  ["a grant that has just ended", "no", grants(`valid_until = ${seconds(-2)}`)],
  ["a grant that begins later", "the same", grants(`valid_from = ${seconds(3)}`)],
  ["a grant that has ended", "the same", grants(`valid_until = ${seconds(-3)}`)],
  [
    "another's grant",
    "the same",
    `update sharing_reach set valid_from = now() where organisation_id = '${id.stranger}'`,
  ],
])("of %s there is %s mark", async (_, what, statement) => {
  const before = await markAfter();
  expect(before).not.toBeNull();
  const mark = await markAfter(statement);
  expect(mark === null ? "no" : mark === before ? "the same" : "another").toBe(what);
});
