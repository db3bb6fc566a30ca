import { join } from "node:path";
import { CsvError, parse } from "csv-parse/sync";
import { readRegular } from "../../platform/files.ts";
import { Stop } from "../command.ts";
import { codeOf } from "../files.ts";

/** The columns read of each file; nothing else of a row is kept, names and addresses least of all. */
const COLUMNS = {
  "Organization.csv": ["OrganizationID", "VictimServiceProvider", "DateDeleted"],
  "Project.csv": [
    "ProjectID",
    "OrganizationID",
    "OperatingStartDate",
    "OperatingEndDate",
    "ProjectType",
    "HousingType",
    "TargetPopulation",
    "DateDeleted",
  ],
  "Inventory.csv": [
    "InventoryID",
    "ProjectID",
    "CoCCode",
    "HouseholdType",
    "Availability",
    "UnitInventory",
    "BedInventory",
    "InventoryStartDate",
    "InventoryEndDate",
    "DateDeleted",
  ],
} as const;
/** Beds by whom they are dedicated to: each bed in one column, together all (FY2020 and later). */
export const DEDICATED = [
  "CHVetBedInventory",
  "YouthVetBedInventory",
  "VetBedInventory",
  "CHYouthBedInventory",
  "YouthBedInventory",
  "CHBedInventory",
] as const;
const OPTIONAL: readonly string[] = [...DEDICATED, "OtherBedInventory"];

export type FileName = keyof typeof COLUMNS;
export const FILES = Object.keys(COLUMNS) as FileName[];

export interface Row {
  readonly file: FileName;
  /** As a spreadsheet counts: the header is row 1. */
  readonly row: number;
  /** By column, trimmed; the same columns in every row of a file, blank if the file lacks one. */
  readonly values: Readonly<Record<string, string>>;
}

export interface Quarantined {
  readonly file: FileName;
  readonly row: number;
  /** Null: the row as a whole. */
  readonly column: string | null;
  readonly reason: string;
}

export interface Table {
  readonly rows: readonly Row[];
  /** Rows that cannot be told apart into columns. */
  readonly faults: readonly Quarantined[];
}
export type Export = Readonly<Record<FileName, Table>>;

const MOST_BYTES = 64 * 1024 * 1024;
/** The parser makes an error for each row that is not as long as the header: 64 MiB of blank lines took it hours. */
const MOST_ODD_ROWS = 2_000;

/** @throws Stop if a file is missing, is no CSV, lacks a column or has too many rows of another length */
export function readExport(folder: string): Export {
  const tables = FILES.map((file) => [file, readTable(file, bytesOf(folder, file))] as const);
  return Object.fromEntries(tables) as unknown as Export;
}

function bytesOf(folder: string, file: FileName): Buffer {
  const path = join(folder, file);
  let bytes: Buffer;
  try {
    bytes = readRegular(path);
  } catch (error) {
    throw new Stop(
      `${path} cannot be read (${codeOf(error)}). The folder must hold ${FILES.join(", ")} as HUD HMIS CSV names them.`,
      { cause: error },
    );
  }
  if (bytes.length > MOST_BYTES) throw new Stop(`${path} is larger than 64 MiB.`);
  return bytes;
}

/**
 * RFC 4180 in UTF-8, with or without a byte order mark, with any line ends. Bytes that are not UTF-8
 * become U+FFFD, which harms only the columns that are read: a name in Latin-1 stops nothing.
 */
export function readTable(file: FileName, bytes: Buffer): Table {
  const [header = [], ...records] = recordsOf(file, bytes);
  const names = header.map((name) => name.trim());
  const wanted = [...COLUMNS[file], ...(file === "Inventory.csv" ? OPTIONAL : [])];
  const twice = wanted.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice) throw new Stop(`${file} has the column ${twice} twice.`);
  const lacking = COLUMNS[file].filter((name) => !names.includes(name));
  if (lacking.length > 0) {
    throw new Stop(`${file} lacks the column ${lacking.join(", ")}. Is it HUD HMIS CSV in UTF-8?`);
  }
  const rows: Row[] = [];
  const faults: Quarantined[] = [];
  for (const [index, record] of records.entries()) {
    const row = index + 2;
    if (record.length === 1 && record[0]!.trim() === "") continue;
    if (record.length !== names.length) {
      const reason = `has ${record.length} columns where the header has ${names.length}`;
      faults.push({ file, row, column: null, reason });
      continue;
    }
    const valueOf = (name: string) => record[names.indexOf(name)]?.trim() ?? "";
    rows.push({ file, row, values: Object.fromEntries(wanted.map((n) => [n, valueOf(n)])) });
  }
  return { rows, faults };
}

function recordsOf(file: FileName, bytes: Buffer): string[][] {
  let odd = 0;
  try {
    return parse(bytes, {
      bom: true,
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      relax_quotes: true,
      on_record: (record: string[], { error }) => {
        if (error && ++odd > MOST_ODD_ROWS) {
          throw new Stop(
            `${file} has more than 2,000 rows that are blank or not as long as its header. Is it HUD HMIS CSV?`,
          );
        }
        return record;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // The parser's message quotes what stands in the file.
    const what = error.code === "CSV_QUOTE_NOT_CLOSED" ? "a quote is not closed" : error.code;
    throw new Stop(`${file} is not CSV to its end: ${what}.`, { cause: error });
  }
}
