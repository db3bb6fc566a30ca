import { afterEach, describe, expect, it, vi } from "vitest";
import { gather, type Statement } from "../../src/platform/db/pipeline.ts";
import type { Pool } from "../../src/platform/db/pool.ts";
import { ring } from "../../src/platform/db/ring.ts";

const of = (text: string): Statement => ({ text, values: [] });
const told = (text: string) => ({ rows: [{ text }], rowCount: 1 });
/** A database that refuses what is bad, and what it was asked, a round trip each. */
function database() {
  const trips: string[][] = [];
  const send = async (statements: readonly Statement[]) => {
    trips.push(statements.map(({ text }) => text));
    const bad = statements.find(({ text }) => text.startsWith("bad"));
    if (bad) throw new Error(bad.text);
    return statements.map(({ text }) => told(text));
  };
  return { trips, send };
}

describe("statements of one tick", () => {
  it("travel together, with those that are asked by their promises, and each has its own rows", async () => {
    const { trips, send } = database();
    const ask = gather(send);
    const askAll = () => {
      let late = Promise.resolve();
      for (let hops = 0; hops < 5; hops++) late = late.then(() => {});
      return Promise.all([ask(of("one")), ask(of("two")), late.then(() => ask(of("three")))]);
    };
    // As from what the network told: whatever is for the next tick would come before all promises.
    const all = await new Promise((resolve) => setImmediate(() => resolve(askAll())));
    expect(all).toEqual(["one", "two", "three"].map(told));
    expect(await ask(of("four"))).toEqual(told("four"));
    expect(trips).toEqual([["one", "two", "three"], ["four"]]);
  });

  it("fail together where one fails", async () => {
    const { trips, send } = database();
    const ask = gather(send);
    const all = await Promise.allSettled([ask(of("one")), ask(of("bad"))]);
    expect(all).toMatchObject(Array(2).fill({ reason: new Error("bad") }));
    expect(trips).toEqual([["one", "bad"]]);
  });

  it("are asked again by themselves where each is to have its own error, and one that was alone is not", async () => {
    const { trips, send } = database();
    const ask = gather(send, { alone: true });
    const all = await Promise.allSettled(["one", "bad 1", "bad 2"].map((text) => ask(of(text))));
    expect(all).toMatchObject([
      { value: told("one") },
      { reason: new Error("bad 1") },
      { reason: new Error("bad 2") },
    ]);
    expect(trips).toEqual([["one", "bad 1", "bad 2"], ["one"], ["bad 1"], ["bad 2"]]);
    await expect(ask(of("bad 3"))).rejects.toThrow("bad 3");
    expect(trips.slice(4)).toEqual([["bad 3"]]);
  });
});

describe("a ring", () => {
  afterEach(() => void vi.useRealTimers());
  /** A pool of one connection that takes everything, or none. */
  function poolThat(answers: boolean) {
    const rung: unknown[] = [];
    const client = {
      query: (batch: { callback(error: null, results: []): void }) => {
        rung.push(batch);
        batch.callback(null, []);
      },
      release() {},
    };
    const connect = async () => {
      if (answers) return client;
      rung.push(null);
      throw new Error("gone");
    };
    return { rung, pool: { connect } as unknown as Pool };
  }

  it("is heard at once, then for all of ten milliseconds together, each pool for itself", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const [first, second] = [poolThat(true), poolThat(true)];
    for (let times = 0; times < 5; times++) ring(first.pool);
    // What was committed after the first is not told by it.
    for (let times = 0; times < 2; times++) ring(second.pool);
    await vi.advanceTimersByTimeAsync(0);
    expect([first.rung.length, second.rung.length]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(9);
    ring(first.pool);
    expect(first.rung).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(first.rung).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(100);
    expect([first.rung.length, second.rung.length]).toEqual([2, 2]);
    ring(first.pool);
    await vi.advanceTimersByTimeAsync(0);
    expect(first.rung).toHaveLength(3);
  });

  it("that nobody can hear is no fault: whoever listens looks all the same", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const { rung, pool } = poolThat(false);
    ring(pool);
    await vi.advanceTimersByTimeAsync(0);
    expect(rung).toEqual([null]);
  });
});
