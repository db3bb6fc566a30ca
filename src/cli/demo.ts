import { generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JWK } from "jose";
import pg from "pg";
import { createApp } from "../app.ts";
import { SCOPES } from "../kernel/scopes.ts";
import { signAccessToken } from "../platform/auth/sign.ts";
import { demoIssuer, demoKey, seedDemo } from "../platform/db/demo-network.ts";
import { startEmbedded } from "../platform/db/embedded/server.ts";
import { migrate } from "../platform/db/migrator.ts";
import {
  activeKey,
  checkKeyLog,
  type KeyLogEntry,
  NO_HASH,
  open,
  seal,
  signKeyStatement,
  thumbprintOf,
} from "../sealing/index.ts";
import { findTraces } from "./traces.ts";

/** `npm run demo`: one handoff from the first request to the last, played over HTTP, and then searched for. */
const AUDIENCE = "https://demo.wayhouse.example";
const SECRET = `Anahit S., born 1991, sleeps at her aunt's until Friday (${randomUUID()})`;
const CONTROL = `control ${randomUUID()}`;
const day = (after: number) => new Date(Date.now() + after * 86_400_000).toISOString().slice(0, 10);
const moment = (after: number) => new Date(Date.now() + after * 86_400_000).toISOString();
type Answer = ReturnType<typeof JSON.parse>;

let told = 0;
const tell = (line: string) => console.log(`${String(++told).padStart(2)}. ${line}`);

