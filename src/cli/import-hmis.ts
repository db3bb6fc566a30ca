import { COUNTRY_CODES } from "../kernel/countries.ts";
import { spelled } from "../kernel/names.ts";
import { CALLER_FLAGS, CALLER_OPTIONAL, callerOf } from "./caller.ts";
import { answer, Stop } from "./command.ts";
import { applyPlan } from "./hmis/apply.ts";
import { readInventory } from "./hmis/inventory.ts";
import { findStanding } from "./hmis/network.ts";
import { horizonOf, type Place, planImport } from "./hmis/plan.ts";
import { type Export, readExport } from "./hmis/read.ts";
import { inOrder, linesOf, type Report, rowsOf } from "./hmis/report.ts";
import { optionsOf } from "./options.ts";

export const usage = `usage: wayhouse import hmis <folder> --organisation <name> [options]

Reads Organization.csv, Project.csv and Inventory.csv of a HUD HMIS CSV export into shelters and beds of
yours, through the API. What cannot be taken is named by file, row, column and reason. The same files again
change nothing. No name and no address is read: a shelter is HMIS-<ProjectID>-1 (adults) or
HMIS-<ProjectID>-3 (families). The client needs beds:manage.

  --organisation <name>  who you are: a folder that \`org new\` made, or one of the demo
  --client <client>      as which of your clients; default admin
  --country <code>       where all of them stand: ISO 3166-1 alpha-2, such as AM; default US, whose
                         standard this is
  --locality <city>      city or region, nothing finer; default: the region's CoCCode
  --coc <code>           only the rows of this CoCCode; needed if the files have several
  --token <file>         a file with an access token, where an identity provider signs yours
  --url <url>            of the API; default: the server that HOST and PORT configure
  --prove                for a client that must (DPoP); --url is then the public one
  --dry-run              tells what would be done, and does nothing
  --json                 the report as one JSON object

Example:  wayhouse import hmis hmis-export --organisation harbour --country AM --locality Vanadzor --dry-run
Next:     the same without --dry-run; then \`wayhouse grants give\`, until which nobody else sees them.`;

export const exits = {
  0: "all was taken",
  1: "something was quarantined",
  2: "unusable files, options, keys or server; what was done is told",
};

/** A client of the API like any other. */
export async function run(args: readonly string[]): Promise<0 | 1> {
  const { values, flags, words } = optionsOf(args, usage, {
    required: ["organisation"],
    optional: [...CALLER_OPTIONAL, "country", "locality", "coc"],
    flags: [...CALLER_FLAGS, "dry-run"],
    words: ["<folder>"],
  });
  // HUD is the United States' Department of Housing and Urban Development.
  const { country = "US", coc: askedCoc } = values;
  checkPlace(country, values.locality);
  const files = readExport(words[0]!);
  const { inventory, otherCoc, coc } = ofOneCoc(files, askedCoc);
  const locality =
    (values.locality && spelled(values.locality)) ??
    coc ??
    fail("--locality is missing, and no row has a CoCCode.");
  const place: Place = { country, locality };

  const { api, me } = await callerOf({ ...values, ...flags }, ["beds:manage"]);
  const horizon = horizonOf(new Date().toISOString().slice(0, 10));
  const reading = readInventory({ ...files, "Inventory.csv": inventory }, horizon);
  const plan = planImport(reading, await findStanding(api, horizon), place, horizon);
  const dryRun = flags["dry-run"];
  const done = dryRun
    ? {
        created: plan.create.map(({ statement: { label }, begin, changes }) => {
          return { label, beds: begin, nights: changes };
        }),
        set: plan.set.map(({ standing: { label }, changes }) => ({ label, nights: changes })),
        quarantined: [],
      }
    : await applyPlan(api, plan, place, horizon, process.stderr.isTTY ? showProgress : undefined);
  const quarantined = inOrder([...plan.quarantined, ...done.quarantined]);
  const report: Report = {
    organisation: me.organisation.handle,
    place,
    dryRun,
    rows: rowsOf(files),
    otherCoc,
    created: done.created,
    set: done.set,
    unchanged: plan.unchanged,
    vanished: plan.vanished,
    quarantined,
  };
  answer(flags.json, report, linesOf(report));
  return quarantined.length > 0 ? 1 : 0;
}

function checkPlace(country: string, locality: string | undefined): void {
  if (!COUNTRY_CODES.has(country)) fail("--country must be a code of ISO 3166-1, such as AM.");
  // An address has a number; hardly a city or region has.
  if (
    locality !== undefined &&
    (!/^[^\p{C}\p{N}]{1,80}$/u.test(locality) || locality !== locality.trim())
  )
    fail("--locality must be a city or region: no address, no number, 80 characters at most.");
}

function fail(message: string): never {
  throw new Stop(`${message}\n\n${usage}`);
}

/** One locality cannot be that of several Continuums of Care: someone would be sent to the wrong city. */
function ofOneCoc(files: Export, coc: string | undefined) {
  const { rows, faults } = files["Inventory.csv"];
  const codes = rows.map(({ values }) => values["CoCCode"]!).filter((code) => code !== "");
  const known = [...new Set(codes)].toSorted();
  if (coc === undefined && known.length > 1) {
    throw new Stop(
      `Inventory.csv has ${known.length} CoCCodes, and all beds are to be in one place: give --coc.`,
    );
  }
  if (coc !== undefined && !known.includes(coc)) {
    throw new Stop(`Inventory.csv has no row with the CoCCode of --coc.`);
  }
  // a row without a code is judged with the others
  const kept = rows.filter(({ values }) => [coc ?? known[0], ""].includes(values["CoCCode"]!));
  const otherCoc = rows.length - kept.length;
  return { inventory: { rows: kept, faults }, otherCoc, coc: coc ?? known[0] };
}

function showProgress(done: number, total: number): void {
  process.stderr.write(done < total ? `\r${done} of ${total} shelters` : "\r\u{1B}[K");
}
