import { readInventory } from "../../src/cli/hmis/inventory.ts";
import {
  addDays,
  changesOf,
  horizonOf,
  type Night,
  type Plan,
  planImport,
  type Standing,
} from "../../src/cli/hmis/plan.ts";
import { type Export, readTable } from "../../src/cli/hmis/read.ts";

export const TODAY = "2026-03-10";
const HORIZON = horizonOf(TODAY);
const PLACE = { country: "AM", locality: "Vanadzor" };

const ORGANIZATION = { OrganizationID: "1", VictimServiceProvider: "0", DateDeleted: "" };
const PROJECT = {
  ProjectID: "10",
  OrganizationID: "1",
  OperatingStartDate: "2015-01-01",
  OperatingEndDate: "",
  ProjectType: "0",
  HousingType: "1",
  TargetPopulation: "4",
  DateDeleted: "",
};
const INVENTORY = {
  InventoryID: "100",
  ProjectID: "10",
  CoCCode: "XX-999",
  HouseholdType: "1",
  Availability: "1",
  UnitInventory: "",
  BedInventory: "6",
  CHVetBedInventory: "",
  YouthVetBedInventory: "",
  VetBedInventory: "",
  CHYouthBedInventory: "",
  YouthBedInventory: "",
  CHBedInventory: "",
  OtherBedInventory: "",
  InventoryStartDate: "2020-01-01",
  InventoryEndDate: "",
  DateDeleted: "",
};

type Cells = Readonly<Record<string, string>>;
function csv(rows: readonly Cells[], columns: readonly string[]): Buffer {
  const lines = rows.map((row) => columns.map((column) => row[column]).join(","));
  return Buffer.from([columns.join(","), ...lines].join("\n"));
}

/** An export that is taken whole, but for the cells given; the first row of each file is row 2. */
export function exported(
  inventory: readonly Cells[],
  project: Cells = {},
  organization: Cells = {},
): Export {
  const rows = inventory.map((cells, at) => {
    return { ...INVENTORY, InventoryID: `${100 + at}`, ...cells };
  });
  return {
    "Organization.csv": readTable(
      "Organization.csv",
      csv([{ ...ORGANIZATION, ...organization }], Object.keys(ORGANIZATION)),
    ),
    "Project.csv": readTable(
      "Project.csv",
      csv([{ ...PROJECT, ...project }], Object.keys(PROJECT)),
    ),
    "Inventory.csv": readTable("Inventory.csv", csv(rows, Object.keys(INVENTORY))),
  };
}

export const plan = (files: Export, standing: readonly Standing[] = []): Plan =>
  planImport(readInventory(files, HORIZON), standing, PLACE, HORIZON);

/** With as many beds on every night. */
export function shelter(label: string, beds: number, promised = 0): Standing {
  const nights: Night[] = [];
  for (let date = HORIZON.from; date < HORIZON.until; date = addDays(date, 1)) {
    nights.push({ date, maximum: beds, promised });
  }
  const assuredAt = "2026-03-01T00:00:00.000Z";
  return { id: label, label, ...PLACE, kind: "HOSTEL", assuredAt, nights };
}

/** What the network has once the plan is carried out. */
export function applied({ create, set }: Plan, standing: readonly Standing[]): Standing[] {
  const opened = create.map(({ statement, begin }) => shelter(statement.label, begin));
  return [...standing, ...opened].map((one) => {
    const opening = create.find(({ statement }) => statement.label === one.label);
    const changes = opening
      ? changesOf(one.nights, opening).changes
      : (set.find((entry) => entry.standing.label === one.label)?.changes ?? []);
    const nights = one.nights.map((night) => {
      const change = changes.find(({ from, until }) => from <= night.date && night.date < until);
      return change ? { ...night, maximum: change.maximum } : night;
    });
    return { ...one, nights };
  });
}
