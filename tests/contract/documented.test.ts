import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse, validate } from "graphql";
import { describe, expect, it } from "vitest";
import { describeCommands } from "../../src/cli/commands.ts";
import { readConfig } from "../../src/platform/config/config.ts";
import { TASKS } from "../../src/platform/jobs/tasks.ts";
import { createMetrics } from "../../src/platform/telemetry/metrics.ts";
import { buildSchema } from "../../src/schema.ts";
import { at, blocksOf, PAGES, spansOf, textsOf } from "../support/pages.ts";

const schema = buildSchema();
const commands = await describeCommands();
const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
  scripts: Record<string, string>;
};
const queries = PAGES.flatMap((page) =>
  textsOf(page, "graphql").map((query, nth) => ({ page, nth: nth + 1, query })),
);
const faultsOf = (query: string) => validate(schema, parse(query)).map(({ message }) => message);

/** Who runs what a page says to type, or the program that it shows: all of its blocks, as they stand there. */
const RUN_BY: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "README.md": { sh: "tests/e2e/pages.test.ts" },
  "docs/administration-day.md": { sh: "tests/e2e/administration-day.test.ts" },
  "docs/audit.md": { sh: "tests/e2e/pages.test.ts" },
  "docs/backup.md": { sh: "tests/e2e/pages.test.ts", sql: "tests/e2e/pages.test.ts" },
  "docs/bot.md": { sh: "tests/e2e/pages.test.ts" },
  "docs/keys.md": { sh: "tests/e2e/pages.test.ts" },
  "docs/operations.md": { sh: "tests/e2e/pages.test.ts", sql: "tests/e2e/pages.test.ts" },
  "docs/dashboard.md": { js: "tests/e2e/pages.test.ts", sh: "tests/e2e/pages.test.ts" },
};
const RUN = ["sh", "sql", "js", "ts", "yaml"];

describe("what the pages show", () => {
  it.each(queries)("$page, query $nth, is one that the network answers", ({ query }) => {
    expect(faultsOf(query)).toEqual([]);
  });

  it("is held against the schema, and there are queries to copy", () => {
    expect(faultsOf("{ viewer { secrets } }")).toHaveLength(1);
    expect(queries.length).toBeGreaterThan(3);
  });

  it.each(PAGES)("%s points at what is there", (page) => {
    const links = readFileSync(page, "utf8").matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)\)/g);
    const lost = [...links].filter(([, to = "", heading = ""]) => {
      const path = to ? join(dirname(page), to) : page;
      return !existsSync(path) || (heading && !headingsOf(path).includes(heading));
    });
    expect(lost.map(([link]) => link)).toEqual([]);
  });

  it.each(PAGES)("%s names no file that is not there", (page) => {
    const named = spansOf(page).filter((span) =>
      /^(?:tests|src|schema|migrations|bench|docker|examples|docs)\/[\w./-]+$/.test(span),
    );
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
  });

  it("README.md names for each promise the test that holds it", () => {
    const [, promises = ""] = readFileSync("README.md", "utf8").split("\n## What holds\n");
    const told = promises.split(/^- /m).slice(1);
    expect(told.length).toBeGreaterThan(15);
    expect(told.filter((promise) => !/`tests\/[\w/-]+\.test\.ts`/.test(promise))).toEqual([]);
  });
});

describe("what the pages say to type", () => {
  it.each(PAGES)("%s: each block is run by a test that reads it there", (page) => {
    const languages = new Set(blocksOf(page).map(({ language }) => language));
    const ran = [...languages].filter((language) => RUN.includes(language));
    expect(ran.toSorted()).toEqual(Object.keys(RUN_BY[page] ?? {}).toSorted());
    for (const test of Object.values(RUN_BY[page] ?? {}))
      expect(readFileSync(test, "utf8"), test).toContain(`"${page}"`);
  });

  it.each(PAGES)("%s: what is to be typed is marked as such", (page) => {
    const unmarked = blocksOf(page).filter(
      ({ language }) => !["graphql", ...RUN].includes(language),
    );
    const typed = /^\s*(?:\w+=\S+ )*(?:npm|npx|node|wayhouse|curl|git|psql|pg_\w+|docker)\b/m;
    expect(unmarked.filter(({ text }) => typed.test(text))).toEqual([]);
  });

  it.each(PAGES)("%s: each command in the running text is one that there is", (page) => {
    expect(spansOf(page).flatMap(faultsOfSpan)).toEqual([]);
  });

  it.each([
    ["wayhouse keys lsit", "wayhouse keys lsit: no such command"],
    ["npm run wayhouse -- import hmis x --dryrun", "import hmis has no --dryrun"],
    ["npm run bnech", "npm run bnech: no such script"],
  ])("planted: `%s` is found", (span, fault) => {
    expect(faultsOfSpan(span)).toEqual([fault]);
  });
});

