import { randomUUID } from "node:crypto";
import { digestOf } from "../../sealing/index.ts";
import type { Answer, Partner } from "./partner.ts";

const day = (after: number) => new Date(Date.now() + after * 86_400_000).toISOString().slice(0, 10);
const moment = (after: number) => new Date(Date.now() + after * 86_400_000).toISOString();
const step = (partner: Partner, field: string, id: string, input: object = {}) =>
  partner.write(
    field,
    "HandoffStepInput",
    { id, ...input },
    "__typename ... on Handoff { status }",
  );

interface Cast {
  readonly lantern: Partner;
  readonly harbour: Partner;
  readonly bridge: Partner;
  readonly coordinator: Partner;
  readonly tell: (line: string) => void;
}

/** Every step over HTTP, each told as a coordinator would tell it. @throws where one does not hold */
export async function playStory(
  openPartner: (handle: string) => Promise<Partner>,
  secret: string,
  tell: Cast["tell"],
): Promise<void> {
  const [lantern, harbour, bridge, coordinator] = await Promise.all(
    ["lantern", "harbour", "bridge", "coordinator"].map(openPartner),
  );
  const cast: Cast = {
    lantern: lantern!,
    harbour: harbour!,
    bridge: bridge!,
    coordinator: coordinator!,
    tell,
  };
  await prepare(cast);
  const id = await request(cast);
  const { winner, holdId } = await accept(cast, id);
  await handOver(cast, winner, id, secret);
  await arrive(cast, winner, id, holdId, secret);
  await warn(cast);
}

async function prepare({ lantern, harbour, bridge, coordinator, tell }: Cast): Promise<void> {
  const grant = async (owner: Partner, grantee: Partner, scopes: string[]) => {
    await owner.write("grantScopes", "GrantScopesInput", { organisationId: grantee.id, scopes });
  };
  for (const partner of [lantern, harbour, bridge, coordinator]) await partner.publishKeys();
  for (const candidate of [bridge, coordinator]) {
    await grant(candidate, lantern, ["HANDOFFS_OFFER"]);
    await grant(harbour, candidate, ["BEDS_READ", "BEDS_HOLD"]);
  }
  tell(
    "Four organisations publish keys, each vouched for by the identity key that was compared before.",
  );
}

function offer({ lantern, bridge, coordinator }: Cast): Promise<Answer> {
  const input = {
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
    candidateIds: [bridge.id, coordinator.id],
  };
  const fields = "__typename ... on Handoff { id } ... on AdvisoryInForce { message }";
  return lantern.write("offerHandoff", "OfferHandoffInput", input, fields);
}

async function request(cast: Cast): Promise<string> {
  const { bridge, coordinator, tell } = cast;
  const { id } = await offer(cast);
  tell(
    "lantern asks bridge and coordinator to take over three people bound for Armenia. Neither sees the other.",
  );
  await step(bridge, "acknowledgeHandoff", id);
  await step(coordinator, "acknowledgeHandoff", id);
  tell("Both acknowledge: read, not yet decided.");
  return id as string;
}

async function accept({ bridge, coordinator, tell }: Cast, id: string) {
  const { bedAvailability } = await bridge.ask(
    `{ bedAvailability(search: { country: "AM", checkIn: "${day(1)}", checkOut: "${day(6)}", beds: 3, riskProfile: JOURNALIST }) {
      edges { node { beds shelter { id label locality } } } } }`,
  );
  const { shelter, beds } = bedAvailability.edges[0].node;
  const stays = [{ shelterId: shelter.id, beds: 3, checkIn: day(1), checkOut: day(6) }];
  const holdBeds = { idempotencyKey: randomUUID(), riskProfile: "JOURNALIST", stays };
  const candidates = [bridge, coordinator];
  const race = await Promise.all(
    candidates.map((one) => {
      const input = { id, caseReference: randomUUID(), holdBeds };
      return one.write("acceptHandoff", "AcceptHandoffInput", input, "__typename");
    }),
  );
  const winner = candidates[race.findIndex(({ __typename }) => __typename === "Handoff")]!;
  const loser = candidates.find((one) => one !== winner)!;
  const { bedHolds } = await winner.ask("{ bedHolds(side: HOLDER) { edges { node { id } } } }");
  tell(`Both accept at once. ${winner.handle} was first, ${loser.handle} hears that it is taken.`);
  tell(
    `In the same step ${winner.handle} holds 3 of ${beds} free beds at harbour's ${shelter.label} (${shelter.locality}).`,
  );
  return { winner, holdId: bedHolds.edges[0].node.id as string };
}

const ENVELOPE =
  "query ($id: ID!) { node(id: $id) { ... on Handoff { envelope } ... on BedHold { instructions } } }";

async function handOver(
  { lantern, tell }: Cast,
  winner: Partner,
  id: string,
  secret: string,
): Promise<void> {
  const envelope = await lantern.sealTo(winner, id, secret);
  tell(
    `lantern checks ${winner.handle}'s key by its log, and seals the case file: ${envelope.length} characters, whatever is in it.`,
  );
  const sealed = { id, envelope, replaces: { digest: null } };
  await lantern.write("sealHandoff", "SealHandoffInput", sealed, "__typename");
  const seen = await winner.ask(ENVELOPE, { id });
  if ((await winner.openFrom(lantern, id, seen.node.envelope)) !== secret)
    throw new Error("what was opened is not what was sealed");
  const envelopeDigest = await digestOf(seen.node.envelope);
  await step(winner, "receiveHandoff", id, { envelopeDigest });
  if ((await winner.ask(ENVELOPE, { id })).node.envelope !== null)
    throw new Error("the envelope is still there");
  tell(
    `${winner.handle} opens it with its own key and takes over the case. The server's copy is gone.`,
  );
}

async function arrive(
  { harbour, tell }: Cast,
  winner: Partner,
  id: string,
  holdId: string,
  secret: string,
): Promise<void> {
  await winner.write("confirmBedHold", "ConfirmBedHoldInput", { id: holdId }, "__typename");
  const envelope = await harbour.sealTo(winner, holdId, `Ring twice. ${secret}`);
  const sent = { id: holdId, envelope, replaces: { digest: null } };
  await harbour.write("sendInstructions", "SendInstructionsInput", sent, "__typename");
  const { node } = await winner.ask(ENVELOPE, { id: holdId });
  await winner.openFrom(harbour, holdId, node.instructions);
  tell(
    `The beds are confirmed; harbour seals check-in instructions back, and ${winner.handle} reads them.`,
  );
  await step(winner, "completeHandoff", id, { reason: "DELIVERED" });
  tell("Three people have arrived. The handoff is completed.");
}

async function warn(cast: Cast): Promise<void> {
  const { lantern, harbour, tell } = cast;
  const warning = {
    country: "AM",
    riskProfiles: ["JOURNALIST"],
    level: "NO_NEW_ARRIVALS",
    hazards: ["ABDUCTION"],
    expiresAt: moment(14),
  };
  const { id } = await lantern.write("publishAdvisory", "PublishAdvisoryInput", warning);
  await harbour.write("confirmAdvisory", "AdvisoryStepInput", { id });
  const next = await offer(cast);
  if (next.__typename !== "AdvisoryInForce") throw new Error("the next offer was not stopped");
  tell(
    `lantern warns of abductions there, harbour confirms it. The next request into Armenia is stopped: ${next.message}`,
  );
}
