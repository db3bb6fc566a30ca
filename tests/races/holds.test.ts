import { expect, it } from "vitest";
import { expectBedsKept } from "../support/beds-kept.ts";

const ATTEMPTS = 2_000;

it(
  `no bed is promised twice and no hold lost by ${ATTEMPTS} attempts while each process is killed`,
  { timeout: 300_000 },
  async () => {
    const figures = await expectBedsKept(ATTEMPTS);
    // Each kind of answer was met, and the kills met requests under way.
    expect(Object.entries(figures).filter(([, count]) => count === 0)).toEqual([]);
  },
);
