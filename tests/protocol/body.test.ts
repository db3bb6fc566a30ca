import type { IncomingMessage } from "node:http";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { OverlongBody, passOver, readJson, SlowBody } from "../../src/platform/http/body.ts";

const MOST = 1024 * 1024;
/** A request, as far as its body goes. */
function request(headers: Record<string, string> = {}) {
  const stream = Object.assign(new PassThrough({ highWaterMark: 64 * MOST }), { headers });
  return { stream, request: stream as unknown as IncomingMessage };
}
const textOf = (length: number) => JSON.stringify("x".repeat(length - 2));
afterEach(() => void vi.useRealTimers());

describe("a body", () => {
  it("is read up to 1 MiB, in as many pieces as it comes in", async () => {
    for (const pieces of [1, 3]) {
      const { stream, request: one } = request({ "content-length": String(MOST) });
      const read = readJson(one);
      const text = textOf(MOST);
      const size = Math.ceil(MOST / pieces);
      for (let at = 0; at < MOST; at += size) stream.write(text.slice(at, at + size));
      stream.end();
      expect(await read).toBe("x".repeat(MOST - 2));
    }
  });

  it("of a byte more is refused, and what comes after is left", async () => {
    const { stream, request: one } = request();
    const read = readJson(one);
    stream.write(textOf(MOST));
    stream.write("x");
    await expect(read).rejects.toThrow(OverlongBody);
    expect([stream.listenerCount("data"), stream.isPaused()]).toEqual([0, true]);
  });

  it("that says to be longer is refused before any of it is read", async () => {
    const { stream, request: one } = request({ "content-length": String(MOST + 1) });
    await expect(readJson(one)).rejects.toThrow(OverlongBody);
    expect(stream.listenerCount("data")).toBe(0);
  });

  it("is UTF-8, though a character comes in two pieces", async () => {
    const { stream, request: one } = request();
    const read = readJson(one);
    for (const byte of Buffer.from('"é"')) stream.write(Buffer.of(byte));
    stream.end();
    expect(await read).toBe("é");
    const other = request();
    const refused = readJson(other.request);
    other.stream.end(Buffer.from('"é"', "latin1"));
    await expect(refused).rejects.toThrow(SyntaxError);
  });

  it.each<[string, (stream: PassThrough) => unknown]>([
    ["before it was asked for", (stream) => once(stream.destroy(), "close")],
    ["in the midst of it", (stream) => setImmediate(() => stream.write("{") && stream.destroy())],
    ["with an error", (stream) => setImmediate(() => stream.destroy(new Error("ECONNRESET")))],
  ])("whose sender went away %s is waited for no longer", async (_, leave) => {
    const { stream, request: one } = request();
    await leave(stream);
    await expect(readJson(one)).rejects.toThrow(/went away|ECONNRESET/);
  });

  it("has ten seconds, which end with it", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const [slow, whole, gone, long] = [request(), request(), request(), request()];
    const outcome = readJson(slow.request).catch((error: unknown) => error);
    const others = Promise.allSettled([whole, gone, long].map(({ request: one }) => readJson(one)));
    whole.stream.end("{}");
    gone.stream.destroy();
    long.stream.write("x".repeat(MOST + 1));
    await others;
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(slow.stream.isPaused()).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await outcome).toBeInstanceOf(SlowBody);
    expect([slow.stream.listenerCount("data"), slow.stream.isPaused()]).toEqual([0, true]);
  });
});

describe("what is left of a refused body", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  it("is passed over to its end", async () => {
    const { stream, request: one } = request();
    const passed = passOver(one);
    stream.end("x".repeat(MOST));
    await passed;
    expect([stream.readableEnded, vi.getTimerCount()]).toEqual([true, 0]);
  });

  it("is passed over, too, where that it is too long was found in the midst of it", async () => {
    const { stream, request: one } = request();
    const read = readJson(one);
    stream.write("x".repeat(MOST + 1));
    await expect(read).rejects.toThrow(OverlongBody);
    const passed = passOver(one);
    stream.end("x");
    await new Promise(setImmediate);
    expect(stream.readableEnded).toBe(true);
    await passed;
  });

  it("is passed over for 16 MiB and no more", async () => {
    const { stream, request: one } = request();
    let isOver = false;
    const passed = passOver(one).then(() => (isOver = true));
    stream.write(Buffer.alloc(16 * MOST));
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    stream.write("x");
    await passed;
    expect(stream.isPaused()).toBe(true);
  });

  it("is passed over for two seconds", async () => {
    const { stream, request: one } = request();
    let isOver = false;
    const passed = passOver(one).then(() => (isOver = true));
    stream.write("x");
    await vi.advanceTimersByTimeAsync(1_999);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await passed;
    expect([stream.isPaused(), vi.getTimerCount()]).toEqual([true, 0]);
  });
});
