import { spawnSync } from "node:child_process";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { AUDIENCE, type Demo, idOf, startDemo } from "../support/demo.ts";
import { decodeId } from "../../src/kernel/ids.ts";
import { at, textsOf } from "../support/pages.ts";
import { asSuperuser, createTestDatabase } from "../support/postgres.ts";
import { emptyShell } from "../support/shell.ts";
import { environmentOf } from "../support/wayhouse.ts";

let demo: Demo;
let shell: ReturnType<typeof emptyShell>;
beforeAll(async () => {
  demo = await startDemo();
  shell = emptyShell({
    ...environmentOf(demo),
    NODE_KEY_FILE: inject("nodeKeyFile"),
    HOME: process.env["HOME"],
  });
  // What is typed in a clone finds what stands in one.
  symlinkSync(demo.dataDir, join(shell.folder, ".data"));
  for (const name of ["node_modules", "src", "examples", "package.json"])
    symlinkSync(resolve(name), join(shell.folder, name));
});
afterAll(async () => {
  rmSync(shell.folder, { recursive: true, force: true });
  await demo.stop();
});

/** Blocks one after the other in one shell, which stops at the first failure; what each told. */
async function session(blocks: readonly string[], folder = shell.folder): Promise<string[]> {
  const here = new URL(demo.url).host;
  const tidy = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT";
  const marked = blocks.map((text) => `${at(here, text)}\necho "== end"\n`);
  const { code, stdout, stderr } = await shell.type(
    `set -euo pipefail; ${tidy}; cd "${folder}"\n${marked.join("")}`,
  );
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.not.stringContaining("rror") });
  return stdout.split("== end\n").slice(0, -1);
}

