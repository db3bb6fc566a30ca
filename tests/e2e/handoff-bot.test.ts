import { expect, it } from "vitest";
import { drillBot } from "../support/bot-drill.ts";

// With its API killed as well, which the long drill does for ten minutes, one short run in many does not end.
it("the handoff bot does each thing once, though it is killed meanwhile", async () => {
  const { handoffs, declined, files, instructed } = await drillBot({
    handoffs: 10,
    seconds: 5,
    processes: 1,
    botKills: 1,
    apiKills: 0,
  });
  expect(handoffs).toBe(10);
  expect(declined).toBeGreaterThan(0);
  expect(files).toBe(handoffs - declined);
  expect(instructed).toBeGreaterThan(0);
  // Seven processes start one after the other: on a machine that does other work, that is most of it.
}, 180_000);
