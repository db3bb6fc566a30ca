import { describe, expect, it } from "vitest";
import { codeOfCountry } from "../../src/cli/missions/countries.ts";
import { type MissionRow, planMissions, type Standing } from "../../src/cli/missions/plan.ts";

const TODAY = Date.parse("2026-03-10");
const NOTHING = { made: [], vanished: [] };
const mission = (row: number, change: Partial<MissionRow> = {}): MissionRow => ({
  row,
  operator: "Germany",
  country: "Armenia",
  city: "Yerevan",
  type: "embassy",
  ...change,
});
const contact = (id: string, change: Partial<Standing> = {}): Standing => ({
  id,
  representing: "DE",
  country: "AM",
  locality: "Yerevan",
  programme: "ACTIVE",
  assuredAt: "2026-02-02T00:00:00Z",
  reviewBy: "2026-08-01T00:00:00Z",
  ...change,
});
const plan = (rows: MissionRow[], standing: Standing[] = [], remembered = NOTHING as never) =>
  planMissions(rows, standing, remembered, TODAY);

describe("a list of missions", () => {
  it.each([
    ["Germany", "DE"],
    ["Turkey", "TR"],
    ["United States of America", "US"],
    ["People's Republic of China", "CN"],
    ["Czech Republic", "CZ"],
    ["Holy See", "VA"],
    ["Ivory Coast", "CI"],
    ["  france ", "FR"],
    ["Atlantis", null],
    ["", null],
  ])("calls %j %s", (name, code) => {
    expect(codeOfCountry(name)).toBe(code);
  });

  it("becomes drafts, one a country and city, and names what it does not take", () => {
    const { create, quarantined } = plan([
      mission(2),
      mission(3, { type: "consulate general" }),
      mission(4, { operator: "Atlantis" }),
      mission(5, { country: "Lemuria" }),
      mission(6, { city: "" }),
      mission(7, { city: "Old Town District" }),
      mission(8, { city: "Long Street 4" }),
      mission(9, { type: "trade office" }),
      mission(10, { operator: "France" }),
      mission(12, { city: "Z\u{FFFD}rich" }),
      mission(11, { operator: "Sweden", type: "Consulate General of Sweden" }),
    ]);
    expect(create).toEqual([
      { representing: "DE", country: "AM", locality: "Yerevan" },
      { representing: "FR", country: "AM", locality: "Yerevan" },
      { representing: "SE", country: "AM", locality: "Yerevan" },
    ]);
    expect(quarantined.map(({ row, column }) => [row, column])).toEqual([
      [3, "type"],
      [4, "operator"],
      [5, "country"],
      [6, "city"],
      [7, "city"],
      [8, "city"],
      [9, "type"],
      [12, "city"],
    ]);
  });

  it("read again changes nothing, renews what is due, pauses what has vanished and wakes what is back", () => {
    const own = { made: ["a", "b", "c", "d"], vanished: ["d"] } as never;
    const standing = [
      contact("a"),
      contact("b", { representing: "FR", reviewBy: "2026-04-01T00:00:00Z" }),
      contact("c", { representing: "IT" }),
      contact("d", { representing: "ES", programme: "PAUSED" }),
      contact("by hand", { representing: "PL" }),
    ];
    const rows = [
      mission(2),
      mission(3, { operator: "France" }),
      mission(4, { operator: "Spain" }),
    ];
    const result = plan(rows, standing, own);
    expect(result.create).toEqual([]);
    expect(result.unchanged.map(({ id }) => id)).toEqual(["a"]);
    expect(result.renew.map(({ id }) => id)).toEqual(["b", "d"]);
    expect(result.pause.map(({ id }) => id)).toEqual(["c"]);
  });
});
