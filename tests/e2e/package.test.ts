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

/** A folder with a package as npm would install it, beside what it depends on and nothing else. */
function install(name: string, tarball: string) {
  const home = join(folder, name);
  const installed = join(home, "node_modules", "wayhouse");
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["xzf", tarball, "-C", installed, "--strip-components", "1"]);
  const files = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
  const read = (file: string) => readFileSync(join(installed, file), "utf8");
  const dependencies = Object.keys(
    (JSON.parse(read("package.json")) as { dependencies: object }).dependencies,
  );
  for (const one of [...dependencies, "typescript"]) {
    const link = join(home, "node_modules", one);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(resolve("node_modules", one), link);
  }
  const node = (...args: string[]) =>
    execFileSync(process.execPath, args, { cwd: home, encoding: "utf8" });
  return { home, installed, files, read, dependencies, node };
}
const npm = (...args: string[]) =>
  execFileSync("npm", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
    .trim()
    .split("\n")
    .at(-1)!;

let folder: string;
let whole: ReturnType<typeof install>;
let client: ReturnType<typeof install>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "wayhouse-package-"));
  whole = install("whole", join(folder, npm("pack", "--silent", "--pack-destination", folder)));
  client = install("client", join("dist-client", npm("run", "--silent", "pack:client")));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("the package holds what runs and what it reads, and no test, data or secret", () => {
  const { files, read } = whole;
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
  const privateKeys = files.filter((file) => /"d": ?"[\w-]{43}"|PRIVATE KEY/.test(read(file)));
  expect(privateKeys).toEqual([]);
});

/** What its files import, by the names of packages. */
const importsOf = ({ files, read }: typeof whole) =>
  new Set(
    files
      .filter((file) => file.endsWith(".js"))
      .flatMap((file) => sourceFile(file, read(file)).imports)
      .filter(({ specifier }) => !specifier.startsWith("."))
      .map(({ specifier }) => specifier.replace(/^node:/, ""))
      .map((name) => (builtinModules.includes(name) ? name : /^(?:@[^/]+\/)?[^/]+/.exec(name)![0])),
  );

it("neither package imports what it does not depend on", () => {
  for (const one of [whole, client]) {
    const allowed = new Set([...one.dependencies, ...builtinModules]);
    expect([...importsOf(one)].filter((name) => !allowed.has(name))).toEqual([]);
  }
});

it("the client's package is what the whole one has of it, to the byte, and depends on what that imports alone", () => {
  const { files, read, dependencies } = client;
  const own = files.filter((file) => file !== "package.json");
  expect(own.every((file) => file.startsWith("dist/"))).toBe(true);
  expect(own.filter((file) => file.endsWith(".js") && read(file) !== whole.read(file))).toEqual([]);
  const imported = importsOf(client);
  expect(dependencies.filter((name) => !imported.has(name))).toEqual([]);
  expect(Buffer.concat(own.map((file) => Buffer.from(read(file)))).length).toBeLessThan(500_000);
});

it.each([
  ["audit", "verifyAuditExport"],
  ["client", "createClient"],
  ["operations", "AcceptHandoff"],
  ["sealing", "checkKeyLog"],
])("wayhouse/%s resolves in plain Node, and has %s", (door, name) => {
  const script = `console.log(typeof (await import("wayhouse/${door}"))["${name}"])`;
  expect(client.node("--input-type=module", "-e", script)).toMatch(/^(function|string)\n$/);
});

it("a bundler for browsers resolves its doors", async () => {
  const { outputFiles } = await build({
    stdin: { contents: PROGRAM, resolveDir: client.home, loader: "ts" },
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
    writeFileSync(join(client.home, "program.mts"), program);
    const lib = ["--lib", "es2023,dom", "--types", ""];
    const options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2023", ...lib];
    try {
      client.node("node_modules/typescript/bin/tsc", ...options, "program.mts");
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
  expect(whole.node(join(whole.installed, "dist/cli/bin.js"), "--help")).toContain("keygen");
});

it("its server finds the migrations that it was packed with", () => {
  const script = `import { readdirSync } from "node:fs"; import { migrate } from "./node_modules/wayhouse/dist/platform/db/migrator.js";
    await migrate({ ownerUrl: "postgres://nobody@127.0.0.1:9/none", apiUrl: "postgres://nobody@127.0.0.1:9/none" }).catch((error) => console.log(error.code));`;
  expect(whole.node("--input-type=module", "-e", script)).toBe("ECONNREFUSED\n");
});
