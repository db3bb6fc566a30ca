import { COUNTRY_CODES } from "../../kernel/countries.ts";
import { spelled } from "../../kernel/names.ts";
import type { Capacity, Service, Tables } from "./read.ts";

const MOST_BEDS = 10_000;

export interface Quarantined {
  readonly file: string;
  readonly place: string;
  readonly column: string;
  readonly reason: string;
}
/** What a shelter should say: a code name, how many beds, and how many of them are free now. */
export interface Statement {
  readonly label: string;
  readonly country: string;
  readonly locality: string;
  readonly maximum: number;
  /** Beds that the file says are not free: not offered. */
  readonly outOfService: number;
  readonly from: Pick<Capacity, "file" | "place" | "id" | "serviceId">;
}
export interface Place {
  readonly country?: string;
  readonly locality?: string;
}

/** Sound capacities counted in beds, each service once; and every fault of every other. */
export function planShelters(tables: Tables, place: Place) {
  const statements = new Map<string, Statement>();
  const quarantined: Quarantined[] = [];
  for (const capacity of tables.capacities) {
    const faults = faultsOf(capacity, tables);
    const where = placeOf(tables.services.get(capacity.serviceId), place);
    if (typeof where === "string") faults.push(["city", where]);
    for (const [column, reason] of faults) {
      quarantined.push({ file: capacity.file, place: capacity.place, column, reason });
    }
    if (faults.length > 0 || typeof where === "string") continue;
    const label = `HSDS-${capacity.serviceId.slice(0, 8)}`;
    const [maximum, available] = [capacity.maximum as number, capacity.available as number];
    const statement = {
      label,
      ...where,
      maximum,
      outOfService: maximum - available,
      from: capacity,
    };
    const first = statements.get(label);
    if (!first) {
      statements.set(label, statement);
      continue;
    }
    const fault = contradiction(statement, first);
    const { file, place: at } = capacity;
    if (fault) quarantined.push({ file, place: at, ...fault });
  }
  return { statements: [...statements.values()], quarantined };
}

/** Why a statement is not the one that its label has already. */
function contradiction({ from, maximum, outOfService }: Statement, first: Statement) {
  const where = `${first.from.file} ${first.from.place}`;
  if (from.serviceId !== first.from.serviceId) {
    const reason = `begins as that of ${where}: two services of one label cannot be told apart`;
    return { column: "service_id", reason };
  }
  if (maximum !== first.maximum || outOfService !== first.outOfService)
    return { column: "maximum", reason: `differs from ${where}, of the same service` };
  if (from.id === first.from.id) return null;
  return { column: "id", reason: `is not that of ${where}, and one shelter is made of a service` };
}

function faultsOf(capacity: Capacity, { units, services }: Tables): [string, string][] {
  const { serviceId, unitId, available, maximum } = capacity;
  const faults: [string, string][] = [];
  const unit = capacity.unit ?? (unitId === null ? null : (units.get(unitId) ?? null));
  if (unit === null) {
    faults.push(["unit_id", unitId === null ? "is missing" : "is of no unit"]);
  } else if (!/^beds?$/i.test(unit)) {
    faults.push(["unit", `is ${JSON.stringify(unit.slice(0, 40))}: not beds`]);
  }
  const isCount = (value: unknown): value is number =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MOST_BEDS;
  if (!isCount(maximum)) {
    faults.push(["maximum", `must be a whole number from 0 to ${MOST_BEDS}`]);
  }
  if (!isCount(available)) {
    faults.push(["available", `must be a whole number from 0 to ${MOST_BEDS}`]);
  } else if (isCount(maximum) && available > maximum) {
    faults.push(["available", `is ${available}, above the maximum of ${maximum}`]);
  }
  const service = services.get(serviceId);
  if (!/^[0-9a-f]{8}-/i.test(serviceId)) faults.push(["service_id", "is no UUID"]);
  else if (!service) faults.push(["service_id", "is of no service in these files"]);
  // One file may say what another does not know yet.
  else if (service.statuses.size !== 1 || !service.statuses.has("active"))
    faults.push(["status", "is not active"]);
  return faults;
}

/** What was asked for, else the one city of the service's locations; else why not. */
function placeOf(
  service: Service | undefined,
  place: Place,
): { country: string; locality: string } | string {
  const [only, ...more] = service?.cities ?? [];
  const country = place.country ?? (more.length === 0 ? only?.country : undefined);
  const locality = place.locality ?? (more.length === 0 ? only?.city : undefined);
  if (!country || !locality) {
    return more.length > 0
      ? "is several: give --country and --locality"
      : "is not told: give --country and --locality";
  }
  if (!COUNTRY_CODES.has(country)) return "has a country that is no code of ISO 3166-1";
  if (locality.includes("\u{FFFD}")) return "is not UTF-8";
  if (locality.length > 80 || /[\p{N}\p{C}]/u.test(locality)) return "is no name of a city";
  return { country, locality: spelled(locality) };
}