async function play(url: string, dataDir: string): Promise<void> {
  const identityOf = async (handle: string) => (await demoKey(dataDir, handle)).privateJwk as JWK;

  async function ask(handle: string, query: string, variables: object = {}): Promise<Answer> {
    const token = await signAccessToken({
      privateJwk: (await demoKey(dataDir, handle)).privateJwk,
      issuer: demoIssuer(handle),
      audience: AUDIENCE,
      clientId: "bot",
      scopes: SCOPES,
      ttlSeconds: 60,
    });
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    const answer = (await response.json()) as Answer;
    if (answer.errors) throw new Error(`${handle}: ${JSON.stringify(answer.errors)}`);
    return answer.data;
  }
  async function write(handle: string, field: string, type: string, input: object, fields = "id") {
    const query = `mutation ($input: ${type}!) { ${field}(input: $input) { ${fields} } }`;
    const data = await ask(handle, query, { input: { idempotencyKey: randomUUID(), ...input } });
    return data[field] as Answer;
  }
  const step = (handle: string, field: string, id: string, input: object = {}) => {
    const fields = "__typename ... on Handoff { status }";
    return write(handle, field, "HandoffStepInput", { id, ...input }, fields);
  };
  const idOf = async (handle: string) =>
    (await ask(handle, "{ viewer { organisation { id } } }")).viewer.organisation.id as string;
  const grant = async (owner: string, grantee: string, scopes: string[]) =>
    write(owner, "grantScopes", "GrantScopesInput", {
      organisationId: await idOf(grantee),
      scopes,
    });

  const LOG = `query ($id: ID) { organisation(id: $id) { identityKey identityThumbprint }
    keyLog(organisationId: $id) { edges { node { sequence kid change statement previousHash hash } } } }`;
  async function readLog(by: string, of: string) {
    const { organisation, keyLog } = await ask(by, LOG, { id: await idOf(of) });
    const entries = keyLog.edges.map(({ node }: { node: KeyLogEntry }) => node) as KeyLogEntry[];
    return { identityKey: organisation.identityKey as JWK, entries };
  }
  async function publish(handle: string, key: JWK, use: "SIGN" | "SEAL") {
    const last = (await readLog(handle, handle)).entries.at(-1);
    const { d: _, ...jwk } = key;
    const statement = await signKeyStatement(
      {
        change: "PUBLISHED",
        use,
        kid: await thumbprintOf(key),
        jwk,
        sequence: (last?.sequence ?? 0) + 1,
        previousHash: last?.hash ?? NO_HASH,
        iat: Math.floor(Date.now() / 1000),
      },
      await identityOf(handle),
    );
    await write(handle, "publishKey", "PublishKeyInput", { jwk, use, statement }, "kid");
  }
  /** What a client does before it trusts a key: the pinned thumbprint, then the whole log. */
  async function activeKeysOf(by: string, of: string) {
    const { identityKey, entries } = await readLog(by, of);
    const pinned = await thumbprintOf(await identityOf(of));
    const pin = { identityThumbprint: pinned, lastSequence: 0, lastHash: NO_HASH };
    return (await checkKeyLog(identityKey, entries, pin)).active;
  }
  async function sealTo(from: string, to: string, subject: string, text: string) {
    const key = (await activeKeysOf(from, to)).find(({ use }) => use === "SEAL")!;
    return seal({
      content: new TextEncoder().encode(text),
      recipientKey: key.jwk,
      senderKey: await identityOf(from),
      sender: await thumbprintOf(await identityOf(from)),
      audience: await thumbprintOf(await identityOf(to)),
      subject,
      issuedAt: new Date(),
      expiresAt: new Date(Date.now() + 7 * 86_400_000),
    });
  }
  async function openFrom(
    from: string,
    to: string,
    keys: JWK[],
    subject: string,
    envelope: string,
  ) {
    const kid = await thumbprintOf(await identityOf(from));
    const { content } = await open({
      envelope,
      privateKeys: keys,
      sender: kid,
      senderKeys: [activeKey(await activeKeysOf(to, from), kid, "SIGN").jwk],
      audience: await thumbprintOf(await identityOf(to)),
      subject,
      now: new Date(),
    });
    return new TextDecoder().decode(content);
  }

  const candidates = ["bridge", "coordinator"] as const;
  const sealingKeys = new Map<string, JWK>();
  for (const handle of ["lantern", "harbour", ...candidates]) {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const key = privateKey.export({ format: "jwk" }) as JWK;
    sealingKeys.set(handle, key);
    await publish(handle, key, "SEAL");
    await publish(handle, await identityOf(handle), "SIGN");
  }
  for (const handle of candidates) {
    await grant(handle, "lantern", ["HANDOFFS_OFFER"]);
    await grant("harbour", handle, ["BEDS_READ", "BEDS_HOLD"]);
  }
  tell(
    "Four organisations publish keys, each vouched for by the identity key that was compared before.",
  );

  const offer = {
    needs: ["SHELTER"],
    riskProfile: "JOURNALIST",
    party: { adults: 2, children: 1 },
    priority: "EMERGENCY",
    country: "GE",
    destinations: ["AM"],
    documentsHeld: ["NONE"],
    windowStart: day(1),
    windowEnd: day(6),
    consent: { purpose: "SHELTER", givenAt: moment(-1), expiresAt: moment(30) },
    candidateIds: [await idOf("bridge"), await idOf("coordinator")],
  };
  const OFFERED = "__typename ... on Handoff { id decideBy } ... on AdvisoryInForce { message }";
  const { id } = await write("lantern", "offerHandoff", "OfferHandoffInput", offer, OFFERED);
  tell(
    "lantern asks bridge and coordinator to take over three people bound for Armenia. Neither sees the other.",
  );
  await step("bridge", "acknowledgeHandoff", id);
  await step("coordinator", "acknowledgeHandoff", id);
  tell("Both acknowledge: read, not yet decided.");

  const { bedAvailability } = await ask(
    "bridge",
    `{ bedAvailability(search: { country: "AM", checkIn: "${day(1)}", checkOut: "${day(6)}", beds: 3, riskProfile: JOURNALIST }) {
      edges { node { beds shelter { id label locality } } } } }`,
  );
  const { shelter, beds } = bedAvailability.edges[0].node;
  const stays = [{ shelterId: shelter.id, beds: 3, checkIn: day(1), checkOut: day(6) }];
  const holdBeds = { idempotencyKey: randomUUID(), riskProfile: "JOURNALIST", stays };
  const race = await Promise.all(
    candidates.map((handle) => {
      const input = { id, caseReference: randomUUID(), holdBeds };
      return write(handle, "acceptHandoff", "AcceptHandoffInput", input, "__typename");
    }),
  );
  const winner = candidates[race.findIndex(({ __typename }) => __typename === "Handoff")]!;
  const loser = candidates.find((handle) => handle !== winner)!;
  const { bedHolds } = await ask(winner, "{ bedHolds(side: HOLDER) { edges { node { id } } } }");
  const holdId = bedHolds.edges[0].node.id as string;
  tell(`Both accept at once. ${winner} was first, ${loser} hears that it is taken.`);
  tell(
    `In the same step ${winner} holds 3 of ${beds} free beds at harbour's ${shelter.label} (${shelter.locality}).`,
  );

  const envelope = await sealTo("lantern", winner, id, SECRET);
  tell(
    `lantern checks ${winner}'s key by its log, and seals the case file: ${envelope.length} characters, whatever is in it.`,
  );
  await write("lantern", "sealHandoff", "SealHandoffInput", { id, envelope }, "__typename");
  const ENVELOPE =
    "query ($id: ID!) { node(id: $id) { ... on Handoff { envelope } ... on BedHold { instructions } } }";
  const seen = await ask(winner, ENVELOPE, { id });
  const key = sealingKeys.get(winner)!;
  if ((await openFrom("lantern", winner, [key], id, seen.node.envelope)) !== SECRET)
    throw new Error("what was opened is not what was sealed");
  await step(winner, "receiveHandoff", id);
  if ((await ask(winner, ENVELOPE, { id })).node.envelope !== null)
    throw new Error("the envelope is still there");
  tell(`${winner} opens it with its own key and takes over the case. The server's copy is gone.`);

  await write(winner, "confirmBedHold", "ConfirmBedHoldInput", { id: holdId }, "__typename");
  const instructions = await sealTo("harbour", winner, holdId, `Ring twice. ${SECRET}`);
  const sent = { id: holdId, envelope: instructions };
  await write("harbour", "sendInstructions", "SendInstructionsInput", sent, "__typename");
  const { node } = await ask(winner, ENVELOPE, { id: holdId });
  await openFrom("harbour", winner, [key], holdId, node.instructions);
  tell(
    `The beds are confirmed; harbour seals check-in instructions back, and ${winner} reads them.`,
  );
  await step(winner, "completeHandoff", id, { reason: "DELIVERED" });
  tell("Three people have arrived. The handoff is completed.");

  const warning = {
    country: "AM",
    riskProfiles: ["JOURNALIST"],
    level: "NO_NEW_ARRIVALS",
    hazards: ["ABDUCTION"],
    expiresAt: moment(14),
  };
  const advisory = await write("lantern", "publishAdvisory", "PublishAdvisoryInput", warning);
  await write("harbour", "confirmAdvisory", "AdvisoryStepInput", advisory);
  const next = await write("lantern", "offerHandoff", "OfferHandoffInput", offer, OFFERED);
  if (next.__typename !== "AdvisoryInForce") throw new Error("the next offer was not stopped");
  tell(
    "lantern warns of abductions there, harbour confirms it. The next request into Armenia is stopped:",
  );
  console.log(`    ${next.message}`);
}

