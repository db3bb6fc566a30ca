import { randomUUID } from "node:crypto";
import {
  getNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  isLeafType,
  isObjectType,
} from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildSchema } from "../../src/schema.ts";
import { type Demo, idOf, night, startDemo } from "../support/demo.ts";
import { accept, inDays, offer, openTo } from "../support/handoffs.ts";
import { mutate } from "../support/mutate.ts";
import { statementsOf, unconfirmed } from "../support/statements.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
  await openTo(ask, "lantern", ["bridge", "outsider", "coordinator"]);
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const MATCHES = `query ($id: ID!) { node(id: $id) { ... on Handoff { matches {
  beds { band beds shelter { label } } consulates { locality } advisories { inForce country } } } } }`;
const matches = async (by: string, id: string) =>
  (await ask(by, MATCHES, { id })).data["node"].matches as {
    beds: { shelter: { label: string }; beds: number | null }[];
    consulates: { locality: string }[];
    advisories: { inForce: boolean; country: string }[];
  };
const labels = async (by: string, id: string) =>
  (await matches(by, id)).beds
    .map(({ shelter }) => shelter.label)
    .toSorted((a, b) => a.localeCompare(b));
const offered = async (input: object) =>
  (await offer(ask, "lantern", ["bridge"], { destinations: ["AM", "GE"], ...input })).data[
    "offerHandoff"
  ].id as string;
const write = async (by: string, field: string, input: object) => {
  const answer = await mutate(ask, by, field, input);
  return answer.data[field].id as string;
};

describe("what could meet a handoff's needs", () => {
  it("is beds for the whole party on every night, among what is shared with the caller", async () => {
    const three = await offered({ party: { adults: 2, children: 1 } });
    expect(await labels("lantern", three)).toEqual(["Apricot", "Pomegranate"]);
    expect((await matches("bridge", three)).beds.map(({ beds }) => beds)).toEqual([null, null]);
    const six = await offered({ party: { adults: 6, children: 0 } });
    expect(await labels("lantern", six)).toEqual(["Pomegranate"]);
    const apart = await offered({ party: { adults: 6, children: 0, placement: "APART" } });
    expect(await labels("lantern", apart)).toEqual(["Apricot", "Pomegranate", "Walnut"]);
    // West of Greenwich last night (UTC) is tonight.
    const tonight = await offered({ windowStart: night(-1), windowEnd: night(0) });
    expect(await labels("lantern", tonight)).toEqual(["Apricot", "Pomegranate", "Walnut"]);
    const elsewhere = await offered({ destinations: ["RS"] });
    expect((await matches("lantern", elsewhere)).beds).toEqual([]);
    const cash = await offered({
      needs: ["CASH"],
      consent: { purpose: "CASH", givenAt: inDays(-1), expiresAt: inDays(9) },
    });
    expect((await matches("lantern", cash)).beds).toEqual([]);
  });

  it("is missions known to issue what is needed, neither stale nor paused", async () => {
    await mutate(ask, "bridge", "grantScopes", {
      organisationId: await idOf(ask, "lantern"),
      scopes: ["CONSULATES_READ"],
    });
    const mission = (locality: string, input: object = {}) =>
      write("bridge", "publishConsulateContact", {
        representing: "DE",
        country: "GE",
        locality,
        documents: ["HUMANITARIAN_VISA"],
        riskProfiles: ["JOURNALIST"],
        languages: ["de"],
        reviewBy: inDays(60),
        envelopes: [],
        ...input,
      });
    await mission("Tbilisi");
    await mission("Batumi", { documents: ["SUBSTITUTE_TRAVEL_DOCUMENT"] });
    await mission("Kutaisi", { riskProfiles: ["DESERTER"] });
    await mission("Belgrade", { country: "RS" });
    const paused = await mission("Gori");
    await write("bridge", "assureConsulateContact", {
      id: paused,
      programme: "PAUSED",
      reviewBy: inDays(9),
    });
    const id = await offered({ needs: ["SHELTER", "HUMANITARIAN_VISA"] });
    expect((await matches("lantern", id)).consulates).toEqual([{ locality: "Tbilisi" }]);
  });

  it("tells the advisories that speak against it, and leaves out what one in force forbids", async () => {
    const id = await offered({ party: { adults: 1, children: 0 } });
    const advisory = await write("bridge", "publishAdvisory", {
      country: "AM",
      riskProfiles: ["JOURNALIST"],
      level: "AVOID",
      hazards: ["ABDUCTION"],
      expiresAt: inDays(10),
    });
    expect((await matches("lantern", id)).advisories).toEqual([{ inForce: false, country: "AM" }]);
    expect(await labels("lantern", id)).toEqual(["Apricot", "Pomegranate", "Walnut"]);
    await mutate(ask, "harbour", "confirmAdvisory", { id: advisory });
    expect((await matches("lantern", id)).advisories).toEqual([{ inForce: true, country: "AM" }]);
    expect(await labels("lantern", id)).toEqual(["Walnut"]);
  });

  it("is found for a page of handoffs without a query for each", async () => {
    for (let count = 0; count < 5; count++) await offered({ windowEnd: night(6) });
    const trips = await statementsOf(async () => {
      const { errors, data } = await ask(
        "lantern",
        `{ handoffs(box: OUTBOX, first: 20) { edges { node { id history { at } caseReference { id } matches {
          beds { band shelter { label organisation { handle } } } consulates { locality } advisories { country } } } } } }`,
      );
      expect(errors).toBeUndefined();
      expect(data["handoffs"].edges.length).toBeGreaterThan(8);
    });
    // One a kind of row.
    expect(unconfirmed(trips).flat().length).toBeLessThanOrEqual(14);
  });
});

