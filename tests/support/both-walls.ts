import { randomUUID } from "node:crypto";
import { type GraphQLSchema, parse, validate } from "graphql";
import { expect } from "vitest";
import { encodeBase64url } from "../../src/kernel/base64url.ts";
import { decodeId, encodeId } from "../../src/kernel/ids.ts";
import { type Scope, SCOPES } from "../../src/kernel/scopes.ts";
import { DEMO_ORGANISATIONS } from "../../src/platform/auth/demo-keys.ts";
import { buildSchema } from "../../src/schema.ts";
import { type Answer, type Demo, night, startDemo } from "./demo.ts";
import { fieldOf, randomQuery, type Values } from "./documents.ts";
import { ENTRIES } from "./entries.ts";
import { type Caller, type Facts, modelOf, readFacts } from "./model.ts";
import { asSuperuser } from "./postgres.ts";
import { type Random, randomOf } from "./random.ts";
import { growNetwork, type Network } from "./random-network.ts";

type Model = ReturnType<typeof modelOf>;
const schema: GraphQLSchema = buildSchema();
const NODES = [
  "Organisation",
  "Client",
  "Circle",
  "SharingGrant",
  "Shelter",
  "BedHold",
  "Advisory",
  "ConsulateContact",
  "Handoff",
];

/** What each root field needs, as the contract says: any of the lists. */
const NEEDS: Record<string, readonly Scope[]> = {
  organisations: ["organisations:read"],
  circles: ["organisations:read"],
  bedAvailability: ["beds:read"],
  shelters: ["beds:manage"],
  bedHolds: ["beds:hold", "beds:manage"],
  sharingGrants: ["sharing:manage"],
  advisories: ["advisories:read"],
  handoffs: ["handoffs:read"],
  consulateContacts: ["consulates:read"],
  keyLog: ["organisations:read"],
};

/** What of an answer the model does not let the caller see; nothing, if both walls stand. */
function trespasses(value: unknown, by: Caller, model: Model, under?: string): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => trespasses(one, by, model, under));
  if (typeof value !== "object" || value === null) return [];
  const row = value as Record<string, unknown>;
  const type = row["__typename"] as string;
  const uuid = (typeof row["id"] === "string" && decodeId(row["id"])?.uuid) || "";
  const rights: Record<string, () => boolean> = {
    "Shelter.nights": () => model.counts(by, uuid),
    "Organisation.scopes": () => model.manages(by, uuid),
    "Organisation.clients": () => model.manages(by, uuid),
    "BedHold.caseReference": () => model.isHolder(by, uuid),
    "Handoff.caseReference": () => model.hasReference(by, uuid),
    "Handoff.envelope": () => model.isRecipient(by, uuid),
  };
  const isNamed = under === "AuditEntry" && model.isNamedInChain(by, uuid);
  const isForeign = NODES.includes(type) && uuid !== "" && !isNamed && !model.sees(by, type, uuid);
  return [
    ...(isForeign ? [`${type} ${uuid}`] : []),
    ...Object.entries(row).flatMap(([alias, member]) => {
      const field = `${type}.${fieldOf(alias)}`;
      const isBeyond = member !== null && rights[field]?.() === false;
      return [...(isBeyond ? [field] : []), ...trespasses(member, by, model, type)];
    }),
  ];
}

function callerOf(facts: Facts, random: Random) {
  const organisation = random.pick(facts.organisations.filter(({ status }) => status === "ACTIVE"));
  const clients = facts.clients.filter(
    (one) => one.organisation_id === organisation.id && !one.revoked,
  );
  const client = random.pick(clients);
  const asked = random.chance(0.4) ? [...SCOPES] : random.some(SCOPES);
  const scopes = asked.filter(
    (scope) => client.scopes.includes(scope) && organisation.scopes.includes(scope),
  );
  const by: Caller = {
    organisationId: organisation.id,
    clientId: client.id,
    scopes: new Set(scopes),
  };
  return { by, organisation: organisation.handle, clientName: client.name, asked };
}

