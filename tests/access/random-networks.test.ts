import { expect, it } from "vitest";
import { expectBothWalls } from "../support/both-walls.ts";

// Many more of them are in tests/long.
it.each([1, Date.now() % 1_000_000])(
  "a random network (seed %i) shows to nobody what the model does not, and to everybody what it does",
  async (seed) => {
    expect(await expectBothWalls(seed)).toBeGreaterThan(100);
  },
);
