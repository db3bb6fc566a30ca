import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CsvError, parse } from "csv-parse/sync";
import { z } from "zod";
import { encodeBase64url } from "../kernel/base64url.ts";
import { readConfig } from "../platform/config/config.ts";
import { type Api, createApi, parseUrl } from "./api.ts";
import { printable, Stop } from "./command.ts";
import {
  type Draft,
  keyOf,
  type MissionRow,
  type Plan,
  planMissions,
  type Remembered,
  type Standing,
} from "./missions/plan.ts";
import { tableOf } from "./table.ts";
import { tokenOfDemo, tokenOfFile } from "./tokens.ts";

export const usage = `usage: wayhouse import missions <csv> --organisation <handle> [options]

Reads a list of diplomatic missions (columns operator, country, city and type; comma or semicolon) into
drafts of consulate contacts: which country's mission stands in which city. What it issues is not inferred
and nothing of its addresses, phones and mail is read: documents, risk profiles and sealed contacts are for
you to add. The same file again renews what is due for review; what has vanished from it is paused, never
deleted.

  --organisation <handle>  whose contacts they are
  --token <file>           a file with an access token that has consulates:manage and consulates:read;
                           without it one is signed with the key of a demo organisation
  --url <url>              default: the server that HOST and PORT configure
  --dry-run                tells what would be done, and does nothing
  --json                   the report as JSON

Exit codes: 0 all was taken; 1 something was quarantined; 2 unusable file, options, token or server.`;

const REVIEW_DAYS = 180;
const SCOPES = ["consulates:manage", "consulates:read"] as const;
const COLUMNS = ["operator", "country", "city", "type"] as const;

export async function run(args: readonly string[]): Promise<number> {
  const { path, values } = parsed(args);
  const rows = readMissions(path);
  const config = readConfig();
  const organisation = values.organisation!;
  const token = values.token
    ? tokenOfFile(values.token)
    : tokenOfDemo(config, organisation, SCOPES);
  const here = `http://${config.host}:${config.port}/graphql`;
  const api = createApi({ url: parseUrl(values.url ?? here), token });
  const file = join(config.dataDir, "imports", `missions-${organisation}.json`);
  const remembered = readRemembered(file);
  const standing = await findOwn(api, organisation);
  const plan = planMissions(rows, standing, remembered, Date.now());
  if (!values["dry-run"]) {
    const after = await apply(api, plan, remembered);
    mkdirSync(join(config.dataDir, "imports"), { recursive: true, mode: 0o700 });
    writeFileSync(file, JSON.stringify(after), { mode: 0o600 });
  }
  console.log(values.json ? JSON.stringify(plan, null, 2) : textOf(plan, rows.length, values));
  return plan.quarantined.length > 0 ? 1 : 0;
}

function parsed(args: readonly string[]) {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        organisation: { type: "string" },
        token: { type: "string" },
        url: { type: "string" },
        "dry-run": { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    });
    const [path, ...more] = positionals;
    if (!path || more.length > 0) throw new Stop(`Name one file.\n\n${usage}`);
    if (!values.organisation) throw new Stop(`--organisation is missing.\n\n${usage}`);
    return { path, values };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Stop(`${error.message}\n\n${usage}`, { cause: error });
  }
}

/** Only four columns are looked at: the rest of a row may hold phones and mail. */
function readMissions(path: string): MissionRow[] {
  let rows: Record<string, string>[];
  try {
    const text = readFileSync(path, "utf8");
    const delimiter = (text.split("\n", 1)[0] ?? "").includes(";") ? ";" : ",";
    rows = parse(text, { columns: true, bom: true, delimiter, trim: true, relax_quotes: true });
  } catch (error) {
    const why = error instanceof CsvError ? error.code : (error as NodeJS.ErrnoException).code;
    throw new Stop(`${path} cannot be read (${why ?? "unknown error"}).`, { cause: error });
  }
  const missing = COLUMNS.find((column) => rows[0]?.[column] === undefined);
  if (missing) throw new Stop(`${path} has no column ${missing}, or no row.`);
  return rows.map(({ operator, country, city, type }, index) => {
    return { row: index + 2, operator: operator!, country: country!, city: city!, type: type! };
  });
}

