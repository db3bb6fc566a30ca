import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path/posix";
import { describe, expect, it } from "vitest";
import { COMPUTED, sourceFile, strip } from "./imports.ts";
import { circlesOf, layerViolations, reachOf } from "./layers.ts";

function read(folder: string): ReturnType<typeof sourceFile>[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll("\\", "/"))
    .map((path) => sourceFile(path, readFileSync(path, "utf8")));
}

/** The violations of one invented file. */
const of = (path: string, text = "") => layerViolations([sourceFile(path, text)]);
const importing = (path: string, specifier: string) =>
  of(path, `import { x } from "${specifier}";\n`);

describe("the house", () => {
  const src = read("src");
  const tests = read("tests").filter(({ path }) => path.endsWith(".ts"));
  const examples = read("examples").filter(({ path }) => path.endsWith(".ts"));

  it("keeps its layers", () => {
    expect(layerViolations([...src, ...tests, ...examples])).toEqual([]);
  });

  it("goes in no circle: whoever reads a file can begin with what it stands on", () => {
    expect(circlesOf([...src, ...tests, ...examples])).toEqual([]);
  });

  it("loads no database's driver for a command that only speaks to the API", () => {
    const OPEN_THE_DATABASE = /\/(?:serve|migrate|doctor|found|settle-\w[\w-]*)\.ts$/;
    const commands = src
      .find(({ path }) => path === "src/cli/commands.ts")!
      .imports.filter(({ typeOnly }) => !typeOnly)
      .map(({ specifier }) => specifier);
    expect(commands).toContain("./import-missions.ts");
    for (const command of commands) {
      const isLoaded = reachOf(src, join("src/cli", command)).has("pg");
      expect([command, isLoaded]).toEqual([command, OPEN_THE_DATABASE.test(command)]);
    }
  });

  it("was looked at, every layer of it", () => {
    const parts = ["kernel", "platform", "sealing", "client", "modules", "cli"].map(
      (name) => `src/${name}`,
    );
    for (const part of [...parts, "src/main.ts", "src/app.ts", "src/schema.ts"])
      expect([part, src.some(({ path }) => path.startsWith(part))]).toEqual([
        part,
        existsSync(part),
      ]);
    expect(src.length).toBeGreaterThan(existsSync("src/modules/handoffs/index.ts") ? 60 : 1);
    expect(tests.map(({ path }) => path)).toContain("tests/architecture/layers.test.ts");
  });

  it("has no import that the scan overlooks", () => {
    for (const { path, text, imports } of src) {
      const naive = text.matchAll(/^(?:import\b|export\b|\}).*? from "([^"]+)";$/gm);
      const found = imports.map(({ specifier }) => specifier);
      for (const [line, specifier] of naive) expect(found, `${path}: ${line}`).toContain(specifier);
    }
  });
});

describe("the scan", () => {
  const scan = (text: string) => sourceFile("src/kernel/a.ts", text).imports;

  it("sees every form of import", () => {
    const found = scan(`
      import a, { b as c, type D } from "./1.ts";
      import type { E } from './2.ts';
      import * as f from "./3.ts";
      import "./4.ts";
      export { g } from "./5.ts";
      export type { H } from "./6.ts";
      export * from "./7.ts";
      const i = await import("./8.ts");
      const j = await import(\`./\${i}.ts\`);
      import {
        k,
      } from "./9.ts" with { type: "json" };
    `);
    expect(found.map((i) => [i.specifier, i.typeOnly, i.values.join()])).toEqual([
      ["./1.ts", false, "b,default"],
      ["./2.ts", true, ""],
      ["./3.ts", false, "*"],
      ["./5.ts", false, "g"],
      ["./6.ts", true, ""],
      ["./7.ts", false, "*"],
      ["./9.ts", false, "k"],
      ["./4.ts", false, "*"],
      ["./8.ts", false, "*"],
      [COMPUTED, false, "*"],
    ]);
  });

  it("takes no comment, string, template or regular expression for code", () => {
    const text = [
      `// import "a";`,
      `/* import "b"; */ const c = 'import "d";';`,
      `const e = \`import "f"; \${g("import('h')", \`import "i"\`)} import "j";\`;`,
      `const k = /["'\`/]import "l"/g.test(m) ? n / o : "/";`,
      `import "p";`,
    ].join("\n");
    expect(scan(text).map(({ specifier }) => specifier)).toEqual(["p"]);
    expect(strip(text).code).toHaveLength(text.length);
    expect(strip(text).words).toContain(`'import "d";'`);
    expect(strip(text).words).not.toContain(`"a"`);
  });
});

