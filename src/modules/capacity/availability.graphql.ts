import { spelled } from "../../kernel/names.ts";
import { builder } from "../../platform/graphql/builder.ts";
import { about } from "../../platform/graphql/costs.ts";
import { connectionOf, pageArgs, pageOf } from "../../platform/graphql/connection.ts";
import { Advisory, loadWarnings, RiskProfile } from "../advisories/index.ts";
import { type Availability, searchBeds } from "./availability.queries.ts";
import { AVAILABILITY_BANDS } from "./capacity.rules.ts";
import { Shelter, ShelterFeature } from "./shelters.graphql.ts";

const AvailabilityBand = builder.enumType("AvailabilityBand", {
  description: "Free beds: NONE 0, FEW 1 to 2, SOME 3 to 5, MANY 6 or more.",
  values: AVAILABILITY_BANDS,
});
export const BedAvailability = builder.objectRef<Availability>("BedAvailability");
BedAvailability.implement({
  authenticated: true,
  fields: (t) => ({
    shelter: t.expose("shelter", { type: Shelter }),
    band: t.expose("band", {
      type: AvailabilityBand,
      description:
        "Free on every night of the stay, as a band: exact counts would show a group moving.",
    }),
    beds: t.exposeInt("beds", {
      nullable: true,
      description: "Exact only where beds:hold is shared, and on the caller's own.",
    }),
    advisories: t.field({
      type: [Advisory],
      complexity: about(20),
      description:
        "That warn about its country now, for whom the search is; in force or not yet. All of them: of one issuer a hundred at most.",
      resolve: async ({ shelter, riskProfile }, _, { session }) => {
        const warnings = await loadWarnings(session, shelter.country);
        return warnings.filter(
          ({ risk_profiles }) => riskProfile === null || risk_profiles.includes(riskProfile),
        );
      },
    }),
  }),
});

const BedSearch = builder.inputType("BedSearch", {
  fields: (t) => ({
    country: t.field({ type: "CountryCode", required: true }),
    locality: t.string({
      description: "Its whole name, in capitals or not. Null: anywhere in the country.",
    }),
    checkIn: t.field({
      type: "Date",
      required: true,
      description: "The first night: yesterday (UTC) or later.",
    }),
    checkOut: t.field({
      type: "Date",
      required: true,
      description: "Exclusive: the day of departure. 1 to 366 nights after checkIn.",
    }),
    beds: t.int({
      required: true,
      defaultValue: 1,
      description: "At one shelter, on every night; from 1 to 10000.",
    }),
    features: t.field({ type: [ShelterFeature], description: "Those that a shelter must have." }),
    riskProfile: t.field({
      type: RiskProfile,
      description: "Hides what an advisory in force forbids for it.",
    }),
    includeUnsafe: t.boolean({
      required: true,
      defaultValue: false,
      description: "Shows it all the same; it still cannot be held.",
    }),
  }),
});
const AvailabilityConnection = connectionOf("BedAvailability", BedAvailability);

builder.queryField("bedAvailability", (t) =>
  t.field({
    type: AvailabilityConnection,
    description:
      "Shelters of the caller's own and those shared with it in which so many beds are free; where only the band is told, in whose band so many are. RATE_LIMITED by client and minute, one search for each 31 nights or part of them. What others did may be seconds old; a hold looks anew.",
    requiresScopes: [["beds:read"]],
    args: {
      search: t.arg({ type: BedSearch, required: true }),
      ...pageArgs(t.arg),
    },
    resolve: (_, { search, ...page }, { session }) => {
      const wanted = {
        ...search,
        locality: (search.locality && spelled(search.locality)) ?? null,
        features: search.features ?? [],
        riskProfile: search.riskProfile ?? null,
      };
      return pageOf(
        page,
        (after, limit) => searchBeds(session, wanted, after, limit),
        ({ shelter }) => shelter.id,
      );
    },
  }),
);
