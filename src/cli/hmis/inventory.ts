import type { ShelterFeature } from "../../client/index.ts";
import { codeIn, countIn, dateIn, idIn, requiredCodeIn, requiredDateIn, Unfit } from "./fields.ts";
import { DEDICATED, type Export, type Quarantined, type Row, type Table } from "./read.ts";

/** The nights that can be set: `until` is exclusive. */
export interface Horizon {
  readonly from: string;
  readonly until: string;
}
export type Kind = "HOSTEL" | "APARTMENT";

/** Beds of one inventory row, on every night from `from` to `last` (inclusive; null: without end). */
export interface Offer {
  readonly label: string;
  readonly kind: Kind;
  readonly features: readonly ShelterFeature[];
  readonly beds: number;
  readonly from: string;
  readonly last: string | null;
  readonly row: number;
}

/** What the files say of one shelter. Without offers they say that it has no bed any more. */
export interface Statement {
  readonly label: string;
  /** Its first row in Inventory.csv. */
  readonly row: number;
  readonly offers: readonly Offer[];
  /** A row that cannot be understood may have offered more. */
  readonly isDoubtful: boolean;
}
export interface Reading {
  readonly statements: readonly Statement[];
  readonly quarantined: readonly Quarantined[];
}

/** The meaning of HUD HMIS CSV (FY2024, FY2026) for hosts that lend beds for some nights. Pure. */
export function readInventory(files: Export, horizon: Horizon): Reading {
  const quarantined = Object.values(files).flatMap(({ faults }) => faults);
  const quarantine = (row: Row, unfit: Unfit, reason = unfit.reason) =>
    void quarantined.push({ file: row.file, row: row.row, column: unfit.column, reason });
  const organizations = byId(files["Organization.csv"], "OrganizationID", isOpen, quarantine);
  const projects = byId(
    files["Project.csv"],
    "ProjectID",
    (row) => lodgingOf(row, organizations, horizon),
    quarantine,
  );
  const rows = new Map<string, { row: number; offers: Offer[]; isDoubtful: boolean }>();
  const of = (label: string, row: Row) => {
    const known = rows.get(label) ?? { row: row.row, offers: [], isDoubtful: false };
    rows.set(label, known);
    return known;
  };
  let isAllDoubtful = files["Inventory.csv"].faults.length > 0;
  const readable = (row: Row, unfit: Unfit, reason?: string) => {
    quarantine(row, unfit, reason);
    const labels = labelsOf(row);
    if (unfit.doubtful && labels.length === 0) isAllDoubtful = true;
    if (unfit.doubtful) for (const label of labels) of(label, row).isDoubtful = true;
    else if (labels.length === 1) of(labels[0]!, row);
  };
  byId(
    files["Inventory.csv"],
    "InventoryID",
    (row) => {
      const { offer, dedicated } = offerOf(row, projects, horizon);
      of(offer.label, row).offers.push(offer);
      if (dedicated) quarantine(row, dedicated);
    },
    readable,
  );
  const statements = [...rows].map(([label, { isDoubtful, ...rest }]) => {
    return { label, ...rest, isDoubtful: isDoubtful || isAllDoubtful };
  });
  return { statements, quarantined };
}

/** A code name: nothing of a project but its id and whom it lodges. */
const labelOf = (projectId: string, household: number) => `HMIS-${projectId}-${household}`;
const HOUSEHOLDS = { withoutChildren: 1, withChildren: 3, childrenOnly: 4 } as const;

/** Which shelters a row that is not taken may have been about; none: it cannot be told. */
function labelsOf(row: Row): string[] {
  try {
    const projectId = idIn(row, "ProjectID");
    const household = row.values["HouseholdType"]!;
    const known = /^[134]$/.test(household) ? [Number(household)] : [1, 3];
    return known.map((type) => labelOf(projectId, type));
  } catch {
    return [];
  }
}

type Known<T> = { readonly row: Row } & (
  | { readonly value: T }
  | { readonly unfit: Unfit; readonly value?: never }
);

