import { describe, expect, it } from "vitest";
import { createCursors, isBefore } from "../../src/platform/streams/cursors.ts";

const HARBOUR = "018f0000-0000-7000-8000-000000000001";
const LANTERN = "018f0000-0000-7000-8000-000000000002";
const cursors = createCursors(Buffer.alloc(16, 7));
const place = (transaction: bigint | number, position: bigint | number) => ({
  transaction: String(transaction),
  position: String(position),
});
const MOST = 2n ** 48n - 1n;

describe("a cursor", () => {
  it.each([place(0, 0), place(1, 2), place(2, 1), place(MOST, 0), place(0, MOST)])(
    "is the place $transaction, $position for whom it was made",
    (one) => {
      expect(cursors.open(HARBOUR, cursors.seal(HARBOUR, one))).toEqual(one);
    },
  );

  it("is the same from version to version: somebody has it, and follows on after it", () => {
    expect(cursors.seal(HARBOUR, place(123_456_789, 42))).toBe("ZscRP3m0cyTqSQJJeC20uw");
  });

  it("of another organisation, or another node, is none", () => {
    const own = cursors.seal(HARBOUR, place(123_456_789, 42));
    expect(cursors.open(LANTERN, own)).toBeNull();
    expect(createCursors(Buffer.alloc(16, 8)).open(HARBOUR, own)).toBeNull();
    expect(cursors.seal(LANTERN, place(123_456_789, 42))).not.toBe(own);
  });

  it.each([place(MOST + 1n, 0), place(0, MOST + 1n), place(2n ** 63n, 2n ** 63n)])(
    "of what no outbox comes to, as $transaction, $position, is none",
    (one) => {
      expect(cursors.open(HARBOUR, cursors.seal(HARBOUR, one))).toBeNull();
    },
  );

  it("tells nothing of how far apart two are", () => {
    const all = Array.from({ length: 100 }, (_, nth) => cursors.seal(HARBOUR, place(1_000, nth)));
    for (const length of [4, 18]) {
      expect(new Set(all.map((one) => one.slice(0, length))).size).toBeGreaterThan(98);
      expect(new Set(all.map((one) => one.slice(-length))).size).toBeGreaterThan(98);
    }
  });

  it("in another spelling, cut or drawn out, is none", () => {
    const own = cursors.seal(HARBOUR, place(1, 2));
    expect(own).toMatch(/^[\w-]{21}[AQgw]$/);
    const respelled = own.slice(0, -1) + String.fromCharCode(own.charCodeAt(21) + 1);
    for (const text of ["", own.slice(0, -1), `${own}A`, `${own}==`, respelled, ` ${own.slice(1)}`])
      expect(cursors.open(HARBOUR, text)).toBeNull();
  });
});

it("places stand in the order of their transactions, then of their numbers, both counted and not spelled", () => {
  const order = [place(9, 10), place(10, 9), place(10, 10), place(11, 1)];
  for (const [at, one] of order.entries())
    for (const [other, another] of order.entries()) expect(isBefore(one, another)).toBe(at < other);
});
