import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Demo, night, startDemo } from "../support/demo.ts";
import { mutationOf } from "../support/mutate.ts";
import { countWrites, wayhouse } from "../support/wayhouse.ts";

let demo: Demo;
let folder: string;
beforeAll(async () => {
  demo = await startDemo();
  folder = mkdtempSync(join(tmpdir(), "wayhouse-hsds-"));
});
afterAll(async () => {
  await demo.stop();
  rmSync(folder, { recursive: true });
});
const SERVICE = "aaaaaaaa-0000-4000-8000-000000000001";
const OTHER = "bbbbbbbb-0000-4000-8000-000000000002";
const bed = { id: "cccccccc-0000-4000-8000-000000000003", name: "Beds" };
const service = (capacity: object, change: object = {}) => ({
  id: SERVICE,
  name: "An invented night shelter",
  status: "active",
  service_at_locations: [
    { location: { addresses: [{ address_1: "1 Invented Way", city: "Vanadzor", country: "AM" }] } },
  ],
  capacities: [{ id: "x", unit: bed, available: 6, maximum: 9, ...capacity }],
  ...change,
});
function run(files: Record<string, unknown>, ...more: string[]) {
  const path = mkdtempSync(join(folder, "files-"));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(
      join(path, name),
      typeof content === "string" || content instanceof Buffer ? content : JSON.stringify(content),
    );
  }
  const whose = ["--organisation", "harbour", "--url", demo.url];
  return wayhouse(demo, "import", "hsds", path, ...whose, ...more);
}
interface Place {
  readonly place: string;
  readonly column: string;
  readonly reason: string;
}
const nights = async () => {
  const { data } = await demo.ask(
    "harbour",
    `{ shelters { edges { node { label country locality nights(from: "${night(3)}", until: "${night(4)}") { maximum available outOfService } } } } }`,
  );
  const edges = data["shelters"].edges as { node: { label: string } }[];
  return edges.map(({ node }) => node).find(({ label }) => label === "HSDS-aaaaaaaa");
};

