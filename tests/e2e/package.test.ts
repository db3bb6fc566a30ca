import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sourceFile } from "../architecture/imports.ts";

const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
  dependencies: Record<string, string>;
};
const PROGRAM = `
  import { readAuditExport } from "wayhouse/audit";
  import { createClient, Handoff, SetBeds } from "wayhouse/client";
  import { Viewer } from "wayhouse/operations";
  import { pinOf, seal } from "wayhouse/sealing";
  export { pinOf, readAuditExport, seal, SetBeds, Viewer };
  export async function statusOf(client: ReturnType<typeof createClient>, id: string) {
    const { node } = await client.run(Handoff, { id });
    return node?.__typename === "Handoff" ? node.status : null;
  }
`;

/** A folder with the package as npm would install it, beside what it depends on. */
let home: string;
let installed: string;
let files: string[];
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "wayhouse-package-"));
  installed = join(home, "node_modules", "wayhouse");
  mkdirSync(installed, { recursive: true });
  const packed = execFileSync("npm", ["pack", "--silent", "--pack-destination", home], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const tarball = join(home, packed.trim().split("\n").at(-1)!);
  execFileSync("tar", ["xzf", tarball, "-C", installed, "--strip-components", "1"]);
  files = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
  for (const name of [...Object.keys(dependencies), "typescript"]) {
    const link = join(home, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(resolve("node_modules", name), link);
  }
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const node = (...args: string[]) =>
  execFileSync(process.execPath, args, { cwd: home, encoding: "utf8" });

it("the package holds what runs and what it reads, and no test, data or secret", () => {
  const places = new Set(files.map((file) => file.split("/")[0]!));
  expect([...places].toSorted((a, b) => a.localeCompare(b, "en"))).toEqual([
    "dist",
    "migrations",
    "package.json",
    "README.md",
    "schema",
  ]);
  const stray = files.filter((file) =>
    /test|secret|\.data|\.env|\.pem|\.key$|\.log$|(?<!\.d)\.ts$/.test(file),
  );
  expect(stray).toEqual([]);
  const privateKeys = files.filter((file) =>
    /"d": ?"[\w-]{43}"|PRIVATE KEY/.test(readFileSync(join(installed, file), "utf8")),
  );
  expect(privateKeys).toEqual([]);
});

it("the package imports nothing that it does not depend on", () => {
  const allowed = new Set([...Object.keys(dependencies), ...builtinModules]);
  const strays = files
    .filter((file) => file.endsWith(".js"))
    .flatMap((file) => sourceFile(file, readFileSync(join(installed, file), "utf8")).imports)
    .filter(({ specifier }) => !specifier.startsWith("."))
    .map(({ specifier }) => specifier.replace(/^node:/, ""))
    .filter((name) => !allowed.has(name) && !allowed.has(/^(?:@[^/]+\/)?[^/]+/.exec(name)![0]));
  expect(strays).toEqual([]);
});

it.each([
  ["audit", "verifyAuditExport"],
  ["client", "createClient"],
  ["operations", "AcceptHandoff"],
  ["sealing", "checkKeyLog"],
])("wayhouse/%s resolves in plain Node, and has %s", (door, name) => {
  const script = `console.log(typeof (await import("wayhouse/${door}"))["${name}"])`;
  expect(node("--input-type=module", "-e", script)).toMatch(/^(function|string)\n$/);
});

it("a bundler for browsers resolves its doors", async () => {
  const { outputFiles } = await build({
    stdin: { contents: PROGRAM, resolveDir: home, loader: "ts" },
    platform: "browser",
    format: "esm",
    bundle: true,
    write: false,
    logLevel: "silent",
  });
  expect(outputFiles[0]!.text).toContain("query Handoff");
});

it("its types are complete, and say what does not fit", () => {
  const compile = (program: string) => {
    writeFileSync(join(home, "program.mts"), program);
    const lib = ["--lib", "es2023,dom", "--types", ""];
    const options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2023", ...lib];
    try {
      node("node_modules/typescript/bin/tsc", ...options, "program.mts");
      return "";
    } catch (error) {
      return String((error as { stdout: unknown }).stdout);
    }
  };
  expect(compile(PROGRAM)).toBe("");
  expect(
    compile(`${PROGRAM}\nvoid ({} as ReturnType<typeof createClient>).run(Handoff, { no: 1 });`),
  ).toContain("TS2353");
});

it("its command line runs from where it is installed", () => {
  expect(node(join(installed, "dist/cli/bin.js"), "--help")).toContain("keygen");
});

it("its server finds the migrations that it was packed with", () => {
  const script = `import { readdirSync } from "node:fs"; import { migrate } from "./node_modules/wayhouse/dist/platform/db/migrator.js";
    await migrate({ ownerUrl: "postgres://nobody@127.0.0.1:9/none", apiUrl: "postgres://nobody@127.0.0.1:9/none" }).catch((error) => console.log(error.code));`;
  expect(node("--input-type=module", "-e", script)).toBe("ECONNREFUSED\n");
});
