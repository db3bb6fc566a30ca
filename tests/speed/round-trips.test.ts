import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RoundTrip, roundTrips } from "../../src/platform/telemetry/tracing.ts";
import { type Demo, startDemo } from "../support/demo.ts";
import { hold, SEARCH, search, shelter, stay } from "../support/holds.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});

/** Of the quietest of several calls: the clock works beside them. */
async function tripsOf(call: () => Promise<unknown>): Promise<number> {
  let fewest = Infinity;
  for (let attempt = 0; attempt < 5; attempt++) {
    let trips = 0;
    const count = { start: (_: RoundTrip) => void trips++ } as never;
    roundTrips.subscribe(count);
    await call();
    roundTrips.unsubscribe(count);
    fewest = Math.min(fewest, trips);
  }
  return fewest;
}

describe("round trips to the database", () => {
  it("of a search are its status, the search, the shelters and their owners, for any number of rows", async () => {
    const find = (first: number) => demo.ask("lantern", SEARCH, { search, first });
    const rows = async (first: number) => (await find(first)).data!["bedAvailability"].edges.length;
    expect([await rows(1), await rows(20)]).toEqual([1, 2]);
    const [one, all] = [await tripsOf(() => find(1)), await tripsOf(() => find(20))];
    expect(one).toBeLessThanOrEqual(4);
    expect(all).toBe(one);
  });

  it("of an inbox are its status, the page and the senders", async () => {
    const inbox = `{ handoffs(box: INBOX, first: 20) { edges { node { id status sender { handle } } } } }`;
    expect(await tripsOf(() => demo.ask("harbour", inbox))).toBeLessThanOrEqual(3);
  });

  it("of a hold stay within what its checks, its write and its answer take", async () => {
    const id = await shelter((...call) => demo.ask(...call), "Pomegranate");
    const place = () => hold((...call) => demo.ask(...call), "lantern", [stay(id, 1)]);
    expect(await tripsOf(place)).toBeLessThanOrEqual(13);
  });
});
