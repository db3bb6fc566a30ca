import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "csv-parse/sync";
import { Stop } from "../command.ts";
import { statOf } from "../../platform/files.ts";
import { codeOf, readText } from "../files.ts";

/** A `service_capacity` (HSDS 3.1). */
export interface Capacity {
  readonly file: string;
  /** Row of a CSV, the header being row 1, or JSON pointer (RFC 6901). */
  readonly place: string;
  readonly id: string;
  readonly serviceId: string;
  readonly unitId: string | null;
  readonly unit: string | null;
  readonly available: unknown;
  readonly maximum: unknown;
}
interface City {
  readonly city: string;
  readonly country: string;
}
/** All that the files say of a service and that is read: the same wherever and in whichever form they say it. */
export interface Service {
  readonly statuses: ReadonlySet<string>;
  /** Of its locations, each once: city and country, nothing finer. */
  readonly cities: readonly City[];
}
export interface Tables {
  readonly capacities: readonly Capacity[];
  /** Units by id, of every file. */
  readonly units: ReadonlyMap<string, string>;
  readonly services: ReadonlyMap<string, Service>;
}

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const textOf = (value: unknown) => (typeof value === "string" ? value.trim() : "");

/** One document, or a folder of documents and tables. @throws Stop */
export function readTables(path: string): Tables {
  const units = new Map<string, string>();
  const services = new Map<string, { statuses: Set<string>; cities: City[] }>();
  const capacities: Capacity[] = [];
  // The tables that lead from a service to its cities, in whichever order they are read.
  const stands: { readonly serviceId: string; readonly locationId: string }[] = [];
  const addresses = new Map<string, City[]>();
  for (const file of filesAt(path)) {
    const name = basename(file);
    const text = readText(file).replace(/^\uFEFF/, "");
    try {
      if (name.endsWith(".json")) walk(JSON.parse(text), { file: name, pointer: "", cities: [] });
      else readTable(name, parse(text, { columns: true, trim: true }));
    } catch (error) {
      throw new Stop(`${file} is no JSON or CSV that can be read.`, { cause: error });
    }
  }
  for (const { serviceId, locationId } of stands) {
    // Whether there is such a service, its own table says.
    if (services.has(serviceId)) describe(serviceId, "", addresses.get(locationId) ?? []);
  }
  return { capacities, units, services };

  function describe(id: string, status: string, cities: readonly City[]): void {
    const service = services.get(id) ?? { statuses: new Set(), cities: [] };
    services.set(id, service);
    if (status) service.statuses.add(status);
    for (const { city, country } of cities) {
      if (!service.cities.some((one) => one.city === city && one.country === country))
        service.cities.push({ city, country });
    }
  }

  function walk(
    value: unknown,
    at: { file: string; pointer: string; cities: readonly City[] },
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
    // Nothing else of HSDS has a status, and a service must have one.
    if (Array.isArray(list) || "status" in value)
      describe(textOf(value["id"]), textOf(value["status"]), here.cities);
    if (Array.isArray(list)) {
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
    at: { file: string; pointer: string },
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
      unitId,
      unit: textOf(unit["name"]) || null,
      available: capacity["available"],
      maximum: capacity["maximum"],
    };
  }

  function readTable(file: string, rows: Record<string, string>[]): void {
    // The tables' names are singular, the files of the official examples are mostly plural.
    const table = file.replace(/\.csv$/, "");
    for (const [index, row] of rows.entries()) {
      const field = (name: string) => row[name] ?? "";
      if (/^units?$/.test(table)) units.set(field("id"), field("name"));
      else if (/^services?$/.test(table)) describe(field("id"), field("status"), []);
      else if (/^services?_at_locations?$/.test(table))
        stands.push({ serviceId: field("service_id"), locationId: field("location_id") });
      else if (/^address(?:es)?$/.test(table)) {
        const there = addresses.get(field("location_id")) ?? [];
        addresses.set(field("location_id"), there);
        there.push({ city: field("city"), country: field("country") });
      } else if (/^service_capacit(?:y|ies)$/.test(table))
        capacities.push({
          file,
          place: `row ${index + 2}`,
          id: field("id"),
          serviceId: field("service_id"),
          unitId: field("unit_id") || null,
          unit: null,
          available: numberOf(field("available")),
          maximum: numberOf(field("maximum")),
        });
    }
  }
}

/** As JSON writes a number: no `0x1F`, no `1e3`. */
const numberOf = (text: string) => (/^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined);

function filesAt(path: string): string[] {
  try {
    if (!statOf(path).isDirectory()) return [path];
    const names = readdirSync(path).filter((name) => /\.(?:json|csv)$/.test(name));
    if (names.length === 0) throw new Stop(`${path} has no JSON and no CSV.`);
    return names.toSorted().map((name) => join(path, name));
  } catch (error) {
    if (error instanceof Stop) throw error;
    throw new Stop(`${path} cannot be read (${codeOf(error)}).`, { cause: error });
  }
}

/** Of a service, through its locations, or of a service at one location. */
function citiesOf(value: Json): City[] {
  const ofService = Array.isArray(value["service_at_locations"])
    ? value["service_at_locations"]
    : [value];
  const addresses = ofService.flatMap((one) => {
    const location = isObject(one) ? one["location"] : null;
    const list = isObject(location) ? location["addresses"] : null;
    return Array.isArray(list) ? list.filter(isObject) : [];
  });
  return addresses.map((one) => ({ city: textOf(one["city"]), country: textOf(one["country"]) }));
}