const uuidsOf = (facts: Facts, type: string): string[] =>
  ({
    Organisation: facts.organisations,
    Client: facts.clients,
    Circle: facts.circles,
    SharingGrant: facts.grants,
    Shelter: facts.shelters,
    BedHold: facts.holds,
    Advisory: facts.advisories,
    Handoff: facts.handoffs,
    ConsulateContact: facts.contacts,
  })[type]!.map(({ id }: { id: string }) => id);

function valuesOf(facts: Facts): Values {
  const nodes = NODES.flatMap((type) => uuidsOf(facts, type).map((uuid) => ({ type, uuid })));
  return {
    ids: [
      ...nodes.map(({ type, uuid }) => encodeId(type, uuid)),
      ...NODES.map((type) => encodeId(type, randomUUID())),
      randomUUID(),
      "nothing",
    ],
    handles: [...facts.organisations.map(({ handle }) => handle), "nobody"],
    cursors: nodes.map(({ uuid }) => encodeBase64url(Buffer.from(uuid))),
    dates: [night(1), night(4)],
  };
}

const LISTS = `fragment handoff on Handoff { __typename id envelope caseReference { id } }
{ organisations(first: 100) { edges { node { id } } } circles { id }
  given: sharingGrants(direction: GIVEN, first: 100) { edges { node { id } } }
  received: sharingGrants(direction: RECEIVED, first: 100) { edges { node { id } } }
  held: bedHolds(side: HOLDER, first: 100) { edges { node { id } } }
  advisories(first: 100) { edges { node { id } } }
  inbox: handoffs(box: INBOX, first: 90) { edges { node { ...handoff } } }
  outbox: handoffs(box: OUTBOX, first: 90) { edges { node { ...handoff } } }
  hosted: bedHolds(side: HOST, first: 100) { edges { node { id } } } }`;

async function callAs(
  demo: Demo,
  network: Network,
  who: ReturnType<typeof callerOf>,
  body: object,
) {
  const own = network.keys.get(who.organisation);
  const caller = { organisation: who.organisation, clientId: who.clientName, scopes: who.asked };
  return demo.call({ ...caller, ...own }, body);
}

/** A random network shows to nobody what the model does not, and to everybody what it does. @returns the objects that were shown */
export async function expectBothWalls(seed: number): Promise<number> {
  const demo = await startDemo();
  try {
    const random = randomOf(seed);
    const network = await growNetwork(demo, random);
    await asSuperuser(demo.database.superuserUrl, (client) =>
      client.query(
        "insert into handoff_envelope select id, recipient_id, 'sealed' from handoff where recipient_id is not null",
      ),
    );
    const facts = await readFacts(demo.database.ownerUrl);
    expect(facts.organisations.length).toBeGreaterThan(DEMO_ORGANISATIONS.length);
    for (const type of NODES) expect(uuidsOf(facts, type), type).not.toEqual([]);
    const model = modelOf(facts, network.audiences);
    const values = valuesOf(facts);
    let objects = 0;
    for (let count = 0; count < 50; count++) {
      const query = randomQuery(schema, random, values);
      const [one, other] = [callerOf(facts, random), callerOf(facts, random)];
      const told: Answer[] = [];
      // Asked again, a document may be answered in another way, and never as it was to another caller.
      for (const who of [one, other, one]) {
        const { text } = await callAs(demo, network, who, { query });
        // A checkpoint is signed anew with each second.
        const answer = JSON.parse(text, (name, value: unknown) =>
          name.startsWith("signature") ? "signed" : value,
        ) as Answer;
        for (const error of answer.errors ?? []) {
          const { code } = error.extensions;
          expect(code, `${error.message} ${query}`).toMatch(
            /^(FORBIDDEN|NOT_FOUND|BAD_USER_INPUT|LIMIT_EXCEEDED)$/,
          );
        }
        for (const [alias, value] of Object.entries((answer.data ?? {}) as object)) {
          const needs = NEEDS[fieldOf(alias)];
          expect(!needs || needs.some((scope) => who.by.scopes.has(scope)), alias).toBe(true);
          expect(trespasses(value, who.by, model), query).toEqual([]);
        }
        objects += text.split('"__typename"').length - 1;
        told.push(answer);
      }
      expect(told[2]!.data, query).toEqual(told[0]!.data);
      // Of two fields that null the same answer, one error is enough, and either (GraphQL §6.4.4).
      expect(!told[2]!.errors, query).toBe(!told[0]!.errors);
    }
    await expectWholeLists(demo, network, facts, model);
    await expectSilence(demo, network, facts, model, random);
    expect(demo.faults).toEqual([]);
    return objects;
  } finally {
    await demo.stop();
  }
}

