import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { decodeId } from "../../src/kernel/ids.ts";
import { type Scope, SCOPES } from "../../src/kernel/scopes.ts";
import { type Answer, type Demo, startDemo } from "../support/demo.ts";
import { randomOf } from "../support/random.ts";
import { type Facts, modelOf, readFacts } from "../support/model.ts";
import { asSuperuser } from "../support/postgres.ts";
import { growNetwork } from "../support/random-network.ts";
import { followStream, type Stream } from "../support/streams.ts";

const EVENTS = `query ($after: String) { events(first: 100, after: $after) {
  edges { node { cursor kind subjectId at } } pageInfo { hasNextPage endCursor } } }`;
interface Told {
  readonly cursor: string;
  readonly kind: string;
  readonly subjectId: string;
}
interface Row {
  readonly kind: string;
  readonly subject_type: string;
  readonly subject_id: string;
  readonly owner_id: string;
  readonly party_id: string | null;
}
interface Reader {
  readonly id: string;
  readonly token: string;
  readonly scopes: ReadonlySet<Scope>;
  readonly clientId: string;
}

async function pages(demo: Demo, token: string, from: string | null = null): Promise<Told[]> {
  const told: Told[] = [];
  for (let after = from; ;) {
    const response = await fetch(demo.url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ query: EVENTS, variables: { after } }),
    });
    const { data } = (await response.json()) as Answer;
    told.push(...data.events.edges.map(({ node }: { node: Told }) => node));
    if (!data.events.pageInfo.hasNextPage) return told;
    after = data.events.pageInfo.endCursor;
  }
}

/** Whom the documents let see an event: said anew, from the tables behind the walls. */
function isFor(row: Row, by: Reader, model: ReturnType<typeof modelOf>): boolean {
  const caller = { organisationId: by.id, clientId: by.clientId, scopes: by.scopes };
  const isSide = by.id === row.owner_id || by.id === row.party_id;
  const sees = () => model.sees(caller, row.subject_type, row.subject_id);
  switch (row.subject_type) {
    // What is over for one side is told to it, though it sees it no more.
    case "Handoff":
      return isSide && (sees() || model.wasOffered(caller, row.subject_id));
    case "SharingGrant":
      return isSide && by.scopes.has("sharing:manage");
    case "Circle":
      return by.id === row.owner_id && by.scopes.has("organisations:read");
    case "BedHold":
      return isSide && sees();
    case "Client":
      return by.id === row.owner_id && sees();
    case "Shelter":
      return model.hearsOfShelter(caller, row.subject_id);
    case "Advisory":
      return by.scopes.has("advisories:read") && sees();
    case "Organisation":
      return by.scopes.has("organisations:read") && sees();
    default:
      return sees();
  }
}

it.each([11, Date.now() % 1_000_000])(
  "a random network (seed %i) tells each organisation the events that the model says, as pages and as streams",
  async (seed) => {
    const demo = await startDemo();
    const streams: Stream[] = [];
    try {
      const network = await growNetwork(demo, randomOf(seed));
      const facts = await readFacts(demo.database.ownerUrl);
      const model = modelOf(facts, network.audiences);
      const rows = await asSuperuser(demo.database.superuserUrl, async (client) => {
        const all =
          "select kind, subject_type, subject_id, owner_id, party_id from event order by transaction_id, position";
        return (await client.query<Row>(all)).rows;
      });
      const readers = await readersOf(demo, facts, network.keys);
      expect(readers.length).toBeGreaterThan(4);
      let seen = 0;
      for (const reader of readers) {
        const expected = rows.filter((row) => isFor(row, reader, model)).map(shortOfRow);
        // Of events that are younger than a transaction open anywhere on the server nobody hears yet.
        const tell = async () => (await pages(demo, reader.token)).map(shortOfTold);
        await expect.poll(tell).toEqual(expected);
        const told = await pages(demo, reader.token);
        seen += told.length;
        if (told.length === 0) continue;
        const stream = await followStream(demo.url, reader.token, { after: told[0]!.cursor });
        streams.push(stream);
        await stream.atLeast(told.length - 1);
        expect(toldTo(stream)).toEqual(told.slice(1));
      }
      expect(seen).toBeGreaterThan(50);
      expect(seen).toBeLessThan(rows.length * readers.length);

      // Everything happens once more, at once: who is woken must be told as much as who asks.
      await asSuperuser(demo.database.superuserUrl, (client) =>
        client.query(`insert into event (kind, subject_type, subject_id, owner_id, party_id)
          select kind, subject_type, subject_id, owner_id, party_id from event order by transaction_id, position`),
      );
      const follow = async () => {
        const following = readers.map(async (reader) => pages(demo, reader.token));
        return (await Promise.all(following)).filter((told) => told.length > 0);
      };
      await expect.poll(async () => (await follow()).flat().length).toBe(2 * seen);
      const whole = await follow();
      for (const [nth, stream] of streams.entries()) {
        await stream.atLeast(whole[nth]!.length - 1);
        await sleep(50);
        expect(toldTo(stream)).toEqual(whole[nth]!.slice(1));
      }
      expect(demo.faults).toEqual([]);
    } finally {
      await Promise.all(streams.map((stream) => stream.close()));
      await demo.stop();
    }
  },
);

const toldTo = (stream: Stream): Told[] =>
  stream.messages.filter(({ event }) => event === "next").map(({ data }) => data.data.events);
const shortOfTold = ({ kind, subjectId }: Told) => {
  const { type, uuid } = decodeId(subjectId)!;
  return `${kind} ${type} ${uuid}`;
};
const shortOfRow = (row: Row) => `${row.kind} ${row.subject_type} ${row.subject_id}`;

async function readersOf(
  demo: Demo,
  facts: Facts,
  keys: Awaited<ReturnType<typeof growNetwork>>["keys"],
): Promise<Reader[]> {
  const readers: Reader[] = [];
  for (const { id, handle, status, scopes: ceiling } of facts.organisations) {
    const client = facts.clients.find((one) => one.organisation_id === id && one.name === "admin");
    if (status !== "ACTIVE" || !client || client.revoked) continue;
    const token = await demo.tokenOf({
      organisation: handle,
      clientId: "admin",
      ...keys.get(handle),
    });
    const scopes = SCOPES.filter((one) => client.scopes.includes(one) && ceiling.includes(one));
    readers.push({ id, token, scopes: new Set(scopes), clientId: client.id });
  }
  return readers;
}
