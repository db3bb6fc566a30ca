import { expect, it } from "vitest";
import { expectBothWalls } from "../support/both-walls.ts";

// Another one in each run, many more of them in tests/long; the same ones always, by themselves, in tests/db/walls.test.ts.
it.each([Date.now() % 1_000_000])(
  "a random network (seed %i) shows to nobody what the model does not, and to everybody what it does",
  async (seed) => {
    expect(await expectBothWalls(seed)).toBeGreaterThan(100);
  },
);