describe("import hsds", () => {
  it("makes a shelter of a capacity counted in beds, what is not available out of service", async () => {
    const planned = await run({ "service.json": service({}) }, "--dry-run");
    expect(planned.stdout).toContain("would be created  1 shelters");
    expect(await nights()).toBeUndefined();
    const { code, stdout, stderr } = await run({ "service.json": service({}) });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).not.toMatch(/invented/i);
    expect(await nights()).toEqual({
      label: "HSDS-aaaaaaaa",
      country: "AM",
      locality: "Vanadzor",
      nights: [{ maximum: 9, available: 6, outOfService: 3 }],
    });
    const before = await countWrites(demo);
    expect((await run({ "service.json": service({}) })).stdout).toContain(
      "unchanged    1 shelters",
    );
    expect(await countWrites(demo)).toBe(before);
    await run({ "service.json": service({ available: 2 }) });
    await run({ "service.json": service({}) });
    expect(await nights()).toMatchObject({ nights: [{ available: 6 }] });
  });

  it("names every fault by file, place, column and reason", async () => {
    const kilogram = { id: "k", name: "Kilogram" };
    const { code, stdout } = await run({
      "a.json": service({ unit: kilogram, available: 12, maximum: 10 }),
      "b.json": { services: [service({ maximum: -1 }, { id: OTHER, status: "defunct" })] },
      "units.csv": `id,name\n${bed.id},bed\n`,
      "service_capacity.csv": [
        "id,service_id,unit_id,available,maximum",
        `1,${SERVICE},nowhere,1,2`,
        `2,dddddddd-0000-4000-8000-000000000004,${bed.id},1.5,2`,
      ].join("\n"),
    });
    expect(code).toBe(1);
    for (const line of [
      /^a\.json +\/capacities\/0 +unit +is "Kilogram": not beds$/m,
      /^a\.json +\/capacities\/0 +available +is 12, above the maximum of 10$/m,
      /^b\.json +\/services\/0\/capacities\/0 +maximum +must be a whole number/m,
      /^b\.json +\/services\/0\/capacities\/0 +status +is not active$/m,
      /^service_capacity\.csv +row 2 +unit_id +is of no unit$/m,
      /^service_capacity\.csv +row 3 +available +must be a whole number/m,
      /^service_capacity\.csv +row 3 +service_id +is of no service in these files$/m,
    ]) {
      expect(stdout).toMatch(line);
    }
  });

  it("names what it would leave out: a second service of one label, a second capacity of a service, a city that is not UTF-8", async () => {
    const twin = SERVICE.replace(/1$/, "2");
    const latin = Buffer.from(
      JSON.stringify(service({}, { id: OTHER })).replace("Vanadzor", "Zürich"),
      "latin1",
    );
    const { code, stdout } = await run(
      {
        "a.json": `\uFEFF${JSON.stringify(service({}))}`,
        "b.json": service({}, { id: twin }),
        "c.json": service({ id: "y" }),
        "d.json": latin,
        "e.json": service({}),
      },
      "--dry-run",
    );
    expect(code).toBe(1);
    for (const line of [
      /^b\.json +\/capacities\/0 +service_id +begins as that of a\.json/m,
      /^c\.json +\/capacities\/0 +id +is not that of a\.json/m,
      /^d\.json +\/capacities\/0 +city +is not UTF-8$/m,
    ])
      expect(stdout).toMatch(line);
    expect(stdout).toContain("quarantined  3 times");
  });

  it("reads of tables what it reads of documents: which services are active, and their cities", async () => {
    const ids = ["a", "b", "c", "d", "e", "f"].map((digit) => SERVICE.replaceAll("a", digit));
    const cities = [["Vanadzor"], ["Gyumri"], ["Gyumri", "Vanadzor"], [], ["Yerevan"], ["Sevan"]];
    const statuses = ["active", "defunct", "active", "active", "inactive", ""];
    const addressOf = (city: string) => ({ id: "1", location_id: city, city, country: "AM" });
    const documents = ids.map((id, index) => {
      const service_at_locations = cities[index]!.map((city) => ({
        location: { id: city, addresses: [addressOf(city)] },
      }));
      return service({}, { id, status: statuses[index], service_at_locations });
    });
    const table = (...rows: string[][]) => rows.map((row) => row.join(",")).join("\n");
    const tables = {
      "addresses.csv": table(
        ["city", "country", "location_id"],
        ...[...new Set(cities.flat())].map((city) => [city, "AM", city]),
      ),
      "service_at_location.csv": table(
        ["service_id", "location_id"],
        ...ids.flatMap((id, index) => cities[index]!.map((city) => [id, city])),
      ),
      "service_capacity.csv": table(
        ["id", "service_id", "unit_id", "available", "maximum"],
        ...ids.map((id) => ["x", id, bed.id, "6", "9"]),
      ),
      "services.csv": table(
        ["id", "name", "status"],
        ...ids.map((id, index) => [id, "An invented night shelter", statuses[index]!]),
      ),
      "units.csv": table(["id", "name"], [bed.id, bed.name]),
    };
    const planOf = async (files: Record<string, unknown>) => {
      const report = JSON.parse((await run(files, "--dry-run", "--json")).stdout);
      const quarantined = report.quarantined.map(({ place, column, reason }: Place) => {
        const row = Number(/^row (\d+)$/.exec(place)?.[1]) - 2;
        return [ids[row] ?? ids[Number(place.split("/")[2])], column, reason];
      });
      return { ...report, quarantined };
    };
    const ofDocuments = await planOf({ "all.json": { contents: documents } });
    const ofTables = await planOf(tables);
    expect(ofTables).toEqual(ofDocuments);
    expect(ofTables).toMatchObject({
      unchanged: ["HSDS-aaaaaaaa"],
      quarantined: [
        [ids[1], "status", "is not active"],
        [ids[2], "city", "is several: give --country and --locality"],
        [ids[3], "city", "is not told: give --country and --locality"],
        [ids[4], "status", "is not active"],
        [ids[5], "status", "is not active"],
      ],
    });
  });

  it("takes nothing of a service of which its tables say nothing", async () => {
    const files = {
      "service_capacity.csv": `id,service_id,unit_id,available,maximum\n1,${SERVICE},${bed.id},1,2`,
      "units.csv": `id,name\n${bed.id},bed`,
    };
    const { code, stdout } = await run(
      files,
      "--dry-run",
      "--country",
      "AM",
      "--locality",
      "Sevan",
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/row 2 +service_id +is of no service in these files$/m);
  });

  it("lowers no bed below what is held, and sets none of the wrong organisation's", async () => {
    const { data } = await demo.ask("harbour", "{ shelters { edges { node { id label } } } }");
    const edges = data["shelters"].edges as { node: { id: string; label: string } }[];
    const { id } = edges.find(({ node }) => node.label === "HSDS-aaaaaaaa")!.node;
    const stays = [{ shelterId: id, beds: 5, checkIn: night(3), checkOut: night(4) }];
    await demo.ask("lantern", mutationOf("holdBeds", "{ __typename }"), {
      input: { idempotencyKey: "hold-of-five", riskProfile: "OTHER", stays },
    });
    const { code, stdout } = await run({ "service.json": service({ available: 1 }) });
    expect(code).toBe(1);
    expect(stdout).toMatch(/service\.json +\/capacities\/0 +maximum +is refused: BAD_USER_INPUT/);
    expect(await nights()).toMatchObject({ nights: [{ maximum: 9, outOfService: 3 }] });
  });

  it("counts no beds in a city that their service has left", async () => {
    const at = (city: string) => [{ location: { addresses: [{ city, country: "AM" }] } }];
    const moved = service({ maximum: 20 }, { service_at_locations: at("Sevan") });
    const { code, stdout } = await run({ "service.json": moved });
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /city +is not AM, Vanadzor, where HSDS-aaaaaaaa stands: left as it is$/m,
    );
    expect(await nights()).toMatchObject({ locality: "Vanadzor", nights: [{ maximum: 9 }] });
    const spelt = service({}, { id: OTHER, service_at_locations: at("Gare\u0301") });
    await run({ "service.json": spelt });
    expect((await run({ "service.json": spelt })).stdout).toContain("unchanged    1 shelters");
  });

  it("ends with 2 on what is none", async () => {
    expect(await run({ "a.json": "{" })).toMatchObject({ code: 2 });
    expect(await run({ "a.txt": "" })).toMatchObject({ code: 2 });
  });
});
