import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import {
  faultsOfHold,
  faultsOfNights,
  faultsOfShelter,
  faultsOfStayAt,
} from "../../src/modules/capacity/capacity.rules.ts";
import { faultsOfOffer } from "../../src/modules/handoffs/handoffs.rules.ts";
import { faultsOfName, spelled } from "../../src/kernel/names.ts";
import { builder } from "../../src/platform/graphql/builder.ts";
import "../../src/platform/graphql/scalars.ts";
import { after, DAY, holdsTo, many, NOW, SKEW, TODAY } from "../support/bounds.ts";

const times = <One>(count: number, one: One) => Array.from({ length: count }, () => one);

describe("a hold is held to", () => {
  const stay = { beds: 1, checkIn: TODAY, checkOut: "2026-03-02" };
  const sound = {
    stays: [stay],
    ttlMinutes: 60,
    caseReference: null,
    keepApartFrom: [] as string[],
  };
  const of = (change: object) => ({ stays: [{ ...stay, ...change }] });
  holdsTo(sound, (input) => faultsOfHold(input, TODAY), [
    [
      "stays",
      [{ stays: times(20, stay) }, { stays: times(10, { ...stay, checkOut: "2026-06-09" }) }],
      [
        { stays: [] },
        { stays: times(21, stay) },
        { stays: [...times(10, { ...stay, checkOut: "2026-06-09" }), stay] },
      ],
    ],
    ["stays.0.beds", [of({ beds: 10_000 })], [of({ beds: 0 }), of({ beds: 10_001 })]],
    ["stays.0.checkIn", [of({ checkIn: "2026-02-28" })], [of({ checkIn: "2026-02-27" })]],
    [
      "stays.0.checkOut",
      [of({ checkOut: "2027-03-02" })],
      [of({ checkOut: TODAY }), of({ checkOut: "2027-03-03" })],
    ],
    [
      "ttlMinutes",
      [{ ttlMinutes: 1 }, { ttlMinutes: 10_080 }],
      [{ ttlMinutes: 0 }, { ttlMinutes: 10_081 }],
    ],
    ["keepApartFrom", [{ keepApartFrom: many(50) }], [{ keepApartFrom: many(51) }]],
    ["caseReference", [{ caseReference: randomUUID() }], [{ caseReference: "anna" }]],
  ]);
  const at = (most: number | null, owner = "host") =>
    faultsOfStayAt(
      { checkIn: TODAY, checkOut: "2026-03-04" },
      { owner_id: owner, max_stay_nights: most },
      "host",
    );
  it("what its shelter takes, and to one host", () => {
    expect([at(null), at(3)]).toEqual([[], []]);
    expect([at(2), at(3, "other")].map(([fault]) => fault?.path)).toEqual([
      ["checkOut"],
      ["shelterId"],
    ]);
  });
});

describe("a shelter is held to", () => {
  const sound = {
    label: "Elm",
    locality: "Yerevan",
    features: [] as string[],
    beds: 1,
    maxStayNights: null as number | null,
  };
  holdsTo(sound, faultsOfShelter, [
    ["beds", [{ beds: 0 }, { beds: 10_000 }], [{ beds: -1 }, { beds: 10_001 }]],
    [
      "maxStayNights",
      [{ maxStayNights: 1 }, { maxStayNights: 366 }],
      [{ maxStayNights: 0 }, { maxStayNights: 367 }],
    ],
    ["features", [{ features: ["PETS"] }], [{ features: ["PETS", "PETS"] }]],
    ["locality", [], [{ locality: "" }]],
  ]);
});

describe("a setting of beds is held to", () => {
  const sound = {
    from: TODAY,
    until: "2026-03-02",
    maximum: 1 as number | null,
    outOfService: null as number | null,
  };
  holdsTo(sound, (input) => faultsOfNights(input, TODAY), [
    ["from", [{ from: "2026-02-28" }], [{ from: "2026-02-27" }]],
    ["until", [{ until: "2027-03-02" }], [{ until: TODAY }, { until: "2027-03-03" }]],
    ["maximum", [{ maximum: 0 }, { maximum: 10_000 }], [{ maximum: -1 }, { maximum: 10_001 }]],
    [
      "outOfService",
      [{ maximum: null, outOfService: 0 }],
      [{ outOfService: -1 }, { outOfService: 10_001 }],
    ],
    ["", [], [{ maximum: null }]],
  ]);
});

