import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { z } from "zod";
import { encodeBase64url } from "../kernel/base64url.ts";
import { readConfig } from "../platform/config/config.ts";
import { type Api, createApi, parseUrl, Refused } from "./api.ts";
import { printable, Stop } from "./command.ts";
import { planShelters, type Quarantined, type Statement } from "./hsds/plan.ts";
import { readTables } from "./hsds/read.ts";
import { tableOf } from "./table.ts";
import { tokenOfDemo, tokenOfFile } from "./tokens.ts";

export const usage = `usage: wayhouse import hsds <json|folder> --organisation <handle> [options]

Reads capacities counted in beds of an Open Referral HSDS 3.1 document, or of a folder with documents and
the tables service_capacity.csv and units.csv, into shelters. No name and no address is read: a shelter is
HSDS-<first eight of the service's id>. Beds that are not available are out of service. What cannot be
taken is named by file, place, column and reason; the same files again change nothing.

  --organisation <handle>  whose beds they are
  --country <code>         ISO 3166-1 alpha-2; without it the service's only location's
  --locality <city>        city or region; without it the service's only location's
  --token <file>           a file with an access token that has beds:manage; without it one is signed
                           with the key of a demo organisation
  --url <url>              default: the server that HOST and PORT configure
  --dry-run                tells what would be done, and does nothing
  --json                   the report as JSON

Exit codes: 0 all was taken; 1 something was quarantined; 2 unusable files, options, token or server.`;

export async function run(args: readonly string[]): Promise<number> {
  const { path, organisation, values } = parsed(args);
  const { country, locality } = values;
  const plan = planShelters(readTables(path), { country, locality });
  const config = readConfig();
  const token = values.token
    ? tokenOfFile(values.token)
    : tokenOfDemo(config, organisation, ["beds:manage"]);
  const here = `http://${config.host}:${config.port}/graphql`;
  const api = createApi({ url: parseUrl(values.url ?? here), token });
  const standing = await findStanding(api);
  const report = {
    created: [] as string[],
    set: [] as string[],
    unchanged: [] as string[],
    quarantined: [...plan.quarantined],
  };
  for (const statement of plan.statements) {
    const { label, maximum, outOfService } = statement;
    const found = standing.get(label);
    if (found && isAsStated(found, statement)) {
      report.unchanged.push(label);
      continue;
    }
    try {
      if (!values["dry-run"]) {
        const shelterId = found?.id ?? (await create(api, statement));
        await set(api, shelterId, statement, found?.assuredAt ?? "");
      }
      const beds = `${label}  ${maximum} beds, ${outOfService} of them out of service`;
      (found ? report.set : report.created).push(beds);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const reason = `is refused: ${error.code}, ${error.message}`;
      report.quarantined.push({ ...statement.from, column: "maximum", reason });
    }
  }
  console.log(values.json ? JSON.stringify(report, null, 2) : textOf(report, values["dry-run"]));
  return report.quarantined.length > 0 ? 1 : 0;
}

function parsed(args: readonly string[]) {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        organisation: { type: "string" },
        country: { type: "string" },
        locality: { type: "string" },
        token: { type: "string" },
        url: { type: "string" },
        "dry-run": { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    });
    const [path, ...more] = positionals;
    if (!path || more.length > 0) throw new Stop(`Name one file or folder.\n\n${usage}`);
    const { organisation } = values;
    if (!organisation) throw new Stop(`--organisation is missing.\n\n${usage}`);
    return { path, organisation, values };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Stop(`${error.message}\n\n${usage}`, { cause: error });
  }
}

const day = (after: number) => new Date(Date.now() + after * 86_400_000).toISOString().slice(0, 10);
const Shelter = z.object({
  id: z.string(),
  label: z.string(),
  assuredAt: z.string(),
  nights: z.array(z.object({ maximum: z.number(), outOfService: z.number() })),
});
type Standing = z.infer<typeof Shelter>;
const Page = z.object({
  shelters: z.object({
    edges: z.array(z.object({ node: Shelter })),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});

async function findStanding(api: Api): Promise<Map<string, Standing>> {
  const document = `query ($from: Date!, $until: Date!, $after: String) { shelters(first: 20, after: $after) {
    edges { node { id label assuredAt nights(from: $from, until: $until) { maximum outOfService } } }
    pageInfo { hasNextPage endCursor } } }`;
  const found = new Map<string, Standing>();
  let after: string | null = null;
  do {
    const { shelters }: z.infer<typeof Page> = await api.ask(Page, document, {
      from: day(0),
      until: day(365),
      after,
    });
    for (const { node } of shelters.edges) found.set(node.label, node);
    after = shelters.pageInfo.hasNextPage ? shelters.pageInfo.endCursor : null;
  } while (after !== null);
  return found;
}

const isAsStated = ({ nights }: Standing, { maximum, outOfService }: Statement) =>
  nights.every((one) => one.maximum === maximum && one.outOfService === outOfService);

/** A run that was killed and is repeated has one effect; what it replaces is part of it. */
const keyOf = (...effect: readonly unknown[]) =>
  `hsds-${encodeBase64url(createHash("sha256").update(JSON.stringify(effect)).digest())}`;

async function create(api: Api, { label, country, locality }: Statement): Promise<string> {
  // None until they are set, so that a run that is killed offers no bed that is not free.
  const input = { label, country, locality, kind: "HOSTEL", features: [], beds: 0 };
  const answer = z.object({ createShelter: z.object({ id: z.string() }) });
  const document = "mutation ($input: CreateShelterInput!) { createShelter(input: $input) { id } }";
  const made = await api.ask(answer, document, {
    input: { idempotencyKey: keyOf(input), ...input },
  });
  return made.createShelter.id;
}

async function set(api: Api, shelterId: string, { maximum, outOfService }: Statement, was: string) {
  const input = { shelterId, from: day(0), until: day(366), maximum, outOfService };
  const document = "mutation ($input: SetBedsInput!) { setBeds(input: $input) { id } }";
  await api.ask(z.unknown(), document, { input: { idempotencyKey: keyOf(input, was), ...input } });
}

function textOf(
  report: {
    readonly created: readonly string[];
    readonly set: readonly string[];
    readonly unchanged: readonly string[];
    readonly quarantined: readonly Quarantined[];
  },
  dryRun: boolean,
): string {
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
  ].join("\n");
}