it("docs/operations.md says of each limit what it is unless set", () => {
  const { clientPerSecond, organisationPerSecond, searchesPerMinute, perHour, ...rest } =
    readConfig({}).limits;
  const limits: Record<string, number> = {
    CLIENT_REQUESTS_PER_SECOND: clientPerSecond,
    ORGANISATION_REQUESTS_PER_SECOND: organisationPerSecond,
    SEARCHES_PER_MINUTE: searchesPerMinute,
    REQUEST_SECONDS: rest.requestSeconds,
    CONNECTIONS: rest.connections,
  };
  for (const [budget, most] of Object.entries(perHour))
    limits[`${budget.toUpperCase()}_PER_HOUR`] = most;
  const rows = readFileSync("docs/operations.md", "utf8").match(/^\| .*`[A-Z_]+`.*\|$/gm) ?? [];
  const told = rows.flatMap((row) => {
    const [, what = "", usual = ""] = row.split("|");
    return [...what.matchAll(/`([A-Z_]+)`/g)].map(([, name = ""]) => [name, usual.trim()] as const);
  });
  expect(Object.fromEntries(told)).toMatchObject(
    Object.fromEntries(
      Object.entries(limits).map(([name, most]) => [name, most.toLocaleString("en")]),
    ),
  );
});

it("each variable of the configuration stands in docs/operations.md or in README.md", () => {
  const read = readFileSync("src/platform/config/config.ts", "utf8").matchAll(/^ {4}([A-Z_]+): /gm);
  const names = [...read].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(30);
  const spans = ["README.md", "docs/operations.md"].flatMap(spansOf);
  const told = new Set(spans.map((span) => span.split("=")[0]));
  expect(names.filter((name) => !told.has(name))).toEqual([]);
});

describe("what docs/operations.md says to watch", () => {
  const page = readFileSync("docs/operations.md", "utf8");

  it("is told by these names: each metric", async () => {
    const metrics = createMetrics();
    metrics.watchReplica(() => true);
    metrics.watchPool(() => ({ total: 0, idle: 0, waiting: 0 }));
    metrics.watchJobs([]);
    const names = new Set(page.match(/\bwayhouse_(?!owner\b|web\b)\w+/g));
    expect(names.size).toBeGreaterThan(4);
    const text = await metrics.text();
    expect([...names].filter((name) => !text.includes(`# TYPE ${name} `))).toEqual([]);
  });

  it("rings for no job that runs seldom, and for each that runs often", () => {
    const [, seldom = ""] = /job_lag_seconds\{job!~"([^"]+)"\} > 300/.exec(page) ?? [];
    // As Prometheus reads it: of the whole name.
    const isLeftOut = new RegExp(`^(?:${seldom.replaceAll("\\|", "|")})$`);
    const often = TASKS.filter(({ name }) => !isLeftOut.test(name)).map(({ name }) => name);
    expect(often).toEqual(expect.arrayContaining(["settle_holds", "settle_handoffs"]));
    const rare = TASKS.filter(({ everyMs }) => everyMs > 200_000).map(({ name }) => name);
    expect(rare.filter((name) => often.includes(name))).toEqual([]);
  });

  it("is told by these names: each event of the log", () => {
    const log = readFileSync("src/platform/telemetry/log.ts", "utf8");
    const kinds = /^(?:(?:start|request|job|stream|database|replica|drain)_[a-z_]+|crashed)$/;
    const named = spansOf("docs/operations.md").filter((span) => kinds.test(span));
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !log.includes(`  ${name}: {`))).toEqual([]);
  });
});

/** As the hosts of repositories and readers of Markdown name them. */
const headingsOf = (page: string) =>
  [...readFileSync(page, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

function faultsOfSpan(span: string): string[] {
  const script = /^npm (?:run (?:--silent )?)?([\w:]+)/.exec(span)?.[1];
  if (script && !["ci", "i", "pack", "install", ...Object.keys(scripts)].includes(script))
    return [`${span}: no such script`];
  const line = /^(?:npx wayhouse|wayhouse|npm run (?:--silent )?wayhouse --) (.+)$/.exec(span)?.[1];
  if (!line || /^(?:[<…]|--help)/.test(line)) return [];
  const known = commands.find(({ name }) => line === name || line.startsWith(`${name} `));
  if (!known) return [`${span}: no such command`];
  const options = [...line.matchAll(/--[\w-]+/g)].map(([option]) => option);
  return options
    .filter((option) => option !== "--help" && !known.usage.includes(option))
    .map((option) => `${known.name} has no ${option}`);
}

it("a page is read for a server elsewhere, and another server's port in it is left as it is", () => {
  const page = "http://127.0.0.1:4000/graphql over postgres://127.0.0.1:40001/wayhouse";
  expect(at("127.0.0.1:5", page)).toBe(
    "http://127.0.0.1:5/graphql over postgres://127.0.0.1:40001/wayhouse",
  );
});
