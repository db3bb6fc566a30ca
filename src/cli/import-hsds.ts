import { type Client, CreateShelter, SetBeds } from "../client/index.ts";
import { refusal } from "./advice.ts";
import { CALLER_FLAGS, CALLER_OPTIONAL, callerOf } from "./caller.ts";
import { printable } from "../kernel/printable.ts";
import { answer } from "./command.ts";
import { effectKey } from "./effect-key.ts";
import { planShelters, type Quarantined, type Statement } from "./hsds/plan.ts";
import { readTables } from "./hsds/read.ts";
import { optionsOf } from "./options.ts";
import { findOwn, nightsOf } from "./own-shelters.ts";
import { tableOf } from "./table.ts";

export const usage = `usage: wayhouse import hsds <json|folder> --organisation <name> [options]

Reads capacities counted in beds of an Open Referral HSDS 3.1 document, or of a folder with documents or
the tables service_capacity, services and units, and for the city service_at_location and addresses (each
.csv), into shelters. No name and no street is read: a shelter is HSDS-<first eight of the service's id>.
Only active services are taken. Beds that are not available are out of service. What cannot be
taken is named by file, place, column and reason; the same files again change nothing. The client needs
beds:manage.

  --organisation <name>  who you are: a folder that \`org new\` made, or one of the demo
  --client <client>      as which of your clients; default admin
  --country <code>       ISO 3166-1 alpha-2; default: the service's only location's
  --locality <city>      city or region; default: the service's only location's
  --token <file>         a file with an access token, where an identity provider signs yours
  --url <url>            of the API; default: the server that HOST and PORT configure
  --prove                for a client that must (DPoP); --url is then the public one
  --dry-run              tells what would be done, and does nothing
  --json                 the report as one JSON object

Example:  wayhouse import hsds services.json --organisation harbour --dry-run
Next:     the same without --dry-run; then \`wayhouse grants give\`, until which nobody else sees them.`;

export const exits = {
  0: "all was taken",
  1: "something was quarantined",
  2: "unusable files, options, keys or server",
};

export async function run(args: readonly string[]): Promise<0 | 1> {
  const { values, flags, words } = optionsOf(args, usage, {
    required: ["organisation"],
    optional: [...CALLER_OPTIONAL, "country", "locality"],
    flags: [...CALLER_FLAGS, "dry-run"],
    words: ["<json|folder>"],
  });
  const plan = planShelters(readTables(words[0]!), values);
  const { api } = await callerOf({ ...values, ...flags }, ["beds:manage"]);
  const standing = new Map(
    (await findOwn(api, "HSDS-")).map((shelter) => [shelter.label, shelter] as const),
  );
  const report = {
    created: [] as string[],
    set: [] as string[],
    unchanged: [] as string[],
    quarantined: [...plan.quarantined],
  };
  for (const statement of plan.statements) {
    const { label, country, locality, maximum, outOfService } = statement;
    const { file, place } = statement.from;
    const found = standing.get(label);
    if (found && (found.country !== country || found.locality !== locality)) {
      const reason = `is not ${found.country}, ${found.locality}, where ${label} stands: left as it is`;
      report.quarantined.push({ file, place, column: "city", reason });
      continue;
    }
    if (found && (await isAsStated(api, found.id, statement))) {
      report.unchanged.push(label);
      continue;
    }
    try {
      if (!flags["dry-run"]) {
        const shelterId = found?.id ?? (await create(api, statement));
        await set(api, shelterId, statement, found?.assuredAt ?? "");
      }
      const beds = `${label}  ${maximum} beds, ${outOfService} of them out of service`;
      (found ? report.set : report.created).push(beds);
    } catch (error) {
      const { code, message } = refusal(error);
      const reason = `is refused: ${code}, ${message}`;
      report.quarantined.push({ file, place, column: "maximum", reason });
    }
  }
  answer(flags.json, report, linesOf(report, flags["dry-run"]));
  return report.quarantined.length > 0 ? 1 : 0;
}

const day = (after: number) => new Date(Date.now() + after * 86_400_000).toISOString().slice(0, 10);

async function isAsStated(api: Client, id: string, { maximum, outOfService }: Statement) {
  const nights = await nightsOf(api, id, { from: day(0), until: day(365) });
  return nights.every((one) => one.maximum === maximum && one.outOfService === outOfService);
}

async function create(api: Client, { label, country, locality }: Statement): Promise<string> {
  // None until they are set, so that a run that is killed offers no bed that is not free.
  const input = { label, country, locality, kind: "HOSTEL", features: [], beds: 0 } as const;
  const made = await api.run(CreateShelter, {
    input: { idempotencyKey: effectKey("hsds", input), ...input },
  });
  return made.createShelter.id;
}

async function set(
  api: Client,
  shelterId: string,
  { maximum, outOfService }: Statement,
  was: string,
) {
  const input = { shelterId, from: day(0), until: day(366), maximum, outOfService };
  await api.run(SetBeds, { input: { idempotencyKey: effectKey("hsds", input, was), ...input } });
}

function linesOf(
  report: {
    readonly created: readonly string[];
    readonly set: readonly string[];
    readonly unchanged: readonly string[];
    readonly quarantined: readonly Quarantined[];
  },
  dryRun: boolean,
): string[] {
  const would = dryRun ? "would be " : "";
  const table = tableOf([
    ["file", "place", "column", "reason"],
    ...report.quarantined.map(({ file, place, column, reason }) => {
      return [file, place, column, printable(reason)];
    }),
  ]);
  return [
    `${would}created  ${report.created.length} shelters`,
    ...report.created.map((line) => `  ${line}`),
    `${would}set      ${report.set.length} shelters`,
    ...report.set.map((line) => `  ${line}`),
    `unchanged    ${report.unchanged.length} shelters`,
    `quarantined  ${report.quarantined.length} times`,
    ...(table.length > 0 ? ["", "Quarantined (the header is row 1)", ...table] : []),
  ];
}
