import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ADMITTED, admit } from "../support/wall-admissions.ts";
import { BROKEN } from "../support/wall-constraints.ts";
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
        ('${kind}', '${type}', '${subject}', '${id.owner}', ${party === null ? "null" : `'${party}'`})`);
    expect(await walls.against([["select from event", rights]])).toEqual({});
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

it("no row is kept that a check of its table is against, and each check is against something", async () => {
  const checks = await walls.rowsOf(
    "select conname from pg_constraint where connamespace = 'public'::regnamespace and contype = 'c'",
  );
  expect(checks.map(({ conname }) => String(conname)).toSorted()).toEqual(
    Object.keys(BROKEN).toSorted(),
  );
  for (const [constraint, statements] of Object.entries(BROKEN)) {
    for (const statement of statements)
      await expect(walls.rowsOf(statement), statement).rejects.toMatchObject({ constraint });
  }
});
