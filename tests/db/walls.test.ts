import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
    await walls.plant(`delete from event;
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