describe("planted violations", () => {
  const shelter = (role: string) => `src/modules/capacity/shelter.${role}.ts`;

  it.each([
    ["kernel knows only kernel", "src/kernel/ids.ts", "../platform/db/pool.ts"],
    ["platform knows no module", "src/platform/http/a.ts", "../../modules/audit/index.ts"],
    ["a module does not know the composition root", shelter("actions"), "../../app.ts"],
    ["nothing but cli knows cli", "src/main.ts", "./cli/seed.ts"],
    ["src does not know tests", "src/app.ts", "../tests/support/network.ts"],
    ["cli enters a module by its door", "src/cli/seed.ts", "../modules/audit/chain.queries.ts"],
    ["a module enters another by its door", shelter("actions"), "../sharing/grant.rules.ts"],
    ["modules of one rank do not meet", shelter("actions"), "../consulates/index.ts"],
    ["a lower module does not know a higher", shelter("actions"), "../handoffs/index.ts"],
    [
      "audit knows organisations alone",
      "src/modules/audit/chain.actions.ts",
      "../handoffs/index.ts",
    ],
    ["a module has no use for its own door", shelter("actions"), "./index.ts"],
    ["a query does not act", shelter("queries"), "./shelter.actions.ts"],
    ["an action does not know the graph", shelter("actions"), "./shelter.graphql.ts"],
    ["an action does not use graphql", shelter("actions"), "graphql"],
    ["an action does not use Pothos", shelter("actions"), "@pothos/core"],
    ["an action does not use the builder", shelter("actions"), "../../platform/graphql/builder.ts"],
    ["an action does not use Kysely", shelter("actions"), "kysely"],
    ["an index does not use Kysely", "src/modules/capacity/index.ts", "kysely/helpers/postgres"],
    ["a query does not use the driver", shelter("queries"), "pg"],
    ["rules do not query", shelter("rules"), "./shelter.queries.ts"],
    ["rules do not know the database", shelter("rules"), "../../platform/db/pool.ts"],
    ["rules use no package", shelter("rules"), "zod"],
    ["rules use nothing of Node", shelter("rules"), "node:crypto"],
    ["rules do not know other modules", shelter("rules"), "../sharing/index.ts"],
    ["errors are as pure as rules", "src/modules/capacity/errors.ts", "../../platform/db/pool.ts"],
    ["the graph does not use Kysely", shelter("graphql"), "kysely"],
    ["the graph does not use the driver", shelter("graphql"), "pg"],
    ["the graph does not know the database", shelter("graphql"), "../../platform/db/pool.ts"],
    ["the graph does not decide", shelter("graphql"), "./shelter.rules.ts"],
    ["sealing does not know platform", "src/sealing/seal.ts", "../platform/http/fetch.ts"],
    ["sealing does not know modules", "src/sealing/seal.ts", "../modules/audit/index.ts"],
    ["sealing runs without Node", "src/sealing/seal.ts", "node:crypto"],
    ["sealing runs without Node by its old names", "src/sealing/seal.ts", "crypto"],
    ["the client does not know platform", "src/client/call.ts", "../platform/auth/sign.ts"],
    ["the server does not know the client", "src/app.ts", "./client/index.ts"],
    ["the client runs without Node", "src/client/token.ts", "node:crypto"],
    ["an example stands alone", "examples/partner/gateway.ts", "../../src/kernel/ids.ts"],
    ["an example needs no tests", "examples/partner/gateway.ts", "../../tests/support/demo.ts"],
    ["src does not know the examples", "src/cli/seed.ts", "../../examples/partner/cases.ts"],
    ["the environment is not imported", "src/cli/seed.ts", "node:process"],
  ])("%s", (_, path, specifier) => {
    expect(importing(path, specifier)).not.toEqual([]);
    expect(of(path, `export * from "${specifier}";`)).not.toEqual([]);
    expect(of(path, `await import("${specifier}");`)).not.toEqual([]);
  });

  it.each([
    [shelter("actions"), `import type { Graph } from "./shelter.graphql.ts";`],
    [shelter("actions"), `import type { Hold } from "../handoffs/index.ts";`],
    [shelter("rules"), `import type { Transaction } from "kysely";`],
    ["src/kernel/ids.ts", `import type { DB } from "../platform/db/schema.ts";`],
  ])("a type import of %s is an import: %s", (path, text) => {
    expect(of(path, text)).not.toEqual([]);
  });

  it.each([
    ["src/app.ts", "await import(`./modules/${name}/index.ts`);"],
    ["src/modules/audit/chain.actions.ts", "const url = process.env.URL;"],
    ["src/cli/seed.ts", `const url = process["env"];`],
    ["src/main.ts", "const { env } = process;"],
    [shelter("rules"), "const at = Date.now();"],
    [shelter("rules"), "const at = new Date();"],
    [shelter("rules"), "const at = new Date;"],
    [shelter("rules"), "const luck = Math.random();"],
    [shelter("rules"), "const id = crypto.randomUUID();"],
    [shelter("rules"), "const on = process.argv[2];"],
    ["src/sealing/seal.ts", "const bytes = Buffer.from(text);"],
    ["src/client/call.ts", "const bytes = Buffer.from(text);"],
  ])("%s does not say: %s", (path, text) => {
    expect(of(path, text)).toHaveLength(1);
  });

  it.each([
    "src/start.ts",
    "src/shared/a.ts",
    "src/modules/weather/a.rules.ts",
    "src/modules/capacity/shelter.ts",
    "src/modules/capacity/shelter.resolver.ts",
    "src/modules/capacity/holds/hold.rules.ts",
    "src/modules/index.ts",
    "src/kernel/utils.ts",
    "src/kernel/date-helpers.ts",
    "src/modules/capacity/common.rules.ts",
    "src/platform/misc/a.ts",
    "src/platform/db/poolManager.ts",
  ])("a file is not named %s", (path) => {
    expect(of(path)).not.toEqual([]);
  });

  it("a file has at most 300 lines", () => {
    expect(of("src/kernel/a.ts", "//\n".repeat(300))).toEqual([]);
    expect(of("src/kernel/a.ts", "//\n".repeat(301))).toHaveLength(1);
    expect(of("tests/api/a.test.ts", "//\n".repeat(301))).toHaveLength(1);
  });

  it("a violation names the offender and the way out", () => {
    expect(importing(shelter("actions"), "../consulates/index.ts")).toEqual([
      expect.stringMatching(
        /^src\/modules\/capacity\/shelter\.actions\.ts imports .* hand the facts/,
      ),
    ]);
  });
});

