import { constants } from "node:buffer";
import { execFileSync, spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { optionsOf } from "../../src/cli/options.ts";
import { replaceFile } from "../../src/cli/files.ts";
import { type Demo, startDemo } from "../support/demo.ts";
import { commandOf, countWrites, PLACE, typed, wayhouse } from "../support/wayhouse.ts";

const FIXTURE = "tests/fixtures/hmis";
let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});

it("takes a thumbprint that begins with dashes for one, as a word and as a value", () => {
  const [word, value] = ["-", "--"].map((dashes) => dashes.padEnd(43, "x")) as [string, string];
  const asked = { required: ["thumbprint"], words: ["<kid>"] } as const;
  const options = optionsOf([word, "--thumbprint", value, "--json"], "usage", asked);
  expect(options.words).toEqual([word]);
  expect(options.values.thumbprint).toBe(value);
  expect(options.flags.json).toBe(true);
});

describe("import hmis ends with 2 and a sentence", () => {
  it.each([
    ["without a folder", [], /It takes <folder>/],
    [
      "with a name for a country",
      [FIXTURE, "--organisation", "harbour", "--country", "Armenia"],
      /--country must be/,
    ],
    [
      "with a code that is no country's, though it only plans",
      [FIXTURE, "--organisation", "harbour", "--country", "XX", "--dry-run"],
      /--country must be/,
    ],
    [
      "with an address",
      [FIXTURE, "--organisation", "harbour", "--country", "AM", "--locality", "Long Street 4"],
      /--locality must be a city/,
    ],
    ["on an unknown option", [FIXTURE, "--organization", "harbour"], /--organization/],
    [
      "on a folder without the files",
      ["tests/support", "--organisation", "harbour", ...PLACE],
      /Organization\.csv cannot be read \(ENOENT\)/,
    ],
    ["on a stranger", [FIXTURE, "--organisation", "nobody", ...PLACE], /nor one of the demo's/],
    [
      "on a server that is not there",
      [FIXTURE, "--organisation", "harbour", ...PLACE, "--url", "http://127.0.0.1:9/graphql"],
      /NETWORK: /,
    ],
    [
      "on a far server without TLS",
      [FIXTURE, "--organisation", "harbour", ...PLACE, "--url", "http://wayhouse.example/graphql"],
      /must be https/,
    ],
    [
      "on a file that is no token",
      [FIXTURE, "--organisation", "harbour", ...PLACE, "--token", "README.md"],
      /must hold one access token/,
    ],
  ])("%s", async (_, args, sentence) => {
    const { code, stdout, stderr } = await wayhouse(demo, "import", "hmis", ...args);
    expect(stderr).toMatch(sentence);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  it("on a token that is refused, of another organisation, or short of a scope", async () => {
    const file = join(demo.dataDir, "token");
    const attempt = async (organisation: string, token: string) => {
      writeFileSync(file, token);
      return wayhouse(demo, ...commandOf(demo, FIXTURE, organisation), "--token", file);
    };
    const refused = await attempt("harbour", "a.b.c");
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("UNAUTHENTICATED") });
    const foreign = await attempt("harbour", await demo.token("lantern", ["beds:manage"]));
    expect(foreign).toMatchObject({ code: 2, stderr: expect.stringContaining("is lantern's") });
    const short = await attempt("harbour", await demo.token("harbour", ["beds:read"]));
    expect(short).toMatchObject({ code: 2, stderr: expect.stringContaining("FORBIDDEN") });
  });

  it("on a country that there is not, before anything is created", async () => {
    const before = await countWrites(demo);
    const { code, stderr } = await wayhouse(
      demo,
      ...commandOf(demo, FIXTURE, "bridge"),
      "--country",
      "XX",
    );
    expect(code).toBe(2);
    expect(stderr).toContain("ISO 3166-1");
    expect(await countWrites(demo)).toBe(before);
  });
});

describe("the command line", () => {
  it.each(["migrate", "settle restore", "settle node-key"])(
    "says where %s looked for a database that is not there",
    async (command) => {
      const nowhere = "postgres://nobody@127.0.0.1:9/none";
      const variables = { DATABASE_URL: nowhere, DATABASE_OWNER_URL: nowhere };
      const { code, stderr } = await typed(variables, command.split(" "));
      expect(code).toBe(2);
      expect(stderr).toMatch(/^The database cannot be reached \(ECONNREFUSED\): .*\n$/);
    },
  );

  it("reads no file that is longer than a text can be, and says so", async () => {
    const path = join(demo.dataDir, "long.jsonl");
    writeFileSync(path, "");
    truncateSync(path, constants.MAX_STRING_LENGTH + 1);
    const { code, stderr } = await typed({}, ["audit", "verify", path]);
    expect([code, stderr]).toEqual([2, `${path} cannot be read (ERR_STRING_TOO_LONG).\n`]);
  });

  it("waits for no pipe and no device in the place of a file, nor for a folder where none can be made", () => {
    const pipe = join(demo.dataDir, "pipe.csv");
    execFileSync("mkfifo", [pipe]);
    const folder = join(demo.dataDir, "pipes");
    mkdirSync(folder);
    const within = join(folder, "Organization.csv");
    execFileSync("mkfifo", [within]);
    const whose = ["--organisation", "harbour"];
    const lines = [
      ["documents", "add", "--registry", "/proc/none/below"],
      ["documents", "add", "--registry", folder, pipe],
      ["import", "missions", pipe, ...whose],
      ["import", "hsds", folder, ...whose, ...PLACE],
      ["import", "hmis", folder, ...whose, ...PLACE],
      ["check-subgraph", pipe],
      ["audit", "verify", "/dev/tty"],
      ["audit", "verify", folder],
    ];
    // In a process of its own: what waits here for ever lets no timer of its process go.
    const script = `const { runCommand } = await import(process.argv[1] + "/cli/commands.js");
      for (const line of [...${JSON.stringify(lines)}, ["audit", "verify", process.argv[2]]])
        console.error(await runCommand(line));`;
    const typed = `exec "$0" --input-type=module -e "$1" "$2" <(echo {})`;
    const { stderr } = spawnSync(
      "bash",
      ["-c", typed, process.execPath, script, inject("programFolder")],
      { encoding: "utf8", timeout: 30_000, killSignal: "SIGKILL" },
    );
    const refused = (path: string, why = "no regular file") => `${path} cannot be read (${why}).`;
    expect(stderr.split("\n2\n")).toEqual([
      "/proc/none/below cannot be written (ENOENT).",
      refused(pipe),
      refused(pipe),
      refused(within),
      expect.stringContaining(refused(within)),
      refused(pipe),
      refused("/dev/tty"),
      refused(folder, "EISDIR"),
      // What a shell feeds it, it reads.
      expect.stringMatching(/fd\/\d+ is no audit export: line 1 belongs to none\.$/),
      "",
    ]);
    expect(() => replaceFile(pipe, "")).toThrow("cannot be written (no regular file)");
    expect(statSync(pipe).isFIFO()).toBe(true);
  });

  it.each([
    ["that it refused to read", "pipe", "no regular file"],
    ["that it refused to replace", "pipe", "no regular file", "replaceFile"],
    ["that it read", "/dev/fd/3", "fed\n"],
  ])(
    "still finds what a symbolic link leads to, after a pipe %s",
    (_, name, told, look = "readRegular") => {
      const folder = mkdtempSync(join(demo.dataDir, "linked-"));
      mkdirSync(join(folder, "real"));
      symlinkSync("real", join(folder, "link"));
      for (const [file, text] of Object.entries({
        "first.mjs": "",
        "inner.cjs": "exports.given = true;",
        "later.mjs": 'import inner from "./inner.cjs"; export default inner;',
      }))
        writeFileSync(join(folder, "real", file), text);
      execFileSync("mkfifo", [join(folder, "pipe")]);
      const script = `const [, path, files, look] = process.argv;
        await import(process.cwd() + "/link/first.mjs");
        const { [look]: act } = await import(files);
        try { process.stdout.write(act(path, "")); } catch (error) { process.stdout.write(error.message); }
        console.log((await import(process.cwd() + "/link/later.mjs")).default);`;
      const typed = `exec "$0" --input-type=module -e "$@" 3< <(echo fed)`;
      const files = join(inject("programFolder"), "platform/files.js");
      const words = ["-c", typed, process.execPath, script, name, files, look];
      const answer = execFileSync("bash", words, { cwd: folder, encoding: "utf8" });
      expect(answer).toBe(`${told}{ given: true }\n`);
    },
  );

  it("teaches with --help, and refuses what it does not know", async () => {
    expect(await wayhouse(demo, "--help")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("import hmis"),
    });
    expect(await wayhouse(demo, "import", "hmis", "--help")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("--dry-run"),
    });
    expect(await wayhouse(demo, "import", "hsmi")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("There is no such command."),
    });
  });
});
