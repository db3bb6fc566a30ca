import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { compactDecrypt, importJWK, type JWK } from "jose";
import type pg from "pg";
import {
  BedHoldInstructions,
  BedHolds,
  type Client,
  ConfirmBedHold,
  Handoff,
  HoldBeds,
  OfferHandoff,
  type Partners,
  SealHandoff,
} from "../../src/client/index.ts";
import { encodeId } from "../../src/kernel/ids.ts";
import { night } from "./demo.ts";
import { inDays } from "./handoffs.ts";
import type { Draw } from "./random.ts";

const pick = <T>(draw: Draw, from: readonly T[]): T => from[draw(from.length)]!;
const window = (draw: Draw) => {
  const from = 1 + draw(20);
  return [night(from), night(from + 1 + draw(4))] as const;
};
export const fileOf = (id: string) => `the file of ${id}`;

/** Its id, and whether the bot's rules take it. */
export async function offerOne(client: Client, candidate: string, draw: Draw, mostPeople: number) {
  const [windowStart, windowEnd] = window(draw);
  const party = { adults: 1 + draw(mostPeople), children: draw(2) };
  const priority = pick(draw, ["EMERGENCY", "URGENT", "URGENT", "ROUTINE"] as const);
  const needs = pick(draw, [["SHELTER"], ["SHELTER", "INTERPRETING"], ["INTERPRETING"]] as const);
  const { offerHandoff } = await client.run(OfferHandoff, {
    input: {
      candidateIds: [candidate],
      needs,
      riskProfile: "JOURNALIST",
      party,
      priority,
      country: "GE",
      destinations: ["AM"],
      documentsHeld: ["NONE"],
      windowStart,
      windowEnd,
      consent: { purpose: needs[0], givenAt: inDays(-1), expiresAt: inDays(30) },
    },
  });
  if (offerHandoff.__typename !== "Handoff") throw new Error(offerHandoff.__typename);
  const isWanted = party.adults + party.children <= mostPeople && priority !== "ROUTINE";
  return [offerHandoff.id, isWanted] as const;
}

/** Seals its file to whoever has accepted. Once it has failed nothing settles any more: `failed` tells. */
export function startSender(client: Client, partners: Partners, recipient: string) {
  const over = new AbortController();
  const sealed = new Set<string>();
  const following = (async () => {
    for await (const { subjectId: id } of client.events({
      kinds: ["HANDOFF_CHANGED"],
      signal: over.signal,
    })) {
      if (sealed.has(id)) continue;
      const { node } = await client.run(Handoff, { id });
      if (node?.__typename !== "Handoff" || node.status !== "ACCEPTED") continue;
      const content = new TextEncoder().encode(fileOf(id));
      const envelope = await partners.sealTo(recipient, { subject: id, content, days: 7 });
      await client.run(SealHandoff, { input: { id, envelope, replaces: { digest: null } } });
      sealed.add(id);
    }
  })();
  const failed = new Promise<never>((_, reject) => {
    following.catch((error: unknown) => over.signal.aborted || reject(error as Error));
  });
  return {
    failed,
    async stop() {
      over.abort();
      await following.catch(() => {});
    },
  };
}

/** One bed at a shelter, confirmed; its id, or null where none is free. */
export async function holdOne(client: Client, shelterId: string, draw: Draw) {
  const [checkIn, checkOut] = window(draw);
  const stays = [{ shelterId, beds: 1, checkIn, checkOut }];
  const { holdBeds } = await client.run(HoldBeds, { input: { stays, riskProfile: "JOURNALIST" } });
  if (holdBeds.__typename !== "BedHold") return null;
  await client.run(ConfirmBedHold, { input: { id: holdBeds.id } });
  return holdBeds.id;
}

/** A process that was killed is back by then, also on a machine that does other work. */
export const PATIENCE_MS = 120_000;

/** Asks until there is an answer. @throws Error naming what was waited for, past all patience */
async function untilThere<R>(what: string, ask: () => Promise<R | null>): Promise<R> {
  const until = Date.now() + PATIENCE_MS;
  while (Date.now() < until) {
    const there = await ask();
    if (there !== null) return there;
    await sleep(100);
  }
  throw new Error(`${what}: not within ${PATIENCE_MS / 1_000} seconds`);
}

/** The status of each, once none is still to be decided or handed over. */
export async function settled(client: Client, ids: readonly string[]) {
  const statuses = new Map<string, string>();
  for (const id of ids) {
    const status = await untilThere(`a decision on ${id}, and its handing over`, async () => {
      const { node } = await client.run(Handoff, { id });
      if (node?.__typename !== "Handoff") return "LOST";
      return ["REQUESTED", "ACCEPTED"].includes(node.status) ? null : node.status;
    });
    statuses.set(id, status);
  }
  return statuses;
}

/** Once what it holds for itself is confirmed. */
export async function allConfirmed(client: Client): Promise<void> {
  const held = { side: "HOLDER", statuses: ["HELD"], first: 1 } as const;
  await untilThere("every hold confirmed", async () => {
    const { bedHolds } = await client.run(BedHolds, held);
    return bedHolds.edges.length === 0 || null;
  });
}

/** What the host has sealed for each hold, as its holder reads it. */
export async function instructionsFor(
  client: Client,
  partners: Partners,
  host: string,
  holds: readonly string[],
) {
  const texts: string[] = [];
  for (const id of holds) {
    const envelope = await untilThere(`instructions for ${id}`, async () => {
      const { node } = await client.run(BedHoldInstructions, { id });
      return node?.__typename === "BedHold" ? node.instructions : null;
    });
    const { content } = await partners.openFrom(host, { subject: id, envelope });
    texts.push(new TextDecoder().decode(content));
  }
  return texts;
}

/** How often each action was done to each subject, by the actor's own chain; and the holds that there are. */
export async function effectsOf(db: pg.Client) {
  const { rows } = await db.query<{ action: string; type: string; id: string; count: number }>(
    `select e.action, e.subject_type as type, e.subject_id as id, count(*)::integer as count
       from audit_entry e join organisation o on o.id = e.organisation_id
      where o.handle = 'harbour' and e.actor_id = e.organisation_id
        and (e.subject_type = 'Handoff' or e.action <> 'acceptHandoff') -- it enters its beds, too
        and e.action in ('acceptHandoff', 'receiveHandoff', 'rejectHandoff', 'confirmBedHold', 'sendInstructions')
      group by 1, 2, 3`,
  );
  const effects = rows.map(({ action, type, id, count }) => ({
    action,
    id: encodeId(type, id),
    count,
  }));
  const holds = await db.query<{ status: string; count: number }>(
    `select h.status, count(*)::integer as count from bed_hold h join organisation o on o.id = h.holder_id
      where o.handle = 'harbour' group by 1`,
  );
  return { effects, ownHolds: holds.rows };
}

/** Every file of a folder, by its name, opened with the private half of the archive's key. */
export async function readFiles(folder: string, archive: JWK): Promise<Map<string, string>> {
  const key = await importJWK(archive, "ECDH-ES+A256KW");
  const files = new Map<string, string>();
  for (const name of readdirSync(folder)) {
    const { plaintext } = await compactDecrypt(readFileSync(join(folder, name), "utf8"), key);
    files.set(name.replace(/\.jwe$/, ""), new TextDecoder().decode(plaintext));
  }
  return files;
}
