import { builder } from "../../platform/graphql/builder.ts";
import { about } from "../../platform/graphql/costs.ts";
import { groupLoaderOf, present } from "../../platform/graphql/loader.ts";
import { Advisory, loadWarnings } from "../advisories/index.ts";
import { BedAvailability, searchesOf } from "../capacity/index.ts";
import { ConsulateContact, loadContact } from "../consulates/index.ts";
import { Handoff } from "./handoffs.graphql.ts";
import type { HandoffRow } from "./handoffs.queries.ts";
import { findBedMatches, findContactMatches } from "./matches.queries.ts";

const loadBeds = groupLoaderOf(findBedMatches, ({ handoff_id }) => handoff_id);
const loadContacts = groupLoaderOf(findContactMatches, ({ handoff_id }) => handoff_id);

const HandoffMatches = builder.objectRef<HandoffRow>("HandoffMatches");
HandoffMatches.implement({
  description: "At most 20 contacts, and 20 shelters in each destination; of advisories all.",
  authenticated: true,
  fields: (t) => ({
    beds: t.field({
      type: [BedAvailability],
      complexity: about(20),
      description:
        "Free on every night of the window that is still to come: for all at one shelter or, APART, for one of them. None unless SHELTER is needed; where it is, RATE_LIMITED as a search for the whole window in each destination.",
      resolve({ id, needs, destinations, windowStart, windowEnd }, _, { session }) {
        if (!needs.includes("SHELTER")) return [];
        const ofEach = searchesOf({ checkIn: windowStart, checkOut: windowEnd });
        session.countSearches(destinations.length * ofEach);
        return loadBeds(session, id);
      },
    }),
    consulates: t.field({
      type: [ConsulateContact],
      complexity: about(20),
      description: "Known to issue what is needed, where the people are or are going to.",
      resolve: async ({ id }, _, { session }) =>
        Promise.all(
          (await loadContacts(session, id)).map(({ contact_id }) =>
            present(loadContact(session, contact_id)),
          ),
        ),
    }),
    advisories: t.field({
      type: [Advisory],
      complexity: about(20),
      description:
        "That speak against a destination for the risk profile, in force or not yet: of one issuer a hundred at most.",
      resolve: async ({ destinations, riskProfile }, _, { session }) => {
        const warnings = await Promise.all(
          destinations.map((country) => loadWarnings(session, country)),
        );
        return warnings.flat().filter((one) => one.risk_profiles.includes(riskProfile));
      },
    }),
  }),
});

builder.objectField(Handoff, "matches", (t) =>
  t.field({
    type: HandoffMatches,
    description: "What could meet its needs among what is shared with the caller.",
    requiresScopes: [["beds:read", "consulates:read"]],
    resolve: (row) => row,
  }),
);
