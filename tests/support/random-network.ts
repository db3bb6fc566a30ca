import { type JsonWebKey, randomUUID } from "node:crypto";
import { encodeId } from "../../src/kernel/ids.ts";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { generateSigningKey } from "../../src/platform/auth/sign.ts";
import type { Answer, Demo } from "./demo.ts";
import { night } from "./demo.ts";
import type { Random } from "./random.ts";
import { type Facts, readFacts } from "./model.ts";
import { mutationOf } from "./mutate.ts";

export interface Network {
  /** Of the organisations that are none of the demo's. */
  readonly keys: Map<string, { readonly key: JsonWebKey; readonly issuer: string }>;
  /** Whom each grant to a circle reached when it was given, but who has left or was locked down since. */
  readonly audiences: Map<string, Set<string>>;
}

const enumOf = (scope: string) => scope.toUpperCase().replaceAll(":", "_");
const ORDINARY = SCOPES.filter((scope) => scope !== "network:admin");
const SHAREABLE = ["BEDS_READ", "BEDS_HOLD", "HANDOFFS_OFFER", "CONSULATES_READ"];

/** Random acts of random admins over the API; many are refused, which is well. */
export async function growNetwork(demo: Demo, random: Random): Promise<Network> {
  const network: Network = { keys: new Map(), audiences: new Map() };
  const write = async (organisation: string, field: string, input: object) => {
    const own = network.keys.get(organisation);
    const { text } = await demo.call(
      { organisation, clientId: "admin", ...own },
      {
        query: mutationOf(field, "{ __typename ... on Node { id } }"),
        variables: { input: { idempotencyKey: randomUUID(), ...input } },
      },
    );
    const answer = JSON.parse(text) as Answer;
    const code = answer.errors?.[0]?.extensions.code;
    if (code === "INTERNAL") throw new Error(`${field}: ${text}`);
    return answer.data?.[field] as { id?: string } | null | undefined;
  };
  const facts = () => readFacts(demo.database.ownerUrl);

  for (const handle of ["meadow", "thicket", "brook"]) {
    const { publicJwk, privateJwk } = await generateSigningKey();
    const issuer = `https://${handle}.example`;
    network.keys.set(handle, { key: privateJwk, issuer });
    await write("coordinator", "registerOrganisation", {
      handle,
      issuer,
      identityKey: (await generateSigningKey()).publicJwk,
      signingKeys: [publicJwk],
      scopes: ORDINARY.filter(
        (scope) => scope.endsWith("manage") || scope === "organisations:read" || random.chance(0.8),
      ).map(enumOf),
    });
  }
  let known = await facts();
  for (const { id, handle, scopes } of known.organisations) {
    const admin = known.clients.find((one) => one.organisation_id === id && one.name === "admin")!;
    await write(handle, "setClientScopes", {
      id: encodeId("Client", admin.id),
      scopes: scopes.map(enumOf),
    });
  }
  const idOf = (handle: string) => known.organisations.find((one) => one.handle === handle)!.id;
  for (const [owner, sender] of [
    ["harbour", "lantern"],
    ["bridge", "lantern"],
    ["lantern", "coordinator"],
  ] as const) {
    await write(owner, "grantScopes", {
      organisationId: encodeId("Organisation", idOf(sender)),
      scopes: ["HANDOFFS_OFFER"],
    });
    const offered = { ...offerOf(idOf(owner)), country: "GE", destinations: ["AM"] };
    await write(sender, "offerHandoff", offered);
  }
  for (const { id } of known.shelters) {
    await write("lantern", "holdBeds", holdOf(id));
  }
  for (const [owner, country] of [
    ["bridge", "AM"],
    ["harbour", "GE"],
    ["lantern", "AM"],
  ]) {
    await write(owner!, "publishConsulateContact", {
      representing: "DE",
      country,
      locality: "Tbilisi",
      documents: [],
      riskProfiles: [],
      languages: ["de"],
      reviewBy: `${night(90)}T00:00:00Z`,
      envelopes: [],
    });
  }
  await write("bridge", "publishAdvisory", warningOf("GE"));
  known = await facts();
  for (let act = 0; act < 110; act++) {
    await growOnce(known, random, write, network, facts);
    known = await facts();
  }
  return network;
}

