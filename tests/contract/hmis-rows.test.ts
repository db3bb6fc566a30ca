import { describe, expect, it } from "vitest";
import { type Export, readTable } from "../../src/cli/hmis/read.ts";
import { tableOf } from "../../src/cli/table.ts";
import { exported, plan } from "../support/hmis.ts";

/** Where each row of Inventory.csv was stopped. */
const stopped = (files: Export) =>
  plan(files)
    .quarantined.filter(({ file }) => file === "Inventory.csv")
    .map(({ row, column }) => `${row} ${column}`);

describe("a row that is not taken names its column", () => {
  it.each([
    ["permanent housing", {}, { ProjectType: "3" }, {}, "ProjectID"],
    ["a project of victim services", {}, {}, { VictimServiceProvider: "1" }, "ProjectID"],
    ["an organisation that does not tell", {}, {}, { VictimServiceProvider: "99" }, "ProjectID"],
    ["survivors of violence", {}, { TargetPopulation: "1" }, {}, "ProjectID"],
    ["tenant-based housing", {}, { HousingType: "3" }, {}, "ProjectID"],
    ["a project that closed", {}, { OperatingEndDate: "2026-03-08" }, {}, "ProjectID"],
    ["a deleted organisation", {}, {}, { DateDeleted: "2020-01-01 00:00:00" }, "ProjectID"],
    ["another project's id", { ProjectID: "11" }, {}, {}, "ProjectID"],
    ["an id that is an address", { ProjectID: "Long Street 4" }, {}, {}, "ProjectID"],
    ["children alone", { HouseholdType: "4" }, {}, {}, "HouseholdType"],
    ["an unknown household", { HouseholdType: "2" }, {}, {}, "HouseholdType"],
    ["overflow", { Availability: "3" }, {}, {}, "Availability"],
    ["an emergency shelter, blank", { Availability: "" }, {}, {}, "Availability"],
    ["a season without end", { Availability: "2" }, {}, {}, "InventoryEndDate"],
    ["a day that is not", { InventoryStartDate: "2021-02-29" }, {}, {}, "InventoryStartDate"],
    ["an end before the start", { InventoryEndDate: "2019-01-01" }, {}, {}, "InventoryEndDate"],
    ["an end", { InventoryEndDate: "2026-03-08" }, {}, {}, "InventoryEndDate"],
    ["a far start", { InventoryStartDate: "2027-03-11" }, {}, {}, "InventoryStartDate"],
    ["half a bed", { BedInventory: "6.5" }, {}, {}, "BedInventory"],
    ["less than none", { BedInventory: "-1" }, {}, {}, "BedInventory"],
    ["too many", { BedInventory: "10001" }, {}, {}, "BedInventory"],
    ["none", { BedInventory: "0" }, {}, {}, "BedInventory"],
    ["parts that are less", { OtherBedInventory: "5" }, {}, {}, "BedInventory"],
    ["only veterans", { VetBedInventory: "6" }, {}, {}, "VetBedInventory"],
    ["families in no unit", { HouseholdType: "3" }, {}, {}, "UnitInventory"],
    ["more units than beds", { UnitInventory: "7" }, {}, {}, "UnitInventory"],
    ["no CoC", { CoCCode: "" }, {}, {}, "CoCCode"],
    ["a deleted row", { DateDeleted: "2022-01-01 10:00:00" }, {}, {}, "DateDeleted"],
  ])("%s", (_, inventory, project, organization, column) => {
    const files = exported([inventory], project, organization);
    expect(stopped(files)).toEqual([`2 ${column}`]);
    expect(plan(files).create).toEqual([]);
  });

  it("an id that stands twice names nothing; one that was deleted leaves the other", () => {
    const twice = exported([{ InventoryID: "1" }, { InventoryID: "1" }]);
    expect(stopped(twice)).toEqual(["2 InventoryID", "3 InventoryID"]);
    const replaced = exported([
      { InventoryID: "1", DateDeleted: "2020-01-01" },
      { InventoryID: "1" },
    ]);
    expect(stopped(replaced)).toEqual(["2 DateDeleted"]);
    expect(plan(replaced).create).toHaveLength(1);
  });

  it("takes what is not dedicated to others, and names the rest", () => {
    const files = exported([{ YouthBedInventory: "2", OtherBedInventory: "4" }]);
    expect(stopped(files)).toEqual(["2 YouthBedInventory"]);
    expect(plan(files).create[0]?.begin).toBe(4);
  });

  it("never repeats what stands in the cell", () => {
    const files = exported([{ BedInventory: "Somebody" }, { HouseholdType: "\u{1B}[31m" }]);
    expect(JSON.stringify(plan(files))).not.toMatch(/Somebody|31m/);
  });
});

it("takes families by their features, and apartments by the type of housing", () => {
  const { create } = plan(
    exported([{}, { HouseholdType: "3", UnitInventory: "2" }], {
      ProjectType: "2",
      HousingType: "2",
    }),
  );
  expect(create.map(({ statement, kind, features }) => [statement.label, kind, features])).toEqual([
    ["HMIS-10-1", "APARTMENT", []],
    ["HMIS-10-3", "APARTMENT", ["FAMILY_ROOM", "CHILDREN_WELCOME"]],
  ]);
});

describe("a file", () => {
  const table = (text: string | Buffer) => readTable("Organization.csv", Buffer.from(text));
  const header = "OrganizationID,VictimServiceProvider,DateDeleted";
  const ids = (text: string | Buffer) =>
    table(text).rows.map(({ row, values }) => `${row} ${values["OrganizationID"]}`);

  it("is read with a byte order mark, CRLF, blank lines, line feeds in quotes and Latin-1", () => {
    const spread = `\u{FEFF}${header},Name\r\n1,0,,"a\r\nb, c"\r\n\r\n2,0,,`;
    expect(ids(spread)).toEqual(["2 1", "4 2"]);
    expect(ids(Buffer.from(`${header},Name\n1,0,,Café\n`, "latin1"))).toEqual(["2 1"]);
  });

  it("loses only the rows that have other columns than its header", () => {
    const { rows, faults } = table(`${header}\n1,0,\n2,0\n3,0,,\n4,0,`);
    expect(rows.map(({ row }) => row)).toEqual([2, 5]);
    expect(faults.map(({ row, column }) => [row, column])).toEqual([
      [3, null],
      [4, null],
    ]);
  });

  it("may have as many rows that are blank or not as long as its header as somebody looks at, and no more", () => {
    const odd = `${header}${"\n\n1,0".repeat(1_000)}`;
    expect(table(odd).faults).toHaveLength(1_000);
    expect(() => table(`${odd}\n\n`)).toThrow(
      "Organization.csv has more than 2,000 rows that are blank or not as long as its header.",
    );
  });

  it("is told of in a table of any length", () => {
    const rows = Array.from({ length: 200_000 }, (_, nth) => [String(nth), "x"]);
    expect(tableOf([["row", "value"], ...rows]).at(-1)).toBe("199999  x");
  });

  it.each([
    ["", /lacks the column OrganizationID, VictimServiceProvider, DateDeleted/],
    ["OrganizationID,DateDeleted\n1,", /lacks the column VictimServiceProvider/],
    [`${header},OrganizationID\n`, /OrganizationID twice/],
    [`${header}\n1,0,"`, /a quote is not closed/],
  ])("that is unusable stops the import: %j", (text, message) => {
    expect(() => table(text)).toThrow(message);
  });
});
