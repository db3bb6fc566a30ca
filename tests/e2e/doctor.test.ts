import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { loadNodeKey } from "../../src/platform/auth/node-key.ts";
import type { Finding } from "../../src/cli/finding.ts";
import { serveGraph } from "../support/ports.ts";
import { asSuperuser, createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { typed } from "../support/wayhouse.ts";

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), "wayhouse-doctor-"));
  await loadNodeKey(join(folder, "node-key.json"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database.leave();
});

it("colours what it says on a terminal that has colours, and nowhere else", async () => {
  const shown = async (isTTY: boolean, hasColors: boolean) => {
    const terminal = { isTTY, hasColors: () => hasColors };
    const before = Object.keys(terminal).map(
      (name) => [name, Object.getOwnPropertyDescriptor(process.stdout, name)] as const,
    );
    for (const [name, value] of Object.entries(terminal))
      Object.defineProperty(process.stdout, name, { value, configurable: true });
    const { stdout } = await typed({ PORT: "no" }, ["doctor"]);
    for (const [name, descriptor] of before) {
      Reflect.deleteProperty(process.stdout, name);
      if (descriptor) Object.defineProperty(process.stdout, name, descriptor);
    }
    return stdout.includes("\u001B[31mwrong");
  };
  expect(await shown(true, true)).toBe(true);
  expect(await shown(true, false)).toBe(false);
  expect(await shown(false, true)).toBe(false);
});

async function examine(environment: Record<string, string> = {}, ...args: string[]) {
  const where = { DATA_DIR: folder, DATABASE_URL: database.apiUrl, PORT: "9" };
  const told = await typed({ ...where, ...environment }, ["doctor", "--json", ...args]);
  const { checks } = JSON.parse(told.stdout) as { checks: Finding[] };
  return {
    code: told.code,
    of: (name: string) => checks.find((check) => check.name === name)!,
  };
}

describe("the doctor, of a node", () => {
  it("finds a database and a key as they must be, and no API on a port where none is", async () => {
    const { code, of } = await examine();
    expect(code).toBe(1);
    for (const name of ["database", "database clock", "migrations", "node key"])
      expect(of(name), name).toMatchObject({ state: "ok" });
    expect(of("api")).toMatchObject({
      state: "wrong",
      advice: expect.stringContaining("Start it"),
    });
  });

  it("does not wait for a connection of which nothing is heard", async () => {
    vi.stubGlobal("fetch", () => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      setImmediate(() => vi.runAllTimers() && vi.useRealTimers());
      return new Promise(() => {});
    });
    const { of } = await examine().finally(() => vi.unstubAllGlobals());
    expect(of("api")).toMatchObject({
      state: "wrong",
      told: expect.stringMatching(/cannot be reached$/),
    });
  });

  it("finds the clock of the database wrong, either way", async () => {
    for (const [shift, told] of [
      [600_000, /^(59|60)\d s behind this machine$/],
      [-600_000, /^(59|60)\d s ahead of this machine$/],
    ] as const) {
      const now = vi.spyOn(Date, "now").mockImplementation(() => new Date().getTime() + shift);
      const { of } = await examine();
      now.mockRestore();
      const advice = expect.stringContaining("NTP");
      expect(of("database clock")).toEqual({
        name: "database clock",
        state: "wrong",
        told: expect.stringMatching(told),
        advice,
      });
    }
  });

  it("finds the clock of the API wrong", async () => {
    const server = createServer((_, response) => {
      response.setHeader("date", new Date(Date.now() - 120_000).toUTCString());
      response.end();
    });
    const { code, of } = await examine({}, "--url", await serveGraph(server));
    server.close();
    server.closeAllConnections();
    expect(code).toBe(1);
    expect(of("api")).toMatchObject({ state: "ok" });
    expect(of("api clock")).toMatchObject({
      state: "wrong",
      told: expect.stringMatching(/^1[12]\d s behind this machine$/),
    });
  });

  it("looks for metrics at an address of IPv6 as it is spelled in a URL", async () => {
    const { of } = await examine({ METRICS_HOST: "::1", METRICS_PORT: "9" });
    expect(of("metrics").told).toBe("http://[::1]:9/metrics cannot be reached");
  });

  it("finds no database where none answers, and says what to look at", async () => {
    const { code, of } = await examine({ DATABASE_URL: "postgres://nobody@127.0.0.1:9/none" });
    expect(code).toBe(1);
    expect(of("database")).toEqual({
      name: "database",
      state: "wrong",
      told: "cannot be reached (ECONNREFUSED)",
      advice: expect.stringContaining("DATABASE_URL"),
    });
    expect(of("migrations")).toBeUndefined();
    const role = new URL(database.apiUrl);
    role.username = "nobody";
    const refused = await examine({ DATABASE_URL: role.href });
    expect(refused.of("database")).toMatchObject({ state: "wrong" });
  });

  it("finds a replica that cannot be reached, that takes writes itself, or whose role could go round the walls", async () => {
    const at = async (DATABASE_READ_URL: string, name = "replica") =>
      (await examine({ DATABASE_READ_URL })).of(name);
    expect(await at("")).toBeUndefined();
    expect(await at("postgres://nobody@127.0.0.1:9/none")).toEqual({
      name: "replica",
      state: "wrong",
      told: "cannot be reached (ECONNREFUSED)",
      advice: expect.stringContaining("DATABASE_READ_URL"),
    });
    expect(await at(database.apiUrl)).toMatchObject({
      state: "wrong",
      told: expect.stringContaining("no streaming replica"),
    });
    expect(await at(database.superuserUrl, "replica role")).toMatchObject({
      state: "wrong",
      told: expect.stringContaining("DATABASE_READ_URL is a superuser"),
    });
    const alone = await examine({ DATABASE_URL: "", DATABASE_READ_URL: database.apiUrl });
    expect(alone.of("configuration").told).toContain("DATABASE_READ_URL needs DATABASE_URL");
  });

  it("finds the migrations that a database lacks, and one that this version does not know", async () => {
    const forget = (text: string) =>
      asSuperuser(database.superuserUrl, (client) => client.query<{ name: string }>(text));
    const { rows } = await forget(
      "delete from migration where name = (select max(name) from migration) returning name",
    );
    const lacking = await examine();
    expect(lacking.of("migrations")).toMatchObject({
      state: "wrong",
      told: `The database lacks ${rows[0]!.name}.`,
      advice: expect.stringContaining("DATABASE_OWNER_URL"),
    });
    await forget("insert into migration (name, sha256) values ('9999_come_later.sql', '')");
    expect((await examine()).of("migrations")).toMatchObject({
      state: "wrong",
      told: expect.stringContaining("9999_come_later.sql"),
      advice: expect.stringContaining("a later one"),
    });
  });

  it("finds a node's key that is not there, that others can read, and that is none", async () => {
    const NODE_KEY_FILE = join(folder, "other.json");
    const at = async () => (await examine({ NODE_KEY_FILE })).of("node key");
    expect(await at()).toMatchObject({
      state: "unknown",
      told: expect.stringContaining("not there"),
    });
    copyFileSync(join(folder, "node-key.json"), NODE_KEY_FILE);
    chmodSync(NODE_KEY_FILE, 0o644);
    expect(await at()).toMatchObject({ state: "wrong", advice: `chmod 600 ${NODE_KEY_FILE}` });
    writeFileSync(NODE_KEY_FILE, "{}");
    chmodSync(NODE_KEY_FILE, 0o600);
    expect(await at()).toMatchObject({
      state: "wrong",
      advice: expect.stringContaining("Restore it from its backup"),
    });
  });
});