async function growOnce(
  { organisations, clients, circles, grants, shelters, advisories, handoffs }: Facts,
  random: Random,
  write: (by: string, field: string, input: object) => Promise<{ id?: string } | null | undefined>,
  network: Network,
  facts: () => Promise<Facts>,
): Promise<void> {
  const by = random.pick(organisations);
  const other = random.pick(organisations);
  const organisationId = encodeId("Organisation", other.id);
  const memberIds = random.some(organisations, 0.4).map(({ id }) => encodeId("Organisation", id));
  const country = random.pick(["AM", "GE"]);
  const grant = {
    scopes: [...new Set([random.pick(SHAREABLE), random.pick(SHAREABLE)])],
    ...(random.chance(0.4) && { countries: [country] }),
    ...(random.chance(0.2) && { validFrom: `${night(2)}T00:00:00Z` }),
  };
  switch (random.below(15)) {
    case 0:
      await write("coordinator", "createCircle", {
        name: `circle ${random.below(1000)}`,
        stewardId: organisationId,
        memberIds,
      });
      return;
    case 1: {
      const circle = random.pick(circles);
      await write("coordinator", "setCircleMembers", {
        circleId: encodeId("Circle", circle.id),
        memberIds,
      });
      const members = (await facts()).circles.find(({ id }) => id === circle.id)?.members ?? [];
      for (const { id, circle_id } of grants) {
        if (circle_id !== circle.id) continue;
        const reached = [...(network.audiences.get(id) ?? [])];
        network.audiences.set(id, new Set(reached.filter((one) => members.includes(one))));
      }
      return;
    }
    case 2:
    case 3:
      await write(by.handle, "grantScopes", { organisationId, ...grant });
      return;
    case 4: {
      const circle = random.pick(circles);
      const made = await write(by.handle, "grantScopes", {
        circleId: encodeId("Circle", circle.id),
        ...grant,
      });
      if (made?.id === undefined) return;
      const given = (await facts()).grants.find(
        ({ id }) => encodeId("SharingGrant", id) === made.id,
      )!;
      network.audiences.set(given.id, new Set(circle.members.filter((one) => one !== by.id)));
      return;
    }
    case 5: {
      const revoked = random.pick(grants);
      const owner = organisations.find(({ id }) => id === revoked.owner_id)!;
      await write(random.chance(0.5) ? owner.handle : by.handle, "revokeGrant", {
        id: encodeId("SharingGrant", revoked.id),
      });
      return;
    }
    case 6:
      await write(by.handle, "createShelter", {
        label: `shelter ${random.below(1_000_000)}`,
        country,
        locality: "Yerevan",
        kind: "HOSTEL",
        features: [],
        beds: 1 + random.below(8),
      });
      return;
    case 7:
    case 8: {
      await write(by.handle, "holdBeds", holdOf(random.pick(shelters).id));
      return;
    }
    case 9:
      await write(by.handle, "publishAdvisory", warningOf(country));
      return;
    case 10: {
      const field = random.pick(["confirmAdvisory", "confirmAdvisory", "withdrawAdvisory"]);
      if (advisories.length === 0) return;
      await write(by.handle, field, {
        id: encodeId("Advisory", random.pick(advisories).id),
      });
      return;
    }
    case 11:
    case 12: {
      const open = grants.filter(
        (one) => one.organisation_id && one.scopes.includes("handoffs:offer"),
      );
      if (open.length === 0) return;
      const { owner_id, organisation_id } = random.pick(open);
      const sender = organisations.find(({ id }) => id === organisation_id)!;
      const offered = { ...offerOf(owner_id), country, destinations: ["AM", "GE"] };
      await write(sender.handle, "offerHandoff", offered);
      return;
    }
    case 13: {
      if (handoffs.length === 0) return;
      const { id, candidates } = random.pick(handoffs);
      const candidate = organisations.find((one) => one.id === random.pick(candidates))!;
      await write(candidate.handle, "acceptHandoff", {
        id: encodeId("Handoff", id),
        caseReference: randomUUID(),
      });
      return;
    }
    default: {
      if (random.chance(0.5)) {
        const client = random.pick(clients.filter(({ name }) => name !== "admin"));
        const owner = organisations.find(({ id }) => id === client.organisation_id)!;
        await write(owner.handle, "setClientScopes", {
          id: encodeId("Client", client.id),
          scopes: random.some(ORDINARY, 0.8).map(enumOf),
        });
        return;
      }
      if (network.keys.has(other.handle)) {
        const status = random.pick(["ACTIVE", "ACTIVE", "SUSPENDED", "LOCKED_DOWN"]);
        const input = { organisationId, status };
        await write("coordinator", "setOrganisationStatus", input);
        if (status !== "LOCKED_DOWN") return;
        for (const audience of network.audiences.values()) audience.delete(other.id);
      }
    }
  }
}

const offerOf = (candidate: string) => ({
  candidateIds: [encodeId("Organisation", candidate)],
  needs: ["SHELTER"],
  riskProfile: "OTHER",
  party: { adults: 1, children: 0 },
  priority: "URGENT",
  documentsHeld: ["NONE"],
  windowStart: night(1),
  windowEnd: night(4),
  consent: {
    purpose: "SHELTER",
    givenAt: `${night(-1)}T00:00:00Z`,
    expiresAt: `${night(20)}T00:00:00Z`,
  },
  caseReference: randomUUID(),
});

const holdOf = (shelter: string) => ({
  riskProfile: "OTHER",
  stays: [
    { shelterId: encodeId("Shelter", shelter), beds: 1, checkIn: night(1), checkOut: night(3) },
  ],
  caseReference: randomUUID(),
});

const warningOf = (country: string) => ({
  country,
  riskProfiles: ["DESERTER"],
  level: "AVOID",
  hazards: ["DEPORTATION"],
  expiresAt: `${night(30)}T00:00:00Z`,
});
