import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { seedDemo } from "../../src/platform/db/demo-network.ts";
import { tokenBy } from "../support/callers.ts";
import { must, request } from "../support/crowd.ts";
import { night } from "../support/demo.ts";
import { asSuperuser, createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { type Fleet, startFleet } from "../support/processes.ts";
import { openStream, type Stream } from "../support/streams.ts";

let database: TestDatabase;
let fleet: Fleet;
let owner: string;
let partner: string;
let partnerId: string;
beforeEach(async () => {
  database = await createTestDatabase();
  const dataDir = mkdtempSync(join(tmpdir(), "wayhouse-narrowed-"));
  await seedDemo({ ...database, dataDir });
  owner = await tokenBy(dataDir, "harbour", "bot");
  partner = await tokenBy(dataDir, "outsider", "bot");
  const coordinator = await tokenBy(dataDir, "coordinator", "bot");
  rmSync(dataDir, { recursive: true });
  fleet = await startFleet(database.apiUrl, 3);
  const [stewardId, hostId, id] = await Promise.all([coordinator, owner, partner].map(idOf));
  partnerId = id!;
  const circle = { name: "Pair", stewardId, memberIds: [hostId, partnerId] };
  await must(fleet.urlOf(0), coordinator, "createCircle", circle);
});
afterEach(async () => {
  await fleet.stop();
  await database.leave();
});
const ask = async (slot: number, token: string, query: string, variables: object = {}) =>
  JSON.parse((await request(fleet.urlOf(slot), token, query, variables))!.text);
const idOf = async (token: string): Promise<string> =>
  (await ask(0, token, "{ viewer { organisation { id } } }")).data.viewer.organisation.id;

const SEEN = `query ($id: ID!, $search: BedSearch!) { node(id: $id) { id }
  bedAvailability(search: $search, first: 100) { edges { node { shelter { id } } } } }`;
const search = { country: "GE", checkIn: night(1), checkOut: night(2) };

async function grant(countries?: string[]): Promise<string> {
  const input = { organisationId: partnerId, scopes: ["BEDS_READ"], countries };
  return (await must(fleet.urlOf(0), owner, "grantScopes", input)).id;
}

/** In how many rounds the former partner saw what was published after its grant was narrowed. */
async function seenIn(rounds: number) {
  let wide = await grant();
  const seen = { byQueries: 0, byStreams: 0 };
  let streams: Stream[] = [];
  for (let round = 0; round < rounds; round++) {
    const at = fleet.urlOf(round % 3);
    const others = [(round + 1) % 3, (round + 2) % 3];
    const fresh = await Promise.all(others.map((slot) => openStream(fleet.urlOf(slot), partner)));
    await Promise.all(streams.map((stream) => stream.close()));
    streams = fresh;
    await must(at, owner, "revokeGrant", { id: wide });
    const narrow = await grant(["AM"]);
    const { id } = await must(at, owner, "createShelter", {
      label: `Shelter ${randomUUID()}`,
      country: "GE",
      locality: "Batumi",
      kind: "HOSTEL",
      features: [],
      beds: 2,
    });
    const input = { shelterId: id, from: night(1), until: night(2), outOfService: 1 };
    await must(at, owner, "setBeds", input);
    const answers = await Promise.all(
      others.map((slot) => ask(slot, partner, SEEN, { id, search })),
    );
    for (const { errors } of answers)
      if (errors) throw new Error(`round ${round}: ${JSON.stringify(errors)}`);
    // In every tenth round it is waited for longer than a stream may stay behind.
    if (round % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 300));
    if (answers.some((one) => JSON.stringify(one).includes(id))) seen.byQueries++;
    if (streams.some(({ messages }) => JSON.stringify(messages).includes(id))) seen.byStreams++;
    await must(at, owner, "revokeGrant", { id: narrow });
    wide = await grant();
  }
  await Promise.all(streams.map((stream) => stream.close()));
  return seen;
}

it("what is published after a grant was narrowed is never seen by the former partner", async () => {
  expect(await seenIn(1_000)).toEqual({ byQueries: 0, byStreams: 0 });
  expect(fleet.fallen).toEqual([]);
});

it("and is seen by it where what the grant reached stays", async () => {
  await asSuperuser(database.superuserUrl, (client) =>
    client.query(`
      create function keep_reach() returns trigger language plpgsql as 'begin return null; end';
      create trigger kept before delete on sharing_reach for each row execute function keep_reach()`),
  );
  const { byQueries, byStreams } = await seenIn(20);
  expect(byQueries).toBe(20);
  expect(byStreams).toBeGreaterThanOrEqual(2);
});
