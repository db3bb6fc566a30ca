import { printable } from "../../kernel/printable.ts";
import { tableOf } from "../table.ts";
import type { Change, Place } from "./plan.ts";
import { type Export, FILES, type FileName, type Quarantined } from "./read.ts";

type Nights = Pick<Change, "from" | "until" | "was" | "maximum">;
export interface Report {
  readonly organisation: string;
  readonly place: Place;
  /** Nothing was sent: what is told would be. */
  readonly dryRun: boolean;
  readonly rows: Readonly<Record<FileName, number>>;
  /** Inventory rows of another CoC than the one asked for. */
  readonly otherCoc: number;
  readonly created: readonly {
    readonly label: string;
    /** On every night but `nights`. */
    readonly beds: number;
    readonly nights: readonly Nights[];
  }[];
  readonly set: readonly { readonly label: string; readonly nights: readonly Nights[] }[];
  readonly unchanged: readonly string[];
  readonly vanished: readonly string[];
  readonly quarantined: readonly Quarantined[];
}

export function rowsOf(files: Export): Report["rows"] {
  const counts = FILES.map((file) => [file, files[file].rows.length + files[file].faults.length]);
  return Object.fromEntries(counts) as Report["rows"];
}

/** In the order of the files and their rows; a row may be named for two reasons. */
export function inOrder(quarantined: readonly Quarantined[]): readonly Quarantined[] {
  return quarantined.toSorted(
    (a, b) => FILES.indexOf(a.file) - FILES.indexOf(b.file) || a.row - b.row,
  );
}

export function linesOf(report: Report): string[] {
  const { organisation, place, dryRun, rows, otherCoc, quarantined } = report;
  const would = dryRun ? "would be " : "";
  const lines = [
    `HMIS → ${organisation}, ${printable(place.locality)}, ${place.country}${dryRun ? " (dry run: nothing was sent)" : ""}`,
    `read         ${FILES.map((file) => `${file} ${rows[file]}`).join(", ")} rows`,
    ...(otherCoc > 0 ? [`left out     ${otherCoc} rows of another CoC`] : []),
    `${would}created  ${report.created.length} shelters`,
    `${would}set      ${report.set.length} shelters`,
    `unchanged    ${report.unchanged.length} shelters`,
    `quarantined  ${quarantined.length} times`,
  ];
  const chapter = (title: string, body: readonly string[]) => {
    if (body.length > 0) lines.push("", title, ...body.map((line) => `  ${line}`));
  };
  const nightsOf = ({ label, nights }: Report["set"][number]) =>
    nights.map(
      ({ from, until, was, maximum }) =>
        `${label}  ${was} → ${maximum} beds, ${from} until ${until}`,
    );
  chapter(
    `Shelters that ${dryRun ? "would be" : "were"} created, and the nights that differ from their beginning`,
    report.created.flatMap((one) => [`${one.label}  ${one.beds} beds`, ...nightsOf(one)]),
  );
  chapter(`Beds that ${dryRun ? "would be" : "were"} set`, report.set.flatMap(nightsOf));
  chapter("Imported once and in no row now; left as they are", report.vanished);
  chapter(
    "Quarantined (the header is row 1)",
    tableOf([
      ["file", "row", "column", "reason"],
      ...inOrder(quarantined).map(({ file, row, column, reason }) => {
        return [file, String(row), column ?? "—", printable(reason)];
      }),
    ]),
  );
  return lines;
}
