import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../support/ports.ts";
import { asSuperuser, createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { emptyShell } from "../support/shell.ts";

const COMMANDS = [
  ...readFileSync("docs/administration-day.md", "utf8").matchAll(/```sh\n([\s\S]*?)```/g),
].flatMap(([, block]) => block!.trim().split("\n"));

let database: TestDatabase;
let shell: ReturnType<typeof emptyShell>;
const left: ChildProcess[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  const [PORT, METRICS_PORT] = [await freePort(), await freePort()].map(String);
  shell = emptyShell({
    PORT,
    METRICS_PORT,
    DATABASE_URL: database.apiUrl,
    DATABASE_OWNER_URL: database.ownerUrl,
  });
});
afterAll(async () => {
  for (const child of left) {
    const ended = child.exitCode === null ? once(child, "exit") : null;
    process.kill(-child.pid!, "SIGTERM");
    await ended;
  }
  rmSync(shell.folder, { recursive: true, force: true });
  await database.leave();
});

const type = (line: string) => shell.type(line);
/** In the background, until it says that it runs. */
async function start(line: string, announced: string) {
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const { folder: cwd, env } = shell;
  const child = spawn("bash", ["-c", `exec env ${line}`], {
    cwd,
    env,
    detached: true,
    stdio: [...stdio],
  });
  left.push(child);
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stdout!.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(announced)) resolve();
    });
    child.once("exit", (code) => reject(new Error(`${line} ended with ${code}`)));
  });
}

it(
  "the documented day, as written: from an empty network to beds that are shared",
  { timeout: 240_000 },
  async () => {
    expect(COMMANDS.length).toBeLessThanOrEqual(15);
    const answers = new Map<string, string>();
    for (const line of COMMANDS) {
      if (line.endsWith(" &")) {
        await start(line.slice(0, -2), "serves http");
        continue;
      }
      const { code, stdout, stderr } = await type(line);
      expect({ line, code, stderr }).toMatchObject({
        line,
        code: 0,
        stderr: expect.not.stringContaining("rror"),
      });
      answers.set(line, stdout);
    }
    expect(answers.get(COMMANDS.find((line) => line.includes("beds find"))!)).toMatch(
      /^MANY +8 +Pomegranate\b/m,
    );
    const examined = answers.get(COMMANDS.at(-1)!)!;
    expect(examined).toMatch(/^ok +row-level security and role/m);
    expect(examined).not.toMatch(/^wrong/m);
    expect(examined).not.toContain("\u001B");
  },
);

it("a network is founded once: the second ceremony changes nothing, whoever holds it", async () => {
  await type("wayhouse org new usurper --issuer https://usurper.example");
  const again = await type(
    'wayhouse found usurper/introduction.json --thumbprint "$(cat usurper/thumbprint)"',
  );
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("founded already") });
  const { rows } = await asSuperuser(database.superuserUrl, (client) =>
    client.query("select o.handle from organisation o order by 1"),
  );
  expect(rows.map(({ handle }) => handle)).toEqual(["coordinator", "harbour", "lantern"]);
  const chain = await asSuperuser(database.superuserUrl, (client) =>
    client.query("select action, scope, sequence from audit_entry where action = 'foundNetwork'"),
  );
  expect(chain.rows).toEqual([{ action: "foundNetwork", scope: "network:admin", sequence: 1 }]);
});

it("a swapped introduction, or one with a private key or one key for all, is not registered", async () => {
  await type("wayhouse org new meadow --issuer https://meadow.example");
  const register = (heard: string) =>
    type(
      `wayhouse org register meadow/introduction.json --thumbprint ${heard} --scopes beds:read --organisation coordinator`,
    );
  expect(await register('"$(cat usurper/thumbprint)"')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("does not hold the key that was read out"),
  });
  const path = join(shell.folder, "meadow/introduction.json");
  const secret = JSON.parse(readFileSync(join(shell.folder, "meadow/sign.json"), "utf8")) as object;
  const content = JSON.parse(readFileSync(path, "utf8")) as { identityKey: object };
  writeFileSync(path, JSON.stringify({ ...content, signingKeys: [secret] }));
  expect(await register('"$(cat meadow/thumbprint)"')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("private members"),
  });
  const { identityKey } = content;
  writeFileSync(path, JSON.stringify({ ...content, signingKeys: [identityKey] }));
  const found = 'wayhouse found meadow/introduction.json --thumbprint "$(cat meadow/thumbprint)"';
  expect(await type(found)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("KEY_REUSED"),
  });
});

it("the doctor says what is wrong with key files, the API and the configuration, and what to do", async () => {
  cpSync(join(shell.folder, "usurper"), join(shell.folder, "open"), { recursive: true });
  const found = await type("chmod 644 open/sign.json; wayhouse doctor --organisation open --json");
  expect(found.code).toBe(1);
  const { ok, checks } = JSON.parse(found.stdout) as {
    ok: boolean;
    checks: Record<string, string>[];
  };
  expect(ok).toBe(false);
  expect(checks.filter(({ state }) => state === "wrong")).toEqual([
    expect.objectContaining({ advice: expect.stringContaining("chmod 600") }),
  ]);
  const unknown = await type("PORT=9 METRICS_PORT=9 wayhouse doctor --organisation usurper");
  expect(unknown).toMatchObject({ code: 1, stdout: expect.stringMatching(/^wrong +api: /m) });
  expect(unknown.stdout).toMatch(/^wrong +metrics: /m);
  const owner = await type('DATABASE_URL="$DATABASE_OWNER_URL" wayhouse doctor');
  expect(owner).toMatchObject({ code: 1 });
  expect(owner.stdout).toMatch(
    /^wrong +row-level security and role: .*\n +→ Give it a plain login role/m,
  );
  const configured = await type("PORT=no wayhouse doctor");
  expect(configured).toMatchObject({ code: 1, stdout: expect.stringContaining("PORT must be") });
});