describe("what the pages say to type, typed", () => {
  it("README: free beds, three of them held, and the same key has one effect", async () => {
    const [install, ...blocks] = textsOf("README.md", "sh");
    expect(install).toBe("npm ci && npm start\n");
    const [free, held, again] = await session([...blocks, blocks[1]!], resolve("."));
    type Edge = { node: { shelter: { label: string } } };
    const edges = JSON.parse(free!).data.bedAvailability.edges as Edge[];
    expect(edges.find(({ node }) => node.shelter.label === "Pomegranate")).toMatchObject({
      node: { band: "MANY", beds: 8, shelter: { locality: "Yerevan" } },
    });
    const { id, ...hold } = JSON.parse(held!).data.holdBeds;
    expect(hold).toMatchObject({ status: "HELD", host: { handle: "harbour" } });
    expect(JSON.parse(again!).data.holdBeds.id).toBe(id);
  });

  it("docs/audit.md: a chain is taken out, verified and pinned, and verified again by the pin", async () => {
    const [, first, later] = await session(textsOf("docs/audit.md", "sh"));
    expect(first).toMatch(/^\d+ entries of [\w-]{36} hold, as signed at \S+Z\.\n$/);
    expect(later).toMatch(/^\d+ entries of [\w-]{36} hold, as signed at \S+Z\.\n$/);
  });

  it("docs/dashboard.md: the program tells who it is, and Apollo Client hears events", async () => {
    const program = join(shell.folder, "dashboard.mjs");
    const [run = ""] = textsOf("docs/dashboard.md", "sh");
    const { host } = new URL(demo.url);
    const written = at(host, textsOf("docs/dashboard.md", "js").join(""));
    writeFileSync(program, written.replace("https://wayhouse.localhost", AUDIENCE));
    const [told] = await session([run]);
    expect(told).toMatch(/^lantern \[ 'BEDS_READ', 'ORGANISATIONS_READ' \]\n[A-Z_]+_CHANGED\n$/);
  });

  it("docs/bot.md: the bot takes a case over, and its file is read with the archive's key alone", async () => {
    const blocks = textsOf("docs/bot.md", "sh").map((text) =>
      text.replace(
        "> bot/bot.yaml",
        `| sed 's#https://wayhouse.localhost#${AUDIENCE}#; s#127.0.0.1:[0-9]*#${new URL(demo.url).host}#' > bot/bot.yaml`,
      ),
    );
    const told = await session(blocks);
    for (const word of [
      "offered",
      "accepted",
      "sealed",
      "opened",
      "received",
      "confirmed",
      "handed over",
    ])
      expect(told.join("")).toMatch(new RegExp(`^${word} `, "m"));
    expect(told[4]).toContain("Two people, at the station by noon.");
  }, 180_000);

  it("docs/keys.md: keys are published and replaced, and the old signing key opens nothing any more", async () => {
    const [introduced = "", ...blocks] = textsOf("docs/keys.md", "sh");
    await session([introduced, "cp -r orchard stolen"]);
    const told = await session(blocks);
    expect(told[0]).toMatch(/SEAL\n.*SIGN\n$/);
    expect(told[1]).toMatch(/^organisation: orchard\n.*\nscopes: .*KEYS_MANAGE/m);
    const stolen = await shell.type(`cd "${shell.folder}"; wayhouse whoami --organisation stolen`);
    expect(stolen).toMatchObject({ code: 2, stderr: expect.stringContaining("UNAUTHENTICATED") });
    const { stdout } = await shell.type(
      `cd "${shell.folder}"; wayhouse keys list --organisation orchard --json`,
    );
    const { keys } = JSON.parse(stdout) as { keys: { use: string }[] };
    expect(keys.map(({ use }) => use)).toEqual(["SIGN", "SEAL"]);
  });

  it("docs/operations.md: a database is migrated, and the doctor finds nothing wrong", async () => {
    const { apiUrl, ownerUrl } = demo.database;
    const urls = `export DATABASE_URL="${apiUrl}" DATABASE_OWNER_URL="${ownerUrl}"\n`;
    const [told] = await session([urls + textsOf("docs/operations.md", "sh").join("")]);
    expect(told).toMatch(/^ok +row-level security and role/m);
    expect(told).not.toMatch(/^wrong/m);
  });

  it("docs/operations.md: after pg_upgrade the database is told that it lives where it is", async () => {
    const [stay = ""] = textsOf("docs/operations.md", "sql");
    await asSuperuser(demo.database.superuserUrl, async (client) => {
      const awaits = async () =>
        (await client.query("select awaits_settling() as awaits")).rows[0].awaits as boolean;
      expect(await awaits()).toBe(false);
      await client.query("begin");
      await client.query("update network set home = '1' || home");
      expect(await awaits()).toBe(true);
      await client.query(stay);
      expect(await awaits()).toBe(false);
      await client.query("rollback");
    });
  });

  it("docs/backup.md: each revocation since the backup is taken back by its statement", async () => {
    const [grant] = (
      await demo.ask("harbour", "{ sharingGrants(direction: GIVEN) { edges { node { id } } } }")
    ).data["sharingGrants"].edges;
    await asSuperuser(demo.database.superuserUrl, async (client) => {
      const organisation = decodeId(await idOf((...call) => demo.ask(...call), "harbour"))!.uuid;
      const { rows } = await client.query<{ kid: string }>(
        "select kid from organisation_key where organisation_id = $1",
        [organisation],
      );
      const circles = await client.query<{ circle_id: string }>(
        "select circle_id from circle_member where organisation_id = $1",
        [organisation],
      );
      const given: Record<string, string> = {
        organisation,
        circle: circles.rows[0]!.circle_id,
        scope: "beds:read",
        client: "bot",
        kid: rows[0]!.kid,
        handle: "harbour",
        grant: decodeId(grant.node.id)!.uuid,
      };
      const [text = ""] = textsOf("docs/backup.md", "sql");
      const statements = text.split(";\n").filter((statement) => statement.trim());
      expect(statements).toHaveLength(8);
      await client.query("begin");
      for (const statement of statements) {
        const bound = statement.replaceAll(/:'(\w+)'/g, (_, name: string) =>
          pg.escapeLiteral(given[name]!),
        );
        expect((await client.query(bound)).rowCount, statement).toBeGreaterThan(0);
      }
      await client.query("rollback");
    });
  });

  it("docs/backup.md: a restored database is settled", async () => {
    const restored = await createTestDatabase();
    const [, , settle = ""] = textsOf("docs/backup.md", "sh");
    const urls = `export DATABASE_URL="${restored.apiUrl}" DATABASE_OWNER_URL="${restored.ownerUrl}"\n`;
    const [told] = await session([urls + settle]);
    await restored.leave();
    expect(told).toContain("The network is locked down");
  });

  it.runIf(spawnSync("pg_dump", ["--version"]).status === 0)(
    "docs/backup.md: the dump is asked for as pg_dump takes it, whatever its version",
    async () => {
      const [dump = ""] = textsOf("docs/backup.md", "sh");
      const url = new URL(demo.database.superuserUrl);
      const [, name] = url.pathname.split("/");
      url.pathname = "";
      const here = dump.replaceAll('/wayhouse"', `/${name}"`).trim().split("\n");
      expect(here).toHaveLength(2);
      for (const line of here) {
        const told = await shell.type(`export SUPERUSER_URL="${url.href}"; ${line}`);
        expect(
          told.stderr === "" || told.stderr.includes("server version mismatch"),
          told.stderr,
        ).toBe(true);
      }
    },
  );
});
