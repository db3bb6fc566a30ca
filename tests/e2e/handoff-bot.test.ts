import { expect, it } from "vitest";
import { drillBot } from "../support/bot-drill.ts";

it("the handoff bot does each thing once, though it and its API are killed meanwhile", async () => {
  const { handoffs, declined, files, instructed } = await drillBot({
    handoffs: 10,
    seconds: 3,
    processes: 1,
    botKills: 1,
    apiKills: 1,
  });
  expect(handoffs).toBe(10);
  expect(declined).toBeGreaterThan(0);
  expect(files).toBe(handoffs - declined);
  expect(instructed).toBeGreaterThan(0);
  // Longer than the drill's own patience, which says what it has waited for, and than what starts before it.
}, 420_000);
