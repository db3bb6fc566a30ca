import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ADMITTED, admit } from "../support/wall-admissions.ts";
import { KEPT } from "../support/wall-bounds.ts";
import { BROKEN } from "../support/wall-constraints.ts";
import { ASTRAY, TWICE } from "../support/wall-keys.ts";
import { DONE } from "../support/wall-functions.ts";
import { SEEN, TOLD, WRITTEN } from "../support/wall-rows.ts";
import { id, openWalls, type Walls } from "../support/walls.ts";

/*
 * The second wall without the first: what the database lets the API's role do in the name of each organisation, with
 * each scope alone that lets it, and with all the others together. What the API asks for is a part of it.
 */
let walls: Walls;
beforeAll(async () => {
  walls = await openWalls();
});
afterAll(() => walls.close());

describe("to no other organisation, and with no other scope, the database by itself", () => {
  it("shows a row", async () => {
    expect(await walls.against(SEEN)).toEqual({});
  });

  it.each(TOLD)("tells an event (%s of %s %s, party %s)", async (...event) => {
    const [kind, type, subject, party, rights] = event;
    await walls.rowsOf(`delete from event;
      insert into event (kind, subject_type, subject_id, owner_id, party_id) values
        ('${kind}', '${type}', '${subject}', coalesce((select owner_id from shelter where id = '${subject}'), '${id.owner}'),
          ${party === null ? "null" : `'${party}'`})`);
    expect(await walls.against([["select from event", rights]])).toEqual({});
    // Its streams are woken. None is of what is younger than a transaction that is open, of any test of the run.
    const woken = `select o.handle from stream_pulse('0', array(select id from organisation)) p
      join organisation o on o.id = p.organisation_id where p.is_concerned`;
    await expect
      .poll(async () => (await walls.rowsOf(woken)).map(({ handle }) => handle))
      .toEqual(expect.arrayContaining(Object.keys(rights)));
  });

  it("lets anything be written", async () => {
    expect(await walls.against(WRITTEN)).toEqual({});
  });

  it.each(Object.keys(DONE))("does what sees more than its caller: %s", async (subject) => {
    expect(await walls.against(DONE[subject]!)).toEqual({});
  });
});

describe.each(["ACTIVE", "LOCKED_DOWN"])("an %s network admits", (status) => {
  it.each(ADMITTED)("%s", async (_, said, left) => {
    const isLeft = (scope: string) => status === "ACTIVE" || scope === "network:admin";
    const expected = left?.split(" ").filter(isLeft).join(" ");
    expect(await admit(walls, said, status)).toBe(expected || null);
  });
});

it("finds of an issuer the keys alone that it signs with by now", async () => {
  const keys = "select jsonb_array_length(keys) as keys from find_issuer('https://owner.example')";
  expect(await walls.rowsOf(keys)).toEqual([{ keys: 1 }]);
});

/** Of what has no row yet, one. */
const REST = `insert into organisation_budget values ('${id.owner}', 'holds', now());
  insert into used_proof values ('digest', now());
  insert into event (kind, subject_type, subject_id, owner_id)
    values ('GRANT_CHANGED', 'SharingGrant', '${id.grant}', '${id.owner}')`;

it.each<[string, string, Readonly<Record<string, readonly string[]>>]>([
  ["a check of its table", "contype = 'c'", BROKEN],
  ["a foreign key", "contype = 'f'", ASTRAY],
  [
    "a key",
    // Those apart that hold because of another, and are there to be referred to.
    `contype in ('p', 'u') and conrelid <> 'migration'::regclass and not exists (
      select from pg_constraint p where p.contype = 'p' and p.conrelid = c.conrelid
        and p.conkey <@ c.conkey and p.oid <> c.oid)`,
    TWICE,
  ],
])("no row is kept that %s is against, and each is against something", async (_, kind, against) => {
  const kept = await walls.rowsOf(
    `select conname from pg_constraint c where connamespace = 'public'::regnamespace and ${kind}`,
  );
  expect(kept.map(({ conname }) => String(conname)).toSorted()).toEqual(
    Object.keys(against).toSorted(),
  );
  for (const [constraint, statements] of Object.entries(against)) {
    for (const statement of statements) {
      const told = walls.after(REST, statement);
      await expect(told, statement).rejects.toMatchObject({ constraint });
    }
  }
});

it("every row is kept that is at the bounds of the checks, and all that the contract can say", async () => {
  for (const statement of KEPT) {
    const kept = await walls.after(`with kept as (${statement} returning 1) select from kept`);
    expect(kept.length, statement).toBeGreaterThan(0);
  }
});