it("a circle is found, also of types alone, and named by its way", () => {
  const planted = [
    ["src/a/one.ts", `import { two } from "./two.ts";`],
    ["src/a/two.ts", `import { pg } from "pg"; export * from "../b/three.ts";`],
    ["src/b/three.ts", `import type { One } from "../a/one.ts";`],
    ["src/b/four.ts", `import { one } from "../a/one.ts";`],
  ].map(([path, text]) => sourceFile(path!, text!));
  expect(circlesOf(planted)).toEqual([
    "src/a/one.ts → src/a/two.ts → src/b/three.ts → src/a/one.ts",
  ]);
  expect(circlesOf(planted.filter(({ path }) => path !== "src/b/three.ts"))).toEqual([]);
});

it.each([
  ["src/main.ts", `import { app } from "./app.ts"; process.on("SIGTERM", stop);`],
  ["src/schema.ts", `import "./modules/capacity/shelter.graphql.ts";`],
  ["examples/partner/demo.ts", `import { createApp } from "../../src/app.ts";`],
  ["src/cli/seed.ts", `import { a } from "../app.ts"; process.stdout.write(process.argv[2]);`],
  ["src/platform/config/config.ts", "export const url = process.env.DATABASE_URL;"],
  ["src/platform/db/pool.ts", `import pg from "pg"; import { Kysely } from "kysely";`],
  ["src/modules/handoffs/handoff.actions.ts", `import { h } from "../capacity/index.ts";`],
  ["src/modules/capacity/hold.actions.ts", `import type { Transaction } from "kysely";`],
  ["src/modules/capacity/hold.queries.ts", `import { sql } from "kysely";`],
  ["src/modules/capacity/hold.graphql.ts", `import { EDGES, type Edge } from "./hold.rules.ts";`],
  [
    "src/modules/capacity/hold.graphql.ts",
    `import type { DB } from "../../platform/db/schema.ts";`,
  ],
  ["src/modules/capacity/hold.rules.ts", `import { id } from "../../kernel/ids.ts"; // Date.now()`],
  ["src/modules/capacity/hold.rules.ts", `throw new Error("no process"); new Date(at);`],
  ["src/modules/events/event.queries.ts", `import { sql } from "kysely"; // process.env`],
])("%s may say: %s", (path, text) => {
  expect(of(path, text)).toEqual([]);
});
