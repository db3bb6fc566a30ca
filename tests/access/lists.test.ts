import { describe, expect, it } from "vitest";
import { encodeAscii } from "../../src/kernel/base64url.ts";
import { BadUserInput, LimitExceeded } from "../../src/kernel/errors.ts";
import { cutPage, pageOf } from "../../src/platform/graphql/connection.ts";
import { MOST_LOOKED_AT, MOST_OF_CASE, ofCase } from "../../src/platform/graphql/costs.ts";

describe("a page", () => {
  /** So many rows, and which limits they were asked with. */
  function rowsOf(count: number) {
    const limits: number[] = [];
    const load = async (limit: number) => {
      limits.push(limit);
      return Array.from({ length: Math.min(count, limit) }, (_, nth) => nth);
    };
    return { limits, load };
  }
  it.each([
    [1, 1, false],
    [1, 2, true],
    [100, 100, false],
    [100, 101, true],
    [20, 0, false],
  ])("of %i out of %i says whether there is another one: %s", async (first, count, hasNextPage) => {
    const { limits, load } = rowsOf(count);
    const page = await cutPage(first, load, String);
    expect(page.nodes).toHaveLength(Math.min(first, count));
    expect([page.hasNextPage, limits]).toEqual([hasNextPage, [first + 1]]);
  });
  it.each([0, -1, 101])("of %i is refused before anything is read", async (first) => {
    const { limits, load } = rowsOf(200);
    await expect(cutPage(first, load, String)).rejects.toThrow(BadUserInput);
    expect(limits).toEqual([]);
  });

  const ID = "018f0000-0000-7000-8000-000000000001";
  const after = (cursor: string | null, cursors?: RegExp) => {
    const asked: (string | null)[] = [];
    const load = async (place: string | null) => {
      asked.push(place);
      return [ID];
    };
    const id = (one: string) => one;
    return pageOf({ first: 1, after: cursor }, load, id, cursors).then(
      ({ cursorOf, nodes }) => [...asked, cursorOf(nodes[0]!)],
      (error: unknown) => error,
    );
  };
  it("follows after the cursor of the page before", async () => {
    expect(await after(encodeAscii(ID))).toEqual([ID, encodeAscii(ID)]);
    expect(await after(null)).toEqual([null, encodeAscii(ID)]);
    // Of lists with cursors of their own, up to 80 characters.
    expect(await after(encodeAscii("x".repeat(60)), /^x+$/)).toEqual([
      "x".repeat(60),
      encodeAscii(ID),
    ]);
  });
  it.each<[string, string, RegExp?]>([
    ["no base64url", `${encodeAscii(ID)}=`],
    ["no cursor of this list", encodeAscii("shelter")],
    ["a cursor and more", encodeAscii(`${ID}0`)],
    ["more and a cursor", encodeAscii(`0${ID}`)],
    ["in capitals", encodeAscii(ID.toUpperCase())],
    ["empty", ""],
    ["longer than 80 characters", encodeAscii("x".repeat(61)), /^x+$/],
  ])("follows after nothing that is %s", async (_, cursor, cursors) => {
    expect(await after(cursor, cursors)).toBeInstanceOf(BadUserInput);
  });
});

describe("what is told of a case", () => {
  const rows = (count: number, status: string) =>
    Array.from({ length: count }, (_, nth) => ({ nth, status }));
  const told = (live: number, over: number) =>
    ofCase([...rows(over, "RELEASED"), ...rows(live, "HELD")], ["HELD", "CONFIRMED"]);

  it("is what is under way, then what is over, in their order and no more than it counts as", () => {
    expect(told(2, 2)).toEqual([...rows(2, "HELD"), ...rows(2, "RELEASED")]);
    expect(told(29, 5)).toEqual([...rows(29, "HELD"), ...rows(1, "RELEASED")]);
    expect(told(0, 31)).toHaveLength(MOST_OF_CASE);
    expect(told(30, 1)).toEqual(rows(30, "HELD"));
  });
  it("never leaves out anything that is under way", () => {
    expect(() => told(31, 0)).toThrow(LimitExceeded);
  });
  it("is looked for among no more than are read of it", () => {
    expect(told(1, MOST_LOOKED_AT - 1)).toHaveLength(MOST_OF_CASE);
    expect(() => told(1, MOST_LOOKED_AT)).toThrow(LimitExceeded);
  });
});
