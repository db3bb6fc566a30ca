import { expect, inject, it } from "vitest";
import { startPulse } from "../../src/platform/streams/pulse.ts";

/** Milliseconds for which each beat has the process to itself. */
const BUSY_MS = 20;
const BEATS = 10;

it("a pulse that is rung without rest leaves the process to others for twice as long as it takes it", async () => {
  let beats = 0;
  const begun = performance.now();
  const took = await new Promise<number>((resolve) => {
    const pulse = startPulse({
      url: inject("superuserUrl"),
      async beat() {
        const until = performance.now() + BUSY_MS;
        while (performance.now() < until);
        pulse.ring();
        if (++beats > BEATS) resolve(pulse.stop().then(() => performance.now() - begun));
      },
      isHeard: () => true,
      onLost: () => {},
    });
  });
  // A timer may come a millisecond early.
  expect(took).toBeGreaterThan(BEATS * (3 * BUSY_MS - 2));
});
