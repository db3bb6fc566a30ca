import { expect, it } from "vitest";
import { expectBothWalls } from "../support/both-walls.ts";

const since = Date.now() % 1_000_000;
const seeds = Array.from({ length: 30 }, (_, nth) => since + nth);

it.each(seeds)(
  "a random network (seed %i) shows to nobody what the model does not, and to everybody what it does",
  async (seed) => {
    expect(await expectBothWalls(seed)).toBeGreaterThan(100);
  },
);
