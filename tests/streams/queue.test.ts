import { describe, expect, it } from "vitest";
import { createQueue } from "../../src/platform/streams/queue.ts";

function open(most = 3) {
  let closed = 0;
  const queue = createQueue<number>(most, () => closed++);
  return { queue, reader: queue[Symbol.asyncIterator](), timesClosed: () => closed };
}
const done = { value: undefined, done: true };

describe("what waits for one reader", () => {
  it("is read in order, at once or when it comes", async () => {
    const { queue, reader } = open();
    expect([queue.push(1), queue.push(2)]).toEqual([true, true]);
    expect([(await reader.next()).value, (await reader.next()).value]).toEqual([1, 2]);
    const next = reader.next();
    queue.push(3);
    expect(await next).toEqual({ value: 3, done: false });
    queue.push(4);
    expect(await reader.next()).toEqual({ value: 4, done: false });
  });

  it("is let go when more waits than the bound, and the reader is told nothing of it", async () => {
    const { queue, reader, timesClosed } = open();
    expect([1, 2, 3, 4].map((item) => queue.push(item))).toEqual([true, true, true, false]);
    expect(queue.push(5)).toBe(false);
    expect(await reader.next()).toEqual(done);
    expect(timesClosed()).toBe(1);
  });

  it.each([
    ["a reader that waits", true],
    ["a reader that comes later", false],
  ])("ends once with its error, and nothing that waited is told, for %s", async (_, waits) => {
    const { queue, reader, timesClosed } = open();
    if (!waits) queue.push(1);
    const early = waits ? reader.next() : null;
    queue.end(new Error("taken back"));
    queue.end();
    await expect(early ?? reader.next()).rejects.toThrow("taken back");
    expect(await reader.next()).toEqual(done);
    expect(queue.push(2)).toBe(false);
    expect(timesClosed()).toBe(1);
  });

  it("lets go of a reader that goes away while it waits", async () => {
    const { reader, timesClosed } = open();
    const next = reader.next();
    await reader.return!();
    expect(await next).toEqual(done);
    expect(timesClosed()).toBe(1);
  });
});
