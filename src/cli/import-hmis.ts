import { parseArgs } from "node:util";
import { readConfig } from "../platform/config/config.ts";
import { createApi, parseUrl } from "./api.ts";
import { Stop } from "./command.ts";
import { applyPlan } from "./hmis/apply.ts";
import { readInventory } from "./hmis/inventory.ts";
import { findStanding, handleOf } from "./hmis/network.ts";
import { horizonOf, type Place, planImport } from "./hmis/plan.ts";
import { type Export, readExport } from "./hmis/read.ts";
import { inOrder, type Report, rowsOf, textOf } from "./hmis/report.ts";
import { tokenOfDemo, tokenOfFile } from "./tokens.ts";

export const usage = `usage: wayhouse import hmis <folder> --organisation <handle>
         [options]

Reads Organization.csv, Project.csv and Inventory.csv of a HUD HMIS CSV export into shelters and beds of
the organisation, through the API. What cannot be taken is named by file, row, column and reason. The
same files again change nothing. No name and no address is read: a shelter is HMIS-<ProjectID>-1 (adults)
or HMIS-<ProjectID>-3 (families).

  --organisation <handle>  whose beds they are
  --country <code>         where all of them stand: ISO 3166-1 alpha-2, such as AM; without it US, whose
                           standard this is
  --locality <city>        city or region, nothing finer; without it the region's CoCCode
  --coc <code>             only the rows of this CoCCode; needed if the files have several
  --token <file>           a file with an access token that has beds:manage; without it one is signed
                           with the key of a demo organisation
  --url <url>              default: the server that HOST and PORT configure
  --dry-run                tells what would be done, and does nothing
  --json                   the report as JSON

Exit codes: 0 all was taken; 1 something was quarantined; 2 unusable files, options, token or server.`;

/** A client of the API like any other: it has a token and nothing else. */
export async function run(args: readonly string[]): Promise<number> {
  const { folder, organisation, country, values } = parse(args);
  const files = readExport(folder);
  const { inventory, otherCoc, coc } = ofOneCoc(files, values.coc);
  const locality =
    values.locality ?? coc ?? fail("--locality is missing, and no row has a CoCCode.");
  const place: Place = { country, locality };

  const config = readConfig();
  const token = values.token
    ? tokenOfFile(values.token)
    : tokenOfDemo(config, organisation, ["beds:manage"]);
  const host = /^(?:0\.0\.0\.0|::)$/.test(config.host) ? "127.0.0.1" : config.host;
  const here = `http://${host.includes(":") ? `[${host}]` : host}:${config.port}/graphql`;
  const api = createApi({ url: parseUrl(values.url ?? here), token });
  const handle = await handleOf(api);
  if (handle !== organisation) {
    throw new Stop(`The token is ${handle}'s, and --organisation is ${organisation}.`);
  }

  const horizon = horizonOf(new Date().toISOString().slice(0, 10));
  const reading = readInventory({ ...files, "Inventory.csv": inventory }, horizon);
  const plan = planImport(reading, await findStanding(api, horizon), place, horizon);
  const done = values["dry-run"]
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
    organisation,
    place,
    dryRun: values["dry-run"],
    rows: rowsOf(files),
    otherCoc,
    created: done.created,
    set: done.set,
    unchanged: plan.unchanged,
    vanished: plan.vanished,
    quarantined,
  };
  console.log(values.json ? JSON.stringify(report, null, 2) : textOf(report));
  return quarantined.length > 0 ? 1 : 0;
}

function parse(args: readonly string[]) {
  const { positionals, values } = parsed(args);
  const [folder, ...more] = positionals;
  const { organisation, locality } = values;
  // HUD is the United States' Department of Housing and Urban Development.
  const { country = "US" } = values;
  if (!folder || more.length > 0) return fail("Name one folder.");
  if (!organisation) return fail("--organisation is missing.");
  if (!/^[A-Z]{2}$/.test(country)) return fail("--country must be a code such as AM.");
  // An address has a number; hardly a city or region has.
  if (
    locality !== undefined &&
    (!/^[^\p{C}\p{N}]{1,80}$/u.test(locality) || locality !== locality.trim())
  ) {
    return fail(
      "--locality must be a city or region: no address, no number, 80 characters at most.",
    );
  }
  return { folder, organisation, country, values };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        organisation: { type: "string" },
        country: { type: "string" },
        locality: { type: "string" },
        coc: { type: "string" },
        token: { type: "string" },
        url: { type: "string" },
        "dry-run": { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return fail(error.message);
  }
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
