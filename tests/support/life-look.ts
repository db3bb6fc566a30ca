import { expect } from "vitest";
import { type Demo, night } from "./demo.ts";
import { HOST, type Lives, type Name } from "./life-model.ts";
import type { Scene } from "./life-scene.ts";
import { untilTold } from "./patience.ts";

/** Up to where each has heard. */
export type Cursors = Map<Name, string | null>;

/** To each what the model says, whatever it asks for. */
export async function look({ demo, shelterId }: Scene, lives: Lives): Promise<void> {
  const ask = demo.ask.bind(demo);
  for (const by of lives.active()) {
    const nodes = [...lives.cases, ...lives.holds].map(
      ({ id }, nth) => `n${nth}: node(id: "${id}") { ${SEEN} }`,
    );
    const own = by === HOST ? `shelter: node(id: "${shelterId}") { ${NIGHTS_OF} }` : "";
    const { data } = await ask(by, `{ viewer { organisation { id } } ${own} ${nodes.join(" ")} }`);
    const told = Object.entries(data).filter(([alias]) => alias.startsWith("n"));
    const cases = lives.cases.map((one) => {
      const lies = one.isSealed && lives.hasConsent(one);
      return lives.sees(by, one)
        ? {
            status: lives.statusOf(one),
            recipient: one.recipient && { handle: one.recipient },
            hasFile: by === one.recipient && lies,
            hasDigest: by === one.sender && lies,
          }
        : null;
    });
    const holds = lives.holds.map((hold) =>
      by === hold.holder || by === HOST ? { status: lives.stateOf(hold) } : null,
    );
    expect(
      told.map(([, node]) => shortOf(node as Node)),
      `as ${by} sees it`,
    ).toEqual([...cases, ...holds]);
    if (by !== HOST) continue;
    const nights = Array.from({ length: 6 }, (_, nth) => {
      const [held, occupied] = [lives.promised(nth, "HELD"), lives.promised(nth, "CONFIRMED")];
      return {
        maximum: lives.maximum,
        held,
        occupied,
        available: lives.maximum - held - occupied,
      };
    });
    expect(data["shelter"].nights).toEqual(nights);
    expect(nights.filter(({ available }) => available < 0)).toEqual([]);
  }
}

/** Everybody who is there has heard of all that it had to hear of, and of nothing else. */
export async function listen({ demo }: Scene, lives: Lives, cursors: Cursors): Promise<void> {
  await untilTold(demo.database.superuserUrl);
  // An advisory of this story may stop what another has left.
  const ids = new Set([...lives.cases, ...lives.holds].map(({ id }) => id));
  for (const by of lives.active()) {
    const told = (await eventsOf(demo, by, cursors)).filter((id) => ids.has(id));
    const heard = new Set(told.map((id) => `${by} ${id}`));
    const [must, may] = [lives.told, lives.due].map((all) =>
      [...all.keys()].filter((one) => one.startsWith(`${by} `)),
    );
    expect(
      must!.filter((one) => !heard.has(one)),
      "what nobody told",
    ).toEqual([]);
    expect(
      [...heard].filter((one) => !must!.includes(one) && !may!.includes(one)),
      "what was told to the wrong one",
    ).toEqual([]);
    for (const one of must!) lives.told.delete(one);
    // Heard of for another reason, the clock may have told it as well, or may still.
    for (const one of heard)
      if (must!.includes(one) && lives.due.has(one)) lives.due.set(one, "PERHAPS");
      else lives.due.delete(one);
  }
}

/** What it was told of since. */
export async function eventsOf(demo: Demo, by: Name, cursors: Cursors): Promise<string[]> {
  const told: string[] = [];
  for (let more = true; more;) {
    const after = cursors.get(by) ?? null;
    const { data } = await demo.ask(by, EVENTS, { after });
    const edges = data["events"].edges as { node: { cursor: string; subjectId: string } }[];
    told.push(...edges.map(({ node }) => node.subjectId));
    cursors.set(by, edges.at(-1)?.node.cursor ?? after);
    more = data["events"].pageInfo.hasNextPage;
  }
  return told;
}

const KINDS = "[HANDOFF_CHANGED, BED_HOLD_CHANGED]";
const SEEN = `... on Handoff { status recipient { handle } envelope envelopeDigest } ... on BedHold { hold: status }`;
const NIGHTS_OF = `... on Shelter { nights(from: "${night(0)}", until: "${night(6)}") { maximum held occupied available } }`;
const EVENTS = `query ($after: String) { events(first: 100, after: $after, kinds: ${KINDS}) {
  edges { node { cursor subjectId } } pageInfo { hasNextPage endCursor } } }`;
type Node = {
  status?: string;
  hold?: string;
  recipient?: object;
  envelope?: string;
  envelopeDigest?: string;
} | null;
const shortOf = (node: Node) =>
  node?.status === undefined
    ? node && { status: node.hold }
    : {
        status: node.status,
        recipient: node.recipient ?? null,
        hasFile: node.envelope !== null,
        hasDigest: node.envelopeDigest !== null,
      };
