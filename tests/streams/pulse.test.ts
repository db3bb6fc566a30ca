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

it("a pulse that is stopped in the midst of a beat comes alive no more", async () => {
  let pulse!: ReturnType<typeof startPulse>;
  let end!: () => void;
  await new Promise<void>((beating) => {
    pulse = startPulse({
      url: inject("superuserUrl"),
      beat: () =>
        new Promise((over) => {
          end = over;
          beating();
        }),
      isHeard: () => false,
      onLost: () => {},
    });
  });
  const waitedFor = pulse.comesAlive();
  const stopped = pulse.stop();
  end();
  await stopped;
  expect([await waitedFor, await pulse.comesAlive()]).toEqual([false, false]);
});
