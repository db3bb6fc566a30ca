import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../../src/app.ts";
import { type Answer, openPartner } from "../../src/cli/demo/partner.ts";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { loadNodeKey } from "../../src/platform/auth/node-key.ts";
import { signAccessToken } from "../../src/platform/auth/sign.ts";
import { demoIssuer, demoKey } from "../../src/platform/auth/demo-keys.ts";
import { seedDemo } from "../../src/platform/db/demo-network.ts";
import { startEmbedded } from "../../src/platform/db/embedded/server.ts";
import { migrate } from "../../src/platform/db/migrator.ts";
import { textLog } from "../../src/platform/telemetry/log.ts";
import { createCaseSubgraph } from "./cases.ts";
import { createGateway } from "./gateway.ts";

/** `npm run demo:federation`: a network, lantern's own case subgraph and lantern's own gateway before both. */
const NETWORK = "https://demo.wayhouse.example";
const CASES = "https://cases.lantern.wayhouse.example";
const QUERY = `query ($handoff: ID!) {
  node(id: $handoff) {
    ... on Handoff {
      status
      sender { handle }
      caseReference {
        bedHolds { status host { handle } stays { beds shelter { label locality } } }
        case { code stage notes }
      }
    }
  }
}`;
const day = (after: number) => new Date(Date.now() + after * 86_400_000).toISOString().slice(0, 10);
const moment = (after: number) => new Date(Date.now() + after * 86_400_000).toISOString();

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/graphql`;
}

/** bridge hands a case over; lantern accepts it under a reference of its own, and holds two beds with it. */
async function handOver(url: string, dataDir: string, reference: string): Promise<string> {
  const node = { url, audience: NETWORK, dataDir };
  const [bridge, lantern] = await Promise.all([
    openPartner(node, "bridge"),
    openPartner(node, "lantern"),
  ]);
  const grant = { organisationId: bridge.id, scopes: ["HANDOFFS_OFFER"] };
  await lantern.write("grantScopes", "GrantScopesInput", grant);
  const offer = {
    candidateIds: [lantern.id],
    needs: ["SHELTER"],
    riskProfile: "JOURNALIST",
    party: { adults: 2, children: 0 },
    priority: "URGENT",
    country: "GE",
    destinations: ["AM"],
    documentsHeld: ["NONE"],
    windowStart: day(1),
    windowEnd: day(6),
    consent: { purpose: "SHELTER", givenAt: moment(-1), expiresAt: moment(30) },
    caseReference: randomUUID(),
  };
  const onHandoff = "... on Handoff { id }";
  const { id } = await bridge.write("offerHandoff", "OfferHandoffInput", offer, onHandoff);
  const { bedAvailability } = await lantern.ask(
    `{ bedAvailability(search: { country: "AM", checkIn: "${day(1)}", checkOut: "${day(6)}", beds: 2 }) {
      edges { node { shelter { id } } } } }`,
  );
  const shelterId = bedAvailability.edges[0].node.shelter.id as string;
  const holdBeds = {
    idempotencyKey: randomUUID(),
    riskProfile: "JOURNALIST",
    caseReference: reference,
    stays: [{ shelterId, beds: 2, checkIn: day(1), checkOut: day(6) }],
  };
  const accepted = { id, caseReference: reference, holdBeds };
  await lantern.write("acceptHandoff", "AcceptHandoffInput", accepted, onHandoff);
  return id as string;
}

const dataDir = mkdtempSync(join(tmpdir(), "wayhouse-federation-"));
const database = await startEmbedded({ dataDir, log: textLog });
try {
  await migrate(database);
  await seedDemo({ ...database, dataDir });
  const nodeKey = await loadNodeKey(join(dataDir, "node-key.json"));
  const network = { apiUrl: database.apiUrl, audience: NETWORK, nodeKey, log: textLog };
  const app = await createApp(network);
  const networkUrl = await listen(app.server);
  const reference = randomUUID();
  const handoff = await handOver(networkUrl, dataDir, reference);

  const { publicJwk, kid } = demoKey(dataDir, "lantern");
  const cases = createCaseSubgraph({
    records: [
      { reference, code: "Heron-7", stage: "PLANNING", notes: ["Needs a ground-floor room."] },
    ],
    issuer: demoIssuer("lantern"),
    audience: CASES,
    keys: { keys: [{ ...publicJwk, kid }] },
  });
  const supergraph = readFileSync("schema/supergraph.graphql", "utf8");
  const gateway = createGateway({ supergraph, networkUrl, casesUrl: await listen(cases) });
  const gatewayUrl = await listen(gateway);

  const tokenOf = async (organisation: string, audience: string) => {
    const { privateJwk } = demoKey(dataDir, organisation);
    const issuer = demoIssuer(organisation);
    const client = { clientId: "dashboard", scopes: SCOPES, ttlSeconds: 60 };
    return `Bearer ${await signAccessToken({ privateJwk, issuer, audience, ...client })}`;
  };
  const ask = async (url: string, organisation: string): Promise<Answer> => {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: await tokenOf(organisation, NETWORK),
        "x-cases-authorization": await tokenOf(organisation, CASES),
      },
      body: JSON.stringify({ query: QUERY, variables: { handoff } }),
    });
    return response.json();
  };
  const show = (title: string, answer: Answer) =>
    console.log(`\n${title}\n${JSON.stringify(answer, null, 2)}`);
  console.log(QUERY);
  show("lantern's dashboard, through lantern's gateway:", await ask(gatewayUrl, "lantern"));
  show("bridge, which handed the case over, through the same:", await ask(gatewayUrl, "bridge"));
  show("lantern's dashboard, of the network's graph:", await ask(networkUrl, "lantern"));

  for (const server of [gateway, cases]) await new Promise((resolve) => server.close(resolve));
  await app.stop();
} finally {
  await database.stop();
  rmSync(dataDir, { recursive: true, force: true });
  rmSync(database.home, { recursive: true, force: true });
}
process.exit(0);