describe("a list of handoffs", () => {
  const { id: _, ...fields } = (buildSchema().getType("Handoff") as GraphQLObjectType).getFields();
  const leaves = (type: GraphQLOutputType) => {
    const named = getNamedType(type);
    const inner = isObjectType(named) ? Object.values(named.getFields()) : [];
    return inner.filter((field) => isLeafType(getNamedType(field.type))).map(({ name }) => name);
  };
  const shown = { matches: "{ beds { band } consulates { id } advisories { id } }" };
  const selections = Object.values(fields).map(({ name, type }) => {
    const inner = shown[name as keyof typeof shown] ?? `{ ${leaves(type).join(" ")} }`;
    return [name, isLeafType(getNamedType(type)) ? name : `${name} ${inner}`] as const;
  });

  it.each([
    ["INBOX", "bridge"],
    ["OUTBOX", "lantern"],
  ])("shows each field alone as it shows it beside all others (%s)", async (box, by) => {
    const id = await offered({ caseReference: randomUUID() });
    await accept(ask, "bridge", id);
    const list = async (selection: string, fragment = "") => {
      const nodes = `handoffs(box: ${box}, first: 5) { edges { node { id ${selection} } } }`;
      const { data, errors } = await ask(by, `query { ${nodes} } ${fragment}`);
      expect(errors).toBeUndefined();
      return data["handoffs"].edges.map(({ node }: { node: object }) => node);
    };
    const whole: Record<string, unknown>[] = await list(selections.map(([, one]) => one).join(" "));
    expect(whole.length).toBeGreaterThan(3);
    for (const [name, selection] of selections) {
      const alone = whole.map((one) => ({ id: one["id"], [name]: one[name] }));
      // It is compiled when it comes again.
      for (const times of [1, 2, 3])
        expect(await list(selection), `${name}, ${times}`).toEqual(alone);
      const fragment = `fragment f on Handoff { ... @include(if: true) { ${selection} } }`;
      expect(await list("... on Handoff { ...f }", fragment), name).toEqual(alone);
    }
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
