import { afterAll, beforeEach, expect, it, vi } from "vitest";
import { RateLimited } from "../../src/kernel/errors.ts";
import { createGate } from "../../src/platform/limits/gate.ts";
import { DEFAULT_LIMITS } from "../../src/platform/limits/limits.ts";

const now = vi.spyOn(performance, "now");
beforeEach(() => void now.mockReturnValue(1_000));
afterAll(() => now.mockRestore());

const limits = { clientPerSecond: 1, organisationPerSecond: 2, searchesPerMinute: 6 };
const open = () => createGate({ ...DEFAULT_LIMITS, ...limits });
/** Null, or in how many seconds it may come back. */
const wait = (call: () => unknown) => {
  try {
    call();
    return null;
  } catch (error) {
    if (error instanceof RateLimited) return error.retryAfterSeconds;
    throw error;
  }
};
const times = (count: number, call: () => unknown) =>
  Array.from({ length: count }, () => wait(call));
const let10By = [...Array<null>(10).fill(null), 1];

it("a client has ten seconds of its rate at once, and its excess is not its organisation's", () => {
  const gate = open();
  const by =
    (clientName: string, organisationId = "lantern") =>
    () =>
      gate({ organisationId, clientName });
  expect(times(11, by("bot"))).toEqual(let10By);
  expect(times(100, by("bot")).every((one) => one !== null)).toBe(true);
  expect(times(11, by("admin"))).toEqual(let10By);
  // Two have used up what all have.
  expect(wait(by("dashboard"))).toBe(1);
  expect(wait(by("bot", "harbour"))).toBeNull();
  now.mockReturnValue(2_000);
  expect(times(3, by("dashboard"))).toEqual([null, null, 1]);
});

it("a request counts as so many more as it says, as none where it says none, and all at once are no more than may be", () => {
  const gate = open();
  const bot = { organisationId: "lantern", clientName: "bot" };
  const { more } = gate(bot);
  expect(times(100, () => more(0)).every((one) => one === null)).toBe(true);
  expect(wait(() => more(8))).toBeNull();
  expect(wait(() => more(2))).toBe(1);
  expect(times(2, () => gate(bot))).toEqual([null, 1]);
  expect(wait(() => open()(bot).more(1_000))).toBe(1);
  const { more: other } = gate({ ...bot, clientName: "admin" });
  expect(wait(() => other(9))).toBeNull();
  // Of its organisation's twenty none is left.
  expect(wait(() => gate({ ...bot, clientName: "dashboard" }))).toBe(1);
});

it("searches have a minute of their rate at once, and count for nothing else", () => {
  const gate = open();
  const { searches } = gate({ organisationId: "lantern", clientName: "bot" });
  const search = () => searches(1);
  expect(times(7, search)).toEqual([...Array<null>(6).fill(null), 10]);
  expect(times(9, () => gate({ organisationId: "lantern", clientName: "bot" }))).toEqual(
    Array(9).fill(null),
  );
  const another = gate({ organisationId: "harbour", clientName: "bot" });
  expect([4, 3, 2].map((count) => wait(() => another.searches(count)))).toEqual([null, 10, null]);
  now.mockReturnValue(11_000);
  expect(times(2, search)).toEqual([null, 10]);
});
