import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { administer } from "../../src/cli/administer.ts";
import { ADMINISTRATION_COMMANDS } from "../../src/cli/administration.ts";
import type { Command } from "../../src/cli/command.ts";
import * as organisationNew from "../../src/cli/organisation-new.ts";
import * as token from "../../src/cli/token.ts";
import { type Demo, startDemo } from "../support/demo.ts";
import { AUDIENCE } from "../support/demo.ts";

let demo: Demo;
let folder: string;
const home = process.cwd();
beforeAll(async () => {
  demo = await startDemo();
  folder = mkdtempSync(join(tmpdir(), "wayhouse-administration-"));
  vi.stubEnv("DATA_DIR", demo.dataDir);
  vi.stubEnv("AUDIENCE", AUDIENCE);
  vi.stubEnv("PORT", new URL(demo.url).port);
  process.chdir(folder);
});
afterAll(async () => {
  process.chdir(home);
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
  await demo.stop();
});

/** As a shell takes a line apart, in this process: a new one for each would take a minute. */
async function type(line: string): Promise<{ code: number; stdout: string }> {
  const words = execFileSync("bash", ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" });
  const args = words.split("\0").slice(0, -1);
  const [name, command] = commandOf(args);
  const print = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    const code = await command.run(args.slice(name.split(" ").length));
    return { code, stdout: print.mock.calls.flat().join("\n") };
  } finally {
    print.mockRestore();
  }
}

function commandOf(args: readonly string[]): [string, Command] {
  if (args[0] === "token") return ["token", token];
  if (args[0] === "org" && args[1] === "new") return ["org new", organisationNew];
  const name = Object.keys(ADMINISTRATION_COMMANDS).find((known) =>
    known.split(" ").every((word, at) => args[at] === word),
  )!;
  return [name, administer(name, ADMINISTRATION_COMMANDS[name]!)];
}

const exampleOf = (usage: string) => /^Example: {2}wayhouse (.*)$/m.exec(usage)![1]!;

describe("every example of --help does what it says, on the demo", () => {
  it("org new, token", async () => {
    expect((await type(exampleOf(organisationNew.usage))).stdout).toMatch(/^[\w-]{43}$/);
    expect((await type(exampleOf(token.usage))).stdout).toMatch(/^ey[\w.-]+$/);
  });

  it.each(Object.entries(ADMINISTRATION_COMMANDS))("%s", async (name, entry) => {
    if (name === "grants revoke") {
      const grants = await type("grants list GIVEN --organisation harbour --json");
      vi.stubEnv("GRANT", (JSON.parse(grants.stdout) as { id: string }[])[0]!.id);
    }
    expect(exampleOf(administer(name, entry).usage)).toBe(entry.example);
    const { code, stdout } = await type(entry.example);
    expect(code).toBe(0);
    expect(stdout).not.toBe("");
  });
});

describe("the wrong actor", () => {
  it.each([
    [
      "a client without the scope",
      "clients register x --kind BOT --scopes beds:read --organisation lantern --client dashboard",
      /FORBIDDEN/,
    ],
    [
      "an organisation that is no network admin registers nobody",
      "org scopes lantern --scopes beds:read --organisation harbour",
      /FORBIDDEN/,
    ],
    [
      "another organisation's grant is not there",
      'grants revoke "$GRANT" --organisation lantern',
      /NOT_FOUND/,
    ],
    [
      "a client that is not registered",
      "whoami --organisation lantern --client nobody",
      /UNAUTHENTICATED/,
    ],
    [
      "a stranger's handle names nobody",
      "grants give outsider --scopes beds:read --organisation harbour",
      /You see no organisation outsider/,
    ],
    [
      "nobody gives what it lacks",
      "clients register y --kind BOT --scopes network:admin --organisation lantern",
      /scopes/,
    ],
  ])("%s", async (_, line, sentence) => {
    await expect(type(line)).rejects.toThrow(sentence);
  });
});

it("the same --key has one effect, and --json is the API's answer", async () => {
  const line =
    "clients register twice --kind BOT --scopes beds:read --require-dpop true --organisation harbour --key twice-and-once --json";
  const [first, second] = [await type(line), await type(line)];
  const twice = { clientId: "twice", scopes: ["BEDS_READ"], requireDpop: true };
  expect(JSON.parse(first.stdout)).toMatchObject(twice);
  expect(second).toEqual(first);
  const misspelt = line.replace("dpop true", "dpop yes");
  await expect(type(misspelt)).rejects.toThrow(/--require-dpop must be true or false/);
});
