import { existsSync } from "node:fs";
import { join } from "node:path";
import { CsvError, parse } from "csv-parse/sync";
import { z } from "zod";
import {
  AssureConsulateContact,
  type Client,
  ConsulateContacts,
  PublishConsulateContact,
} from "../client/index.ts";
import { readConfig } from "../platform/config/config.ts";
import { makeFolder } from "../platform/files.ts";
import { CALLER_FLAGS, CALLER_OPTIONAL, callerOf } from "./caller.ts";
import { printable } from "../kernel/printable.ts";
import { answer, Stop } from "./command.ts";
import { effectKey } from "./effect-key.ts";
import {
  type Draft,
  keyOf,
  type MissionRow,
  type Plan,
  planMissions,
  type Remembered,
  type Standing,
} from "./missions/plan.ts";
import { readJson, readText, replaceFile } from "./files.ts";
import { optionsOf } from "./options.ts";
import { rowsOf } from "./rows.ts";
import { tableOf } from "./table.ts";

export const usage = `usage: wayhouse import missions <csv> --organisation <name> [options]

Reads a list of diplomatic missions (columns operator, country, city and type; comma or semicolon) into
drafts of consulate contacts: which country's mission stands in which city. What it issues is not inferred
and nothing of its addresses, phones and mail is read: documents, risk profiles and sealed contacts are for
you to add. The same file again renews what is due for review; what has vanished from it is paused, never
deleted; what an import made is remembered under DATA_DIR. The client needs consulates:manage and
consulates:read.

  --organisation <name>  who you are: a folder that \`org new\` made, or one of the demo
  --client <client>      as which of your clients; default admin
  --token <file>         a file with an access token, where an identity provider signs yours
  --url <url>            of the API; default: the server that HOST and PORT configure
  --prove                for a client that must (DPoP); --url is then the public one
  --dry-run              tells what would be done, and does nothing
  --json                 the plan as one JSON object

Example:  wayhouse import missions missions.csv --organisation bridge --dry-run
Next:     the same without --dry-run; then add to each contact what it issues, and for whom.`;

export const exits = {
  0: "all was taken",
  1: "something was quarantined",
  2: "unusable file, options, keys or server",
};

const REVIEW_DAYS = 180;
const COLUMNS = ["operator", "country", "city", "type"] as const;

export async function run(args: readonly string[]): Promise<0 | 1> {
  const { values, flags, words } = optionsOf(args, usage, {
    required: ["organisation"],
    optional: CALLER_OPTIONAL,
    flags: [...CALLER_FLAGS, "dry-run"],
    words: ["<csv>"],
  });
  const rows = readMissions(words[0]!);
  const { api, me } = await callerOf({ ...values, ...flags }, [
    "consulates:manage",
    "consulates:read",
  ]);
  const { handle } = me.organisation;
  const folder = join(readConfig().dataDir, "imports");
  const file = join(folder, `missions-${handle}.json`);
  const standing = await findOwn(api, handle);
  const remembered = readRemembered(file, standing);
  const plan = planMissions(rows, standing, remembered, Date.now());
  if (!flags["dry-run"]) {
    makeFolder(folder, 0o700);
    const remember = (state: Remembered, making: readonly string[]) =>
      replaceFile(file, JSON.stringify({ ...state, making }));
    // What a run is about to do is remembered first: one that is killed has done it all the same.
    remember(intended(plan, remembered), plan.create.map(keyOf));
    remember(await apply(api, plan, remembered), []);
  }
  answer(flags.json, plan, linesOf(plan, rows.length, flags));
  return plan.quarantined.length > 0 ? 1 : 0;
}

/** Only four columns are looked at: the rest of a row may hold phones and mail. */
function readMissions(path: string): MissionRow[] {
  const text = readText(path);
  let rows: Record<string, string>[];
  try {
    const delimiter = (text.split("\n", 1)[0] ?? "").includes(";") ? ";" : ",";
    rows = parse(text, { columns: true, bom: true, delimiter, trim: true, relax_quotes: true });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new Stop(`${path} cannot be read (${error.code}).`, { cause: error });
  }
  const missing = COLUMNS.find((column) => rows[0]?.[column] === undefined);
  if (missing) throw new Stop(`${path} has no column ${missing}, or no row.`);
  return rows.map(({ operator, country, city, type }, index) => {
    return { row: index + 2, operator: operator!, country: country!, city: city!, type: type! };
  });
}

const Texts = z.array(z.string());
/** `making`: by their keys, the contacts that a run was about to make. */
const State = z.object({ made: Texts, vanished: Texts, making: Texts.default([]) });
function readRemembered(file: string, standing: readonly Standing[]): Remembered {
  if (!existsSync(file)) return { made: [], vanished: [] };
  const state = State.safeParse(readJson(file));
  if (!state.success) throw new Stop(`${file} is not what an import left: move it away.`);
  const { made, vanished, making } = state.data;
  const finished = standing.filter((contact) => making.includes(keyOf(contact)));
  return { made: [...new Set([...made, ...finished.map(({ id }) => id)])], vanished };
}

const intended = ({ pause }: Plan, { made, vanished }: Remembered): Remembered => ({
  made,
  vanished: [...new Set([...vanished, ...pause.map(({ id }) => id)])],
});

async function findOwn(api: Client, organisation: string): Promise<Standing[]> {
  const found: Standing[] = [];
  const asked = { search: { includeStale: true }, first: 100 };
  const seen = api.all(ConsulateContacts, asked, (all) => all.consulateContacts);
  for await (const contact of rowsOf(seen))
    if (contact.organisation.handle === organisation) found.push(contact);
  return found;
}

async function apply(api: Client, plan: Plan, { made, vanished }: Remembered): Promise<Remembered> {
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

async function publish(api: Client, draft: Draft, reviewBy: string): Promise<string> {
  const input = {
    ...draft,
    documents: [],
    riskProfiles: [],
    languages: [],
    envelopes: [],
    reviewBy: `${reviewBy.slice(0, 10)}T00:00:00Z`,
  };
  const keyed = { idempotencyKey: effectKey("missions", input), ...input };
  const made = await api.run(PublishConsulateContact, { input: keyed });
  return made.publishConsulateContact.id;
}

async function assure(
  api: Client,
  { id, assuredAt: was }: Standing,
  programme: "ACTIVE" | "PAUSED",
  reviewBy: string,
) {
  const input = { id, programme, reviewBy: `${reviewBy.slice(0, 10)}T00:00:00Z` };
  const keyed = { idempotencyKey: effectKey("missions", input, was), ...input };
  await api.run(AssureConsulateContact, { input: keyed });
}

function linesOf(plan: Plan, count: number, options: { readonly "dry-run": boolean }): string[] {
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
  ];
}
