import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addDays, type Standing } from "../../src/cli/hmis/plan.ts";
import type { Export } from "../../src/cli/hmis/read.ts";
import { applied, exported, plan, shelter, TODAY } from "../support/hmis.ts";

describe("what the files say of a shelter that stands", () => {
  const maxima = (files: Export, standing: Standing) => {
    const after = applied(plan(files, [standing]), [standing]);
    return [...new Set(after[0]!.nights.map(({ maximum }) => maximum))];
  };

  it.each([
    { InventoryEndDate: "2026-03-01" },
    { DateDeleted: "2026-03-01" },
    { BedInventory: "0" },
  ])("empties it when its only row has %j", (cells) => {
    expect(maxima(exported([cells]), shelter("HMIS-10-1", 6))).toEqual([0]);
  });

  it.each([{ BedInventory: "six" }, { ProjectID: "?" }, { HouseholdType: "" }])(
    "never lowers it beside a row that cannot be understood: %j",
    (doubt) => {
      expect(maxima(exported([{}, doubt]), shelter("HMIS-10-1", 9))).toEqual([9]);
      expect(maxima(exported([{}, doubt]), shelter("HMIS-10-1", 4))).toEqual([6]);
    },
  );

  it("goes no lower than what is promised, and names the nights", () => {
    expect(maxima(exported([{}]), shelter("HMIS-10-1", 9, 7))).toEqual([7]);
    const { quarantined } = plan(exported([{}]), [shelter("HMIS-10-1", 9, 7)]);
    expect(quarantined).toMatchObject([
      { row: 2, column: "BedInventory", reason: expect.stringContaining("7 beds are promised") },
    ]);
  });

  it("leaves one that stands elsewhere", () => {
    const elsewhere = { ...shelter("HMIS-10-1", 9), locality: "Gyumri" };
    const { set, quarantined } = plan(exported([{}]), [elsewhere]);
    expect(set).toEqual([]);
    expect(quarantined[0]?.reason).toContain("stands in AM, Gyumri");
  });

  it("names as vanished those of an earlier import alone", () => {
    const standing = [shelter("HMIS-99-3", 2), shelter("Walnut", 2)];
    expect(plan(exported([{}]), standing).vanished).toEqual(["HMIS-99-3"]);
  });

  it("quarantines the row that takes it above what a shelter may have", () => {
    const rows = [{ BedInventory: "9999" }, { BedInventory: "2" }];
    expect(plan(exported(rows)).quarantined).toMatchObject([{ row: 3, column: "BedInventory" }]);
  });
});

describe("for any rows", () => {
  interface Drawn {
    readonly start: string;
    readonly end: string | null;
    readonly beds: number;
    readonly household: string;
  }
  const day = fc.integer({ min: -40, max: 420 }).map((days) => addDays(TODAY, days));
  const rows: fc.Arbitrary<Drawn[]> = fc.array(
    fc.record({
      start: day,
      end: fc.option(day),
      beds: fc.integer({ min: 1, max: 50 }),
      household: fc.constantFrom("1", "3"),
    }),
    { maxLength: 8 },
  );
  const filesOf = (drawn: readonly Drawn[]) =>
    exported(
      drawn.map(({ start, end, beds, household }) => ({
        InventoryStartDate: start,
        InventoryEndDate: end ?? "",
        BedInventory: `${beds}`,
        UnitInventory: "1",
        HouseholdType: household,
      })),
    );
  const isReversed = ({ start, end }: Drawn) => end !== null && Date.parse(end) < Date.parse(start);
  /** From first principles, in milliseconds. */
  function says(drawn: readonly Drawn[], label: string, date: string): number {
    const at = Date.parse(date);
    let sum = 0;
    for (const { start, end, beds, household } of drawn) {
      const last = end === null ? Infinity : Date.parse(end);
      if (label.endsWith(household) && Date.parse(start) <= at && at <= last) sum += beds;
    }
    return sum;
  }

  it("each night has the sum of its rows, and the plan after the plan is empty", () => {
    fc.assert(
      fc.property(rows, (drawn) => {
        const files = filesOf(drawn);
        const after = applied(plan(files), []);
        for (const label of ["HMIS-10-1", "HMIS-10-3"]) {
          const one = after.find((found) => found.label === label) ?? shelter(label, 0);
          for (const { date, maximum } of one.nights) {
            if (maximum !== says(drawn, label, date)) {
              throw new Error(`${label} has ${maximum} on ${date}`);
            }
          }
        }
        const again = plan(files, after);
        expect([again.create, again.set]).toEqual([[], []]);
      }),
      { numRuns: 100 },
    );
  });

  it("a later file moves every night to its own sum, and none begins above it", () => {
    fc.assert(
      fc.property(rows, rows, (first, second) => {
        const standing = applied(plan(filesOf(first)), []);
        const later = plan(filesOf(second), standing);
        for (const { begin, beds } of later.create) {
          expect(begin).toBe(Math.min(...beds.values()));
        }
        const after = applied(later, standing);
        for (const { label, nights } of after) {
          if (later.vanished.includes(label)) continue;
          const before = standing.find((one) => one.label === label) ?? shelter(label, 0);
          const isDoubtful = second.some((row) => isReversed(row) && label.endsWith(row.household));
          for (const [at, { date, maximum }] of nights.entries()) {
            const sum = says(second, label, date);
            const wanted = isDoubtful ? Math.max(before.nights[at]!.maximum, sum) : sum;
            if (maximum !== wanted) throw new Error(`${label} has ${maximum} on ${date}`);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