const dataDir = mkdtempSync(join(tmpdir(), "wayhouse-demo-"));
const server = await startEmbedded({ dataDir, log: console.error });
try {
  await migrate(server);
  await seedDemo({ ...server, dataDir });
  const faults: string[] = [];
  const log = (line: string) => faults.push(line);
  const app = await createApp({ apiUrl: server.apiUrl, audience: AUDIENCE, log });
  app.server.listen(0, "127.0.0.1");
  await once(app.server, "listening");
  const { port } = app.server.address() as { port: number };
  await play(`http://127.0.0.1:${port}/graphql`, dataDir);
  await app.stop();
  // The same search must find what does lie there.
  const client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  await client.query(`create table control as select '${CONTROL}' as text`);
  await client.end();
  await server.stop();
  const control = findTraces(server.home, CONTROL).length;
  const traces = findTraces(server.home, SECRET);
  if (control === 0) throw new Error("the search is blind: it did not find the control");
  if (traces.length > 0 || faults.length > 0) throw new Error([...traces, ...faults].join("\n"));
  tell(
    `The database's files, its log of changes included, are searched for the case file in ten spellings and unzipped: nothing. A control text is found in ${control} places.`,
  );
} finally {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
  rmSync(server.home, { recursive: true, force: true });
}
process.exit(0);