const State = z.object({ made: z.array(z.string()), vanished: z.array(z.string()) });
function readRemembered(file: string): Remembered {
  if (!existsSync(file)) return { made: [], vanished: [] };
  const state = State.safeParse(JSON.parse(readFileSync(file, "utf8")));
  if (!state.success) throw new Stop(`${file} is not what an import left: move it away.`);
  return state.data;
}

const Contact = z.object({
  id: z.string(),
  representing: z.string(),
  country: z.string(),
  locality: z.string(),
  programme: z.string(),
  reviewBy: z.string(),
  organisation: z.object({ handle: z.string() }),
});
const Page = z.object({
  consulateContacts: z.object({
    edges: z.array(z.object({ node: Contact })),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});

async function findOwn(api: Api, organisation: string): Promise<Standing[]> {
  const document = `query ($after: String) { consulateContacts(search: { includeStale: true }, first: 100, after: $after) {
    edges { node { id representing country locality programme reviewBy organisation { handle } } }
    pageInfo { hasNextPage endCursor } } }`;
  const found: Standing[] = [];
  let after: string | null = null;
  do {
    const { consulateContacts: page }: z.infer<typeof Page> = await api.ask(Page, document, {
      after,
    });
    found.push(
      ...page.edges
        .map(({ node }) => node)
        .filter((one) => one.organisation.handle === organisation),
    );
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after !== null);
  return found;
}

async function apply(api: Api, plan: Plan, { made, vanished }: Remembered): Promise<Remembered> {
  const reviewBy = new Date(Date.now() + REVIEW_DAYS * 86_400_000).toISOString();
  const ids = new Set(made);
  const gone = new Set(vanished);
  for (const draft of plan.create) ids.add(await publish(api, draft, reviewBy));
  for (const contact of plan.renew) {
    await assure(api, contact, "ACTIVE", reviewBy);
    gone.delete(contact.id);
  }
  for (const contact of plan.pause) {
    await assure(api, contact, "PAUSED", reviewBy);
    gone.add(contact.id);
  }
  return { made: [...ids], vanished: [...gone] };
}

/** A run that was killed and is repeated the same day has one effect. */
const keyFor = (...effect: readonly unknown[]) =>
  `missions-${encodeBase64url(createHash("sha256").update(JSON.stringify(effect)).digest())}`;

async function publish(api: Api, draft: Draft, reviewBy: string): Promise<string> {
  const answer = z.object({ publishConsulateContact: z.object({ id: z.string() }) });
  const input = {
    ...draft,
    documents: [],
    riskProfiles: [],
    languages: [],
    envelopes: [],
    reviewBy: `${reviewBy.slice(0, 10)}T00:00:00Z`,
  };
  const document =
    "mutation ($input: PublishConsulateContactInput!) { publishConsulateContact(input: $input) { id } }";
  const idempotencyKey = keyFor(input);
  return (await api.ask(answer, document, { input: { idempotencyKey, ...input } }))
    .publishConsulateContact.id;
}

async function assure(
  api: Api,
  { id, reviewBy: was }: Standing,
  programme: string,
  reviewBy: string,
) {
  const input = { id, programme, reviewBy: `${reviewBy.slice(0, 10)}T00:00:00Z` };
  const idempotencyKey = keyFor(input, was);
  const document =
    "mutation ($input: AssureConsulateContactInput!) { assureConsulateContact(input: $input) { id } }";
  await api.ask(z.unknown(), document, { input: { idempotencyKey, ...input } });
}

function textOf(plan: Plan, count: number, options: { readonly "dry-run": boolean }): string {
  const would = options["dry-run"] ? "would be " : "";
  const table = tableOf([
    ["row", "column", "reason"],
    ...plan.quarantined.map(({ row, column, reason }) => [String(row), column, reason]),
  ]);
  return [
    `read         ${count} rows`,
    `${would}created  ${plan.create.length} drafts of contacts`,
    `${would}renewed  ${plan.renew.length}`,
    `${would}paused   ${plan.pause.length}, which have vanished from the file`,
    `unchanged    ${plan.unchanged.length}`,
    `quarantined  ${plan.quarantined.length} rows`,
    ...plan.pause.map((contact) => `  paused  ${printable(keyOf(contact))}`),
    ...(table.length > 0 ? ["", "Quarantined (the header is row 1)", ...table] : []),
  ].join("\n");
}