describe("an offer is held to", () => {
  const consent = { purpose: "SHELTER", givenAt: NOW, expiresAt: after(DAY), caregiver: false };
  const sound = {
    candidateIds: ["one"],
    needs: ["SHELTER"],
    party: { adults: 1, children: 0 },
    destinations: ["AM"],
    documentsHeld: ["NONE"],
    windowStart: TODAY,
    windowEnd: "2026-03-02",
    consent,
  };
  const of = (change: object) => ({ consent: { ...consent, ...change } });
  const party = (adults: number, children: number) => ({ party: { adults, children } });
  holdsTo(sound, (input) => faultsOfOffer(input, NOW), [
    [
      "candidateIds",
      [{ candidateIds: many(20) }],
      [{ candidateIds: [] }, { candidateIds: many(21) }, { candidateIds: ["x", "x"] }],
    ],
    [
      "destinations",
      [{ destinations: many(20) }],
      [{ destinations: [] }, { destinations: many(21) }],
    ],
    ["needs", [], [{ needs: [] }, { needs: ["SHELTER", "SHELTER"] }]],
    [
      "documentsHeld",
      [{ documentsHeld: many(5) }],
      [{ documentsHeld: [] }, { documentsHeld: ["NONE", "X"] }],
    ],
    ["party", [party(1, 49)], [party(0, 0), party(1, 50), party(-1, 2), party(2, -1)]],
    [
      "windowEnd",
      [{ windowEnd: "2027-03-02" }, { windowStart: "2026-02-01", windowEnd: TODAY }],
      [
        { windowEnd: TODAY },
        { windowEnd: "2027-03-03" },
        { windowStart: "2026-02-01", windowEnd: "2026-02-28" },
      ],
    ],
    ["consent.purpose", [], [of({ purpose: "CASH" })]],
    ["consent.givenAt", [of({ givenAt: after(SKEW) })], [of({ givenAt: after(SKEW + 1) })]],
    [
      "consent.expiresAt",
      [of({ expiresAt: after(1) }), of({ expiresAt: after(366 * DAY) })],
      [of({ expiresAt: NOW }), of({ expiresAt: after(366 * DAY + 1) })],
    ],
    ["consent.caregiver", [{ ...party(0, 1), ...of({ caregiver: true }) }], [party(0, 1)]],
  ]);
});

describe("an instant is held to", () => {
  const { parseValue } = builder.configStore.getTypeConfig("DateTime", "Scalar");
  const read = (text: string) => parseValue!(text) as Date;
  it.each([
    ["2026-12-30T23:59:59Z", "2026-12-30T23:59:59.000Z"],
    ["2026-12-30T00:00:00.1239999999999Z", "2026-12-30T00:00:00.123Z"],
    ["2026-12-30T00:00:00+14:00", "2026-12-29T10:00:00.000Z"],
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
  ])("%s, as %s", (text, instant) => {
    expect(read(text).toISOString()).toBe(instant);
  });
  it.each([
    "2026-12-31T23:59:60Z",
    "2026-12-30T24:00:00Z",
    "2026-12-30T00:00:00.Z",
    "2026-12-30T00:00:00",
    "2026-12-30t00:00:00z",
    "2026-12-30T00:00:00+24:00",
    "2027-02-29T00:00:00Z",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
  ])("and takes %s for none", (text) => {
    expect(() => read(text)).toThrow("must be an RFC 3339");
  });
});

it("a name is spelled in one way if it can be one, and nothing longer is put in order", () => {
  const written = "\u03b1\u0313\u0300\u0345".repeat(80);
  expect(spelled(written)).toBe("\u1f82".repeat(80));
  expect(faultsOfName("label", spelled(written))).toEqual([]);
  const long = "a\u0323".repeat(321);
  expect(spelled(long)).toBe(long);
  expect(faultsOfName("label", long)).toHaveLength(1);
});

it("a language is read of a short text alone: what says to have 2^53 members is not counted through", () => {
  const { parseValue } = builder.configStore.getTypeConfig("LanguageTag", "Scalar");
  const length = vi.fn<() => number>(() => 0);
  const list = Object.defineProperty({}, "length", { get: length });
  for (const value of [list, ["de"], 1, null, ""])
    expect(() => parseValue!(value)).toThrow("must be a BCP 47 language tag");
  expect(length).not.toHaveBeenCalled();
  const read = vi.spyOn(Intl, "getCanonicalLocales");
  const tagOf = (letters: number) => `de-x-${"abcd-".repeat(49)}${"a".repeat(letters)}`;
  expect(() => parseValue!(tagOf(6))).toThrow("must be a BCP 47 language tag");
  expect(read).not.toHaveBeenCalled();
  for (const tag of ["de", tagOf(5)]) expect(parseValue!(tag)).toBe(tag);
  read.mockRestore();
});
