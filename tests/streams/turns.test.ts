import { expect, it } from "vitest";
import { inTurns } from "../../src/platform/streams/turns.ts";

it("many are told a hundred at a time, each once and in order, and others have their turn in between", async () => {
  const items = Array.from({ length: 250 }, (_, nth) => nth);
  const told: number[] = [];
  const inTurn: number[] = [];
  let turn = setImmediate(function next() {
    inTurn.push(told.length);
    turn = setImmediate(next);
  });
  for await (const item of inTurns(items)) told.push(item);
  clearImmediate(turn);
  expect(told).toEqual(items);
  expect(inTurn).toEqual(expect.arrayContaining([100, 200]));
});