/** Rows by their id; what is not taken is told once, and remembered for the rows that refer to it. */
function byId<T>(
  table: Table,
  column: string,
  read: (row: Row) => T,
  quarantine: (row: Row, unfit: Unfit) => void,
): ReadonlyMap<string, Known<T>> {
  const isDeleted = (row: Row) => row.values["DateDeleted"] !== "";
  const times = new Map<string, number>();
  for (const row of table.rows) {
    const id = row.values[column]!;
    if (!isDeleted(row)) times.set(id, (times.get(id) ?? 0) + 1);
  }
  const known = new Map<string, Known<T>>();
  for (const row of table.rows) {
    const id = row.values[column]!;
    try {
      if (isDeleted(row)) throw new Unfit("DateDeleted", "is deleted in HMIS");
      idIn(row, column);
      if (times.get(id)! > 1) {
        throw new Unfit(column, "stands in several rows: which of them holds is not told", true);
      }
      known.set(id, { row, value: read(row) });
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      quarantine(row, error);
      // a row that replaces a deleted one has the last word
      if (!isDeleted(row) || !known.has(id)) known.set(id, { row, unfit: error });
    }
  }
  return known;
}

/** What a row refers to. @throws Unfit */
function referred<T>(row: Row, column: string, known: ReadonlyMap<string, Known<T>>, file: string) {
  const found = known.get(idIn(row, column));
  if (!found) throw new Unfit(column, `is of no row of ${file}`, true);
  if (!("unfit" in found)) return found.value;
  const { unfit } = found;
  const reason = `is not taken: see ${file} row ${found.row.row}, ${unfit.column}`;
  throw new Unfit(column, reason, unfit.doubtful);
}

function isOpen(row: Row): true {
  if (requiredCodeIn(row, "VictimServiceProvider", [0, 1]) === 0) return true;
  throw new Unfit(
    "VictimServiceProvider",
    "is 1: that a victim service provider has beds in this place is its own to tell, not a file's",
  );
}

const HOME = "permanent housing: each bed is the home of somebody who leases it, none is spare";
/** Project types whose beds are not for some nights. */
const NOT_LODGING: Readonly<Record<number, string>> = {
  3: HOME,
  4: "street outreach: it has no beds",
  6: "services only: it has no beds",
  7: "other: whether it lodges anybody is not told",
  9: HOME,
  10: HOME,
  11: "day shelter: it has no bed for a night",
  12: "homelessness prevention: it keeps people in their own homes",
  13: "rapid re-housing: its beds are what its guests already lease",
  14: "coordinated entry: it refers people and has no beds",
};
const EMERGENCY = [0, 1];
const TRANSITIONAL = 2;
const SAFE_HAVEN = 8;

interface Lodging {
  readonly kind: Kind;
  readonly isEmergency: boolean;
  readonly from: string;
  readonly last: string | null;
}

function lodgingOf(
  row: Row,
  organizations: ReadonlyMap<string, Known<true>>,
  horizon: Horizon,
): Lodging {
  referred(row, "OrganizationID", organizations, "Organization.csv");
  const lodging = [...EMERGENCY, TRANSITIONAL, SAFE_HAVEN];
  const others = Object.keys(NOT_LODGING).map(Number);
  const type = requiredCodeIn(row, "ProjectType", [...lodging, ...others]);
  const reason = NOT_LODGING[type];
  if (reason) throw new Unfit("ProjectType", `is ${type}, ${reason}`);
  const population = codeIn(row, "TargetPopulation", [1, 3, 4]);
  if (population === 1) {
    throw new Unfit(
      "TargetPopulation",
      "is 1, survivors of domestic violence: not a file's to tell",
    );
  }
  if (population === 3) {
    throw new Unfit("TargetPopulation", "is 3, HIV: whoever is sent there is told by it");
  }
  const housing = codeIn(row, "HousingType", [1, 2, 3]);
  if (housing === 3) {
    throw new Unfit("HousingType", "is 3, tenant-based: its guests rent the rooms themselves");
  }
  const from = requiredDateIn(row, "OperatingStartDate");
  const last = dateIn(row, "OperatingEndDate");
  if (last !== null && last < from) {
    throw new Unfit("OperatingEndDate", "is before OperatingStartDate", true);
  }
  if (last !== null && last < horizon.from) throw new Unfit("OperatingEndDate", "is past: closed");
  const kind = type === TRANSITIONAL && housing === 2 ? "APARTMENT" : "HOSTEL";
  return { kind, isEmergency: EMERGENCY.includes(type), from, last };
}

