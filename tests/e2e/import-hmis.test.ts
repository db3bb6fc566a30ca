import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Report } from "../../src/cli/hmis/report.ts";
import { type Demo, night, startDemo } from "../support/demo.ts";
import { waiting } from "../support/held-up.ts";
import { hold, stay } from "../support/holds.ts";
import { asSuperuser } from "../support/postgres.ts";
import { commandOf, countWrites, startWayhouse, wayhouse } from "../support/wayhouse.ts";

const FIXTURE = "tests/fixtures/hmis";
let demo: Demo;
let folder: string;
beforeAll(async () => {
  demo = await startDemo();
  folder = mkdtempSync(join(tmpdir(), "wayhouse-hmis-"));
  cpSync(FIXTURE, folder, { recursive: true });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await demo.stop();
});

const importHmis = (from: string, organisation: string, ...more: string[]) =>
  wayhouse(demo, ...commandOf(demo, from, organisation), ...more);
async function imported(from: string, organisation: string, ...more: string[]) {
  const { code, stdout, stderr } = await importHmis(from, organisation, "--json", ...more);
  expect(stderr).toBe("");
  return { code, report: JSON.parse(stdout) as Report };
}
const writes = () => countWrites(demo);

async function bedsOf(organisation: string): Promise<Record<string, number[]>> {
  const { data } = await demo.ask(
    organisation,
    `{ shelters(first: 30) { edges { node { label nights(from: "${night(0)}", until: "${night(366)}") { maximum } } } } }`,
  );
  type Edge = { node: { label: string; nights: { maximum: number }[] } };
  return Object.fromEntries(
    (data["shelters"].edges as Edge[]).map(({ node }) => {
      return [node.label, [...new Set(node.nights.map(({ maximum }) => maximum))]];
    }),
  );
}
function change(from: string, to: string): void {
  const path = join(folder, "Inventory.csv");
  const written = readFileSync(path, "utf8");
  expect(written).toContain(from);
  writeFileSync(path, written.replace(from, to));
}

/** The shelter of this project is written when this connection has ended. */
const HELD_UP_HALFWAY = [
  `create function held_up() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock(530); return new; end $$`,
  `create trigger held_up before insert on shelter for each row when (new.label like 'HMIS-530-%')
    execute function held_up()`,
  "select pg_advisory_lock(530)",
];

