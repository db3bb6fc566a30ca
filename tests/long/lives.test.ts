import { afterAll, beforeAll, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../src/platform/limits/limits.ts";
import { type Demo, startDemo } from "../support/demo.ts";
import { type Scene, setScene } from "../support/life-scene.ts";
import { liveOut } from "../support/life-walk.ts";
import { randomOf } from "../support/random.ts";

/** What a second allows is limits.test.ts' to tell, what an hour does budgets.test.ts'. */
const BOUNDLESS = {
  clientPerSecond: 1_000_000,
  organisationPerSecond: 1_000_000,
  perHour: Object.fromEntries(
    Object.keys(DEFAULT_LIMITS.perHour).map((purpose) => [purpose, 1_000_000]),
  ) as typeof DEFAULT_LIMITS.perHour,
};
let demo: Demo;
let scene: Scene;
beforeAll(async () => {
  demo = await startDemo(BOUNDLESS);
  scene = await setScene(demo);
});
afterAll(async () => {
  await demo.stop();
});

const since = Date.now() % 1_000_000;
const seeds = Array.from({ length: 60 }, (_, nth) => since + nth);

it.each(seeds)(
  "no handoff is lost and no bed promised twice in a random history (seed %i)",
  async (seed) => {
    const story = await liveOut(scene, randomOf(seed), 120);
    expect(story.length).toBeGreaterThan(120);
    expect(demo.faults).toEqual([]);
  },
);