/** Nothing that the model grants is kept back. */
async function expectWholeLists(demo: Demo, network: Network, facts: Facts, model: Model) {
  for (const { id, handle, status, scopes } of facts.organisations) {
    if (status !== "ACTIVE") continue;
    const needed = [
      "organisations:read",
      "sharing:manage",
      "beds:hold",
      "advisories:read",
      "handoffs:read",
    ] as const;
    const client = facts.clients.find(
      (one) =>
        one.organisation_id === id &&
        !one.revoked &&
        needed.every((scope) => one.scopes.includes(scope) && scopes.includes(scope)),
    );
    if (!client) continue;
    const asked = scopes.filter((scope) => client.scopes.includes(scope));
    const by = { organisationId: id, clientId: client.id, scopes: new Set(asked) };
    const who = { by, organisation: handle, clientName: client.name, asked };
    const { data } = JSON.parse(
      (await callAs(demo, network, who, { query: LISTS })).text,
    ) as Answer;
    const listed = (name: string) =>
      data[name].edges.map(({ node }: { node: { id: string } }) => decodeId(node.id)!.uuid);
    const seen = (type: string) =>
      uuidsOf(facts, type).filter((uuid) => model.sees(by, type, uuid));
    expect(listed("organisations")).toEqual(seen("Organisation").toSorted());
    const circles = data["circles"].map(
      (one: { id: string }) => decodeId(one.id)!.uuid,
    ) as string[];
    // One that it has left is seen by what it once gave it, and listed no more.
    const joined = ({ members }: Facts["circles"][number]) =>
      by.scopes.has("network:admin") || members.includes(id);
    expect(circles).toEqual(
      seen("Circle")
        .filter((uuid) => facts.circles.some((one) => one.id === uuid && joined(one)))
        .toSorted(),
    );
    expect(new Set(listed("advisories"))).toEqual(
      new Set(
        seen("Advisory").filter((uuid) =>
          facts.advisories.some(({ id: one, withdrawn }) => one === uuid && !withdrawn),
        ),
      ),
    );
    expect(new Set([...listed("inbox"), ...listed("outbox")])).toEqual(new Set(seen("Handoff")));
    expect(trespasses(data, by, model)).toEqual([]);
    const grants = new Set([...listed("given"), ...listed("received")]);
    expect(grants).toEqual(new Set(seen("SharingGrant")));
    expect(new Set([...listed("held"), ...listed("hosted")])).toEqual(new Set(seen("BedHold")));
  }
}

/** Foreign, unshared or never there: the same bytes. */
async function expectSilence(
  demo: Demo,
  network: Network,
  facts: Facts,
  model: Model,
  random: Random,
) {
  let tried = 0;
  for (const [name, entry] of Object.entries(ENTRIES)) {
    // What is no document of this schema would be refused in the same bytes, whatever it names.
    expect(validate(schema, parse(entry("").query)), name).toEqual([]);
  }
  for (let count = 0; count < 40; count++) {
    const who = callerOf(facts, random);
    const type = random.pick(NODES);
    const uuid = random.pick(uuidsOf(facts, type));
    if (model.sees(who.by, type, uuid)) continue;
    for (const [name, entry] of Object.entries(ENTRIES)) {
      const foreign = await callAs(demo, network, who, entry(encodeId(type, uuid)));
      const missing = await callAs(demo, network, who, entry(encodeId(type, randomUUID())));
      expect(foreign, `${name} of a ${type}`).toEqual(missing);
      tried++;
    }
  }
  expect(tried).toBeGreaterThan(50);
}
