import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "csv-parse/sync";
import { Stop } from "../command.ts";
import { codeOf } from "../files.ts";

/** A `service_capacity` (HSDS 3.1) with what its document says of its service; nothing else is kept. */
export interface Capacity {
  readonly file: string;
  /** Row of a CSV, the header being row 1, or JSON pointer (RFC 6901). */
  readonly place: string;
  readonly id: string;
  readonly serviceId: string;
  readonly status: string | null;
  readonly unitId: string | null;
  readonly unit: string | null;
  readonly available: unknown;
  readonly maximum: unknown;
  /** Of the service's locations, each once: city and country, nothing finer. */
  readonly cities: readonly { readonly city: string; readonly country: string }[];
}
export interface Tables {
  readonly capacities: readonly Capacity[];
  /** Units by id, of every file. */
  readonly units: ReadonlyMap<string, string>;
  /** Ids of the services that the JSON documents describe. */
  readonly services: ReadonlySet<string>;
}

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const textOf = (value: unknown) => (typeof value === "string" ? value.trim() : "");

/** One document, or a folder of documents and tables. @throws Stop */
export function readTables(path: string): Tables {
  const units = new Map<string, string>();
  const services = new Set<string>();
  const capacities: Capacity[] = [];
  for (const file of filesAt(path)) {
    const name = basename(file);
    try {
      const text = readFileSync(file, "utf8").replace(/^\uFEFF/, "");
      if (name.endsWith(".json")) walk(JSON.parse(text), { file: name, pointer: "", cities: [] });
      else readTable(name, parse(text, { columns: true, trim: true }));
    } catch (error) {
      throw new Stop(`${file} is no JSON or CSV that can be read.`, { cause: error });
    }
  }
  return { capacities, units, services };

  function walk(
    value: unknown,
    at: { file: string; pointer: string; cities: Capacity["cities"] },
  ): void {
    if (Array.isArray(value)) {
      for (const [index, one] of value.entries())
        walk(one, { ...at, pointer: `${at.pointer}/${index}` });
      return;
    }
    if (!isObject(value)) return;
    const cities = citiesOf(value);
    const here = { ...at, cities: cities.length > 0 ? cities : at.cities };
    const list = value["capacities"];
    if (Array.isArray(list)) {
      services.add(textOf(value["id"]));
      for (const [index, one] of list.entries()) {
        if (isObject(one)) capacities.push(capacityOf(value, one, here, index));
      }
    }
    for (const [member, one] of Object.entries(value)) {
      if (member !== "capacities") walk(one, { ...here, pointer: `${at.pointer}/${member}` });
    }
  }

  function capacityOf(
    service: Json,
    capacity: Json,
    at: { file: string; pointer: string; cities: Capacity["cities"] },
    index: number,
  ): Capacity {
    const unit = isObject(capacity["unit"]) ? capacity["unit"] : {};
    const unitId = textOf(unit["id"]) || textOf(capacity["unit_id"]) || null;
    if (unitId && textOf(unit["name"])) units.set(unitId, textOf(unit["name"]));
    return {
      file: at.file,
      place: `${at.pointer}/capacities/${index}`,
      id: textOf(capacity["id"]),
      serviceId: textOf(service["id"]),
      status: textOf(service["status"]) || null,
      unitId,
      unit: textOf(unit["name"]) || null,
      available: capacity["available"],
      maximum: capacity["maximum"],
      cities: at.cities,
    };
  }

  function readTable(file: string, rows: Record<string, string>[]): void {
    for (const [index, row] of rows.entries()) {
      if (/^units?\.csv$/.test(file)) units.set(row["id"] ?? "", row["name"] ?? "");
      if (file !== "service_capacity.csv") continue;
      capacities.push({
        file,
        place: `row ${index + 2}`,
        id: row["id"] ?? "",
        serviceId: row["service_id"] ?? "",
        status: null,
        unitId: row["unit_id"] || null,
        unit: null,
        available: numberOf(row["available"]),
        maximum: numberOf(row["maximum"]),
        cities: [],
      });
    }
  }
}

const numberOf = (text: string | undefined) => (text ? Number(text) : undefined);

function filesAt(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path).filter((name) => /\.(?:json|csv)$/.test(name));
    if (names.length === 0) throw new Stop(`${path} has no JSON and no CSV.`);
    return names.toSorted().map((name) => join(path, name));
  } catch (error) {
    if (error instanceof Stop) throw error;
    throw new Stop(`${path} cannot be read (${codeOf(error)}).`, { cause: error });
  }
}

/** Of a service, through its locations, or of a service at one location. */
function citiesOf(value: Json): Capacity["cities"] {
  const ofService = Array.isArray(value["service_at_locations"])
    ? value["service_at_locations"]
    : [value];
  const addresses = ofService.flatMap((one) => {
    const location = isObject(one) ? one["location"] : null;
    const list = isObject(location) ? location["addresses"] : null;
    return Array.isArray(list) ? list.filter(isObject) : [];
  });
  const cities = addresses.map((one) => ({
    city: textOf(one["city"]),
    country: textOf(one["country"]),
  }));
  const keyed = new Map(cities.map((one) => [`${one.country} ${one.city}`, one]));
  return [...keyed.values()];
}