/** With what of the row's beds is not offered, if that is a part of them. */
function offerOf(
  row: Row,
  projects: ReadonlyMap<string, Known<Lodging>>,
  horizon: Horizon,
): { readonly offer: Offer; readonly dedicated: Unfit | null } {
  const project = referred(row, "ProjectID", projects, "Project.csv");
  const household = requiredCodeIn(row, "HouseholdType", Object.values(HOUSEHOLDS));
  if (household === HOUSEHOLDS.childrenOnly) {
    const reason = "children without an adult need safeguarding that a bed here cannot promise";
    throw new Unfit("HouseholdType", `is 4: ${reason}`);
  }
  if (row.values["CoCCode"] === "") {
    throw new Unfit("CoCCode", "is blank: where its beds stand is not told", true);
  }
  const nights = nightsOf(row, project, horizon);
  const { beds, dedicated } = bedsOf(row, household);
  const label = labelOf(row.values["ProjectID"]!, household);
  const features: ShelterFeature[] =
    household === HOUSEHOLDS.withChildren ? ["FAMILY_ROOM", "CHILDREN_WELCOME"] : [];
  return {
    offer: { label, kind: project.kind, features, beds, ...nights, row: row.row },
    dedicated,
  };
}

function nightsOf(row: Row, project: Lodging, horizon: Horizon) {
  const start = requiredDateIn(row, "InventoryStartDate");
  const end = dateIn(row, "InventoryEndDate");
  if (end !== null && end < start) {
    throw new Unfit("InventoryEndDate", "is before InventoryStartDate", true);
  }
  if (end !== null && end < horizon.from) throw new Unfit("InventoryEndDate", "is past: ended");
  if (start >= horizon.until) {
    throw new Unfit("InventoryStartDate", "is after the nights that can be set, a year ahead");
  }
  const availability = codeIn(row, "Availability", [1, 2, 3]);
  // asked of emergency shelters alone; what else has beds has them the year round
  if (availability === null && project.isEmergency) {
    throw new Unfit("Availability", "is blank; must be 1, 2 or 3 for an emergency shelter", true);
  }
  if (availability === 3) {
    throw new Unfit("Availability", "is 3, overflow: beds put up when the others are full");
  }
  if (availability === 2 && end === null) {
    throw new Unfit("InventoryEndDate", "is blank: on which nights seasonal beds end is not told");
  }
  const from = project.from > start ? project.from : start;
  const last = [end, project.last].filter((date) => date !== null).toSorted()[0] ?? null;
  if (last !== null && last < from) {
    throw new Unfit("InventoryStartDate", "leaves no night on which its project operates", true);
  }
  return { from, last };
}

function bedsOf(row: Row, household: number) {
  const beds = countIn(row, "BedInventory");
  const columns = [...DEDICATED, "OtherBedInventory"];
  const told = columns.filter((column) => row.values[column] !== "");
  const sum = told.reduce((total, column) => total + countIn(row, column), 0);
  if (told.length > 0 && sum !== beds) {
    throw new Unfit(
      "BedInventory",
      `is ${beds}, its parts by population are ${sum} together`,
      true,
    );
  }
  if (beds === 0) throw new Unfit("BedInventory", "is 0: nothing to offer");
  const units = row.values["UnitInventory"] === "" ? 0 : countIn(row, "UnitInventory");
  if (units > beds)
    throw new Unfit("UnitInventory", `is ${units}, more than its ${beds} beds`, true);
  // Adults sleep in dormitories, which HMIS counts as no unit; families do not.
  if (household === HOUSEHOLDS.withChildren && units === 0) {
    throw new Unfit(
      "UnitInventory",
      `has no unit: ${beds} beds for families, in no room of theirs`,
    );
  }
  const reserved = DEDICATED.filter((column) => told.includes(column) && countIn(row, column) > 0);
  const kept = reserved.reduce((total, column) => total + countIn(row, column), 0);
  if (kept === 0) return { beds, dedicated: null };
  const reason = `${kept} of ${beds} beds are dedicated by their funding to veterans, youth or the chronically homeless`;
  const dedicated = new Unfit(reserved[0]!, reason);
  if (kept === beds) throw dedicated;
  return { beds: beds - kept, dedicated };
}
