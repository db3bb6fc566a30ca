import { readFileSync } from "node:fs";
import { Kind, parse } from "graphql";
import { DEFAULT_LIMITS } from "../../src/platform/limits/limits.ts";
import { id } from "./walls.ts";

const contract = parse(readFileSync("schema/network.graphql", "utf8"));
const valuesOf = (name: string) =>
  contract.definitions.flatMap((one) =>
    one.kind === Kind.ENUM_TYPE_DEFINITION && one.name.value === name
      ? one.values!.map((value) => value.name.value)
      : [],
  );
const set = (table: string, where: string, ...changes: string[]) =>
  changes.map((change) => `update ${table} set ${change} where ${where}`);
const one = (of: string) => `id = '${of}'`;
const named = (column: string) => [`${column} = 'x'`, `${column} = repeat('x', 80)`];
/** Every word of the contract that the column may be. */
const word = (table: string, column: string, name: string, where = "true") =>
  valuesOf(name).flatMap((value) => set(table, where, `${column} = '${value}'`));
const words = (table: string, column: string, name: string) =>
  valuesOf(name).flatMap((value) => set(table, "true", `${column} = '{${value}}'`));

/** What is kept: the last that no check is against, and whatever the contract can say; of the rows of walls.ts. */
export const KEPT: readonly string[] = [
  ...set("client", one(id.dashboard), "name = '0'", "name = repeat('x', 128)"),
  ...set("consulate_contact", "true", "lead_time_days = 0", "lead_time_days = 730"),
  ...set("consulate_contact", "true", ...named("locality")),
  ...set("organisation", one(id.owner), "handle = 'ab0'", "handle = repeat('x', 40)"),
  ...set("shelter", one(id.here), ...named("label"), ...named("locality")),
  ...set("shelter", "true", "beds = 0", "beds = 10000"),
  ...set("shelter", "true", "max_stay_nights = 1", "max_stay_nights = 366"),
  ...set("bed_stay", "true", "beds = 1", "beds = 10000", "check_out = check_in + 1"),
  ...set("bed_night", "true", "maximum = 0, held = 0"),
  ...set("bed_night", "true", "held = maximum", "held = 0, occupied = maximum"),
  ...set("bed_night", "true", "held = 0, out_of_service = maximum"),
  ...["1, children = 0", "0, children = 1", "50, children = 0", "0, children = 50"].flatMap(
    (party) => set("handoff", "true", `adults = ${party}`),
  ),
  ...set("handoff", "true", "window_end = window_start + 1"),
  ...set("advisory", "true", "expires_at = effective_from + interval '180 days'"),
  ...set("sharing_grant", "true", "countries = '{AM}'"),
  ...set("retention", "true", "keep = interval '0'"),

  ...word("advisory", "level", "AdvisoryLevel"),
  ...words("advisory", "risk_profiles", "RiskProfile"),
  ...words("advisory", "hazards", "Hazard"),
  ...word("client", "kind", "ClientKind"),
  ...words("consulate_contact", "documents", "TravelDocument"),
  ...word("consulate_contact", "programme", "ProgrammeStatus"),
  ...word("shelter", "kind", "ShelterKind"),
  ...word("organisation", "status", "OrganisationStatus", one(id.owner)),
  ...word("organisation_key", "use", "KeyUse"),
  ...word("key_log_entry", "change", "KeyChange"),
  ...word("network", "status", "NetworkStatus"),
  ...word("bed_hold", "status", "BedHoldStatus"),
  ...word("handoff", "placement", "Placement"),
  ...word("handoff", "priority", "Priority"),
  ...words("handoff", "needs", "Need"),
  ...word("handoff_transition", "party", "HandoffParty"),
  ...valuesOf("HandoffStatus").flatMap((status) =>
    status === "ON_HOLD"
      ? ["ACCEPTED", "IN_PROGRESS"].flatMap((from) =>
          set("handoff", one(id.accepted), `status = 'ON_HOLD', held_from = '${from}'`),
        )
      : set("handoff", one(id.accepted), `status = '${status}'`),
  ),
  // As long as nobody has decided.
  ...["REQUESTED", "REJECTED", "CANCELLED", "EXPIRED"].flatMap((status) =>
    set("handoff", one(id.requested), `status = '${status}'`),
  ),
  ...Object.keys(DEFAULT_LIMITS.perHour).map(
    (purpose) => `insert into organisation_budget values ('${id.owner}', '${purpose}', now())`,
  ),
];
