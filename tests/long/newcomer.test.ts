import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { at, textsOf } from "../support/pages.ts";
import { freePort } from "../support/ports.ts";

let port: string;
let anotherPort: string;
/** A home that only its owner may enter, of a name that is not plain, with a clone of what is committed in it. */
let home: string;
let clone: string;
let server: ChildProcess | undefined;
beforeAll(async () => {
  [port, anotherPort] = [String(await freePort()), String(await freePort())];
  home = mkdtempSync(join(tmpdir(), "wayhouse newcomer é-"));
  clone = join(home, "wayhouse");
  execFileSync("git", ["clone", "--quiet", ".", clone]);
});
afterAll(async () => {
  if (server && server.exitCode === null) {
    const ended = once(server, "exit");
    process.kill(-server.pid!, "SIGTERM");
    await ended;
  }
  for (const folder of [".data", "day"]) {
    const secrets = join(clone, folder, "secrets.json");
    if (!existsSync(secrets)) continue;
    const { cluster } = JSON.parse(readFileSync(secrets, "utf8")) as { cluster: string };
    rmSync(join("/var/lib/wayhouse", cluster), { recursive: true, force: true });
  }
  rmSync(home, { recursive: true, force: true });
  // Two installations are many files.
}, 180_000);

const env = () => ({ PATH: process.env["PATH"], HOME: home, PORT: port });
/** `alias wayhouse=…`, as the guides say; in a script an alias is a function. */
const WAYHOUSE = 'wayhouse() { npm run --silent wayhouse -- "$@"; }';
/** What was left in the background ends with its session. */
const TIDY = `trap 'trap "" TERM; kill 0' EXIT`;

function type(folder: string, ...blocks: string[]): Promise<string> {
  const here = blocks.map((text) => at(`127.0.0.1:${port}`, text));
  const script = ["set -euo pipefail", WAYHOUSE, TIDY, ...here].join("\n");
  return new Promise((done, fail) => {
    execFile(
      "setsid",
      ["--wait", "bash", "-c", script],
      { cwd: folder, env: env() },
      (error, stdout, stderr) =>
        error ? fail(new Error(`${stdout}\n${stderr}`, { cause: error })) : done(stdout),
    );
  });
}

it("README's two commands serve the API", async () => {
  const [install = ""] = textsOf("README.md", "sh");
  server = spawn("bash", ["-c", install], {
    cwd: clone,
    env: env(),
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    server!.stdout!.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("Demo organisations")) resolve();
    });
    server!.once("exit", (code) => reject(new Error(`ended with ${code}: ${said}`)));
  });
  expect(said).toContain(`serves http://127.0.0.1:${port}/graphql`);
});

it("README's session finds beds and holds some", async () => {
  const [, ...session] = textsOf("README.md", "sh");
  expect(await type(clone, ...session)).toContain('"status":"HELD"');
});

it("the bot of the guide takes a case over", async () => {
  const here = `sed -i 's/127.0.0.1:[0-9]*/127.0.0.1:${port}/' examples/handoff-bot/bot.yaml`;
  const told = await type(clone, here, ...textsOf("docs/bot.md", "sh"));
  expect(told).toMatch(/^handed over /m);
  expect(told).toContain("Two people, at the station by noon.");
});

it("the administration day goes from an empty network to beds that are shared, on the embedded database", async () => {
  const served = "until curl --silent --fail http://127.0.0.1:$PORT/health/ready; do sleep 1; done";
  const blocks = textsOf("docs/administration-day.md", "sh").map((text) =>
    text.replace(/ &\n/, ` &\n${served}\n`),
  );
  const told = await type(clone, `export PORT=${anotherPort}`, ...blocks);
  expect(told).toMatch(/^ok +organisation harbour: the API knows it as harbour/m);
  expect(told).toContain("Pomegranate");
  expect(told).not.toMatch(/^wrong/m);
});

it("the package is installed into an empty folder, and its command and its library run there", async () => {
  const [whole, own] = [join(home, "command"), join(home, "dashboard")];
  for (const one of [whole, own]) mkdirSync(one);
  const install = (pack: string, tarball: string) =>
    `(cd ../wayhouse && ${pack} --silent) && npm init -y && npm i ../wayhouse/${tarball} 2>&1`;
  // Overrides reach no one who installs it: what its dependencies need is pinned among them.
  const told = await type(whole, install("npm pack", "wayhouse-0.1.0.tgz"));
  expect(told).not.toContain("EBADENGINE");
  expect(await type(whole, "npx --no-install wayhouse --help")).toContain("keys publish");
  const small = await type(own, install("npm run pack:client", "dist-client/wayhouse-0.1.0.tgz"));
  expect(small).toContain("added 4 packages");
  const [program = ""] = textsOf("docs/dashboard.md", "js");
  const quoted = `cat > dashboard.mjs <<'END'\n${program}\nEND\nln -s ../wayhouse/.data .data`;
  expect(await type(own, quoted, "node dashboard.mjs")).toBe(
    "lantern [ 'BEDS_READ', 'ORGANISATIONS_READ' ]\n",
  );
});

it("and nothing that the pages have one make, keys above all, can be committed by mistake", async () => {
  expect(existsSync(join(clone, "bot/keys/sign.json"))).toBe(true);
  expect(await type(clone, "git status --porcelain --untracked-files=all")).not.toMatch(/^\?\?/m);
});