describe("import hmis", () => {
  it("tells the plan and does nothing with --dry-run", async () => {
    const before = await writes();
    const { code, report } = await imported(folder, "harbour", "--dry-run");
    expect(code).toBe(1);
    expect(report.created.map(({ label, beds }) => [label, beds])).toEqual([
      ["HMIS-10-1", 10],
      ["HMIS-10-3", 8],
      ["HMIS-11-3", 6],
    ]);
    expect(await writes()).toBe(before);
  });

  it("needs no more than whose beds they are: the standard's country, the files' region", async () => {
    const only = ["import", "hmis", folder, "--organisation", "harbour", "--url", demo.url];
    const { stdout } = await wayhouse(demo, ...only, "--dry-run", "--json");
    expect((JSON.parse(stdout) as { place: object }).place).toEqual({
      country: "US",
      locality: "XX-999",
    });
  });

  it("creates shelters, and names what it does not take by file, row, column and reason", async () => {
    const before = await bedsOf("harbour");
    const { code, stdout } = await importHmis(folder, "harbour");
    expect(code).toBe(1);
    for (const line of [
      /^ {2}Organization.csv +3 +VictimServiceProvider +is 1/m,
      /^ {2}Project.csv +4 +ProjectType +is 4, street outreach/m,
      /^ {2}Project.csv +5 +OrganizationID +is not taken: see Organization.csv row 3/m,
      /^ {2}Project.csv +6 +OrganizationID +is of no row of Organization.csv/m,
      /^ {2}Inventory.csv +5 +CHBedInventory +3 of 9 beds are dedicated/m,
      /^ {2}Inventory.csv +6 +InventoryEndDate +is past: ended/m,
      /^ {2}Inventory.csv +7 +Availability +is 3, overflow/m,
      /^ {2}Inventory.csv +8 +HouseholdType +is 4/m,
      /^ {2}Inventory.csv +9 +BedInventory +must be a whole number/m,
      /^ {2}Inventory.csv +10 +ProjectID +is not taken: see Project.csv row 5/m,
      /^ {2}Inventory.csv +11 +ProjectID +is of no row of Project.csv/m,
      /^ {2}Inventory.csv +12 +ProjectID +is not taken: see Project.csv row 6/m,
      /^ {2}Inventory.csv +13 +BedInventory +is 3, its parts by population are 2/m,
      /^ {2}Inventory.csv +14 +DateDeleted +is deleted/m,
    ]) {
      expect(stdout).toMatch(line);
    }
    expect(stdout.match(/^ {2}\w+\.csv /gm)).toHaveLength(14);
    expect(stdout).not.toMatch(/many|invented|never read/i);
    const after = { "HMIS-10-1": [10], "HMIS-10-3": [8], "HMIS-11-3": [6] };
    expect(await bedsOf("harbour")).toEqual({ ...before, ...after });
  });

  it("changes nothing the second time", async () => {
    const before = await writes();
    const { report } = await imported(folder, "harbour");
    expect(report).toMatchObject({ created: [], set: [], vanished: [] });
    expect(report.unchanged).toEqual(["HMIS-10-1", "HMIS-10-3", "HMIS-11-3"]);
    expect(await writes()).toBe(before);
  });

  it("sets only what differs, there and back again", async () => {
    const row = '"101",10,XX-999,1,1,,4,0,0,0,0,0,0,4,2021-01-01,,';
    const less = `"101",10,XX-999,1,1,,4,0,0,0,0,0,0,4,2021-01-01,${night(9)},`;
    for (const [from, to, was, maximum] of [
      [row, less, 10, 6],
      [less, row, 6, 10],
      [row, less, 10, 6],
    ] as const) {
      change(from, to);
      const before = await writes();
      const { report } = await imported(folder, "harbour");
      expect(report.set).toEqual([
        {
          label: "HMIS-10-1",
          nights: [expect.objectContaining({ from: night(10), until: night(366), was, maximum })],
        },
      ]);
      expect(await writes()).toBe(before + 1);
      expect((await bedsOf("harbour"))["HMIS-10-1"]).toEqual(maximum === 6 ? [10, 6] : [10]);
    }
    change(less, row);
    await imported(folder, "harbour");
  });

  it("keeps what is promised, says so, and sets the other nights", async () => {
    const { data } = await demo.ask(
      "harbour",
      "{ shelters(first: 100) { edges { node { id label } } } }",
    );
    type Edge = { node: { id: string; label: string } };
    const { node } = (data["shelters"].edges as Edge[]).find((e) => e.node.label === "HMIS-10-1")!;
    await hold(demo.ask.bind(demo), "lantern", [stay(node.id, 8)], randomUUID());
    change('"101",10,', '"101",77,');
    const { code, report } = await imported(folder, "harbour");
    expect(code).toBe(1);
    expect(report.set[0]!.nights.map(({ maximum }) => maximum)).toEqual([6, 8, 6]);
    expect(report.quarantined).toContainEqual({
      file: "Inventory.csv",
      row: 2,
      column: "BedInventory",
      reason: `cannot be set for HMIS-10-1 from ${night(1)} until ${night(3)}: 8 beds are promised or out of service`,
    });
    const before = await writes();
    expect((await imported(folder, "harbour")).report.set).toEqual([]);
    expect(await writes()).toBe(before);
    change('"101",77,', '"101",10,');
  });

  it("leaves what vanished from the files as it is, and names it", async () => {
    const whole = readFileSync(join(folder, "Inventory.csv"), "utf8");
    const kept = whole.split("\r\n").filter((line) => !/^"1(?:03|11)"/.test(line));
    writeFileSync(join(folder, "Inventory.csv"), kept.join("\r\n"));
    const { report } = await imported(folder, "harbour");
    expect(report.vanished).toEqual(["HMIS-11-3"]);
    expect((await bedsOf("harbour"))["HMIS-11-3"]).toEqual([6]);
    writeFileSync(join(folder, "Inventory.csv"), whole);
  });

  it("has one effect, if it is killed on the way and repeated", async () => {
    const many = mkdtempSync(join(tmpdir(), "wayhouse-hmis-many-"));
    cpSync(FIXTURE, many, { recursive: true });
    const [header, row] = readFileSync(join(FIXTURE, "Inventory.csv"), "utf8").split("\r\n");
    const projects = Array.from({ length: 60 }, (_, at) => `${at + 500}`);
    const columns =
      "ProjectID,OrganizationID,OperatingStartDate,OperatingEndDate,ProjectType,HousingType,TargetPopulation,DateDeleted";
    const lines = projects.map((id) => `${id},1,2015-01-01,,0,1,4,`);
    writeFileSync(join(many, "Project.csv"), [columns, ...lines].join("\n"));
    const inventory = projects.map((id) => row!.replace('"100",10,', `"${id}",${id},`));
    writeFileSync(join(many, "Inventory.csv"), [header, ...inventory].join("\n"));
    const before = await writes();
    await asSuperuser(demo.database.superuserUrl, async (client) => {
      for (const statement of HELD_UP_HALFWAY) await client.query(statement);
      const run = startWayhouse(demo, ...commandOf(demo, many, "lantern"));
      const ended = once(run, "exit");
      await waiting(client, 1);
      run.kill("SIGKILL");
      await ended;
    });
    const done = (await writes()) - before;
    expect(done).toBeGreaterThan(5);
    expect(done).toBeLessThan(60);
    const { report } = await imported(many, "lantern");
    expect(report.created.length).toBeLessThan(60);
    expect(report.created.length + report.unchanged.length).toBe(60);
    expect(await writes()).toBe(before + 60);
    rmSync(many, { recursive: true });
  });

  it("gives the wrong organisation shelters of its own, and harbour's stay untouched", async () => {
    const before = await bedsOf("harbour");
    const { report } = await imported(FIXTURE, "outsider");
    expect(report.created).toHaveLength(3);
    expect(await bedsOf("harbour")).toEqual(before);
    expect(Object.keys(await bedsOf("outsider"))).toHaveLength(3);
  });
});
