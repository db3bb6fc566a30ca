import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createClient,
  createPartners,
  Handoff,
  OfferHandoff,
  Organisation,
  printable,
  SealHandoff,
} from "wayhouse/client";
import { pinOf } from "wayhouse/sealing";
import { parse } from "yaml";
import { readOwnKey } from "./keys.ts";

/**
 * `node try.ts bot.yaml <folder> <issuer>`: plays a partner, with the keys of its folder, that hands two people over to
 * this bot.
 */
const [, , path = "bot.yaml", folder = "", issuer = ""] = process.argv;
const { node, organisation } = parse(readFileSync(path, "utf8"));
const recipient = organisation.identity;
const signingKey = readOwnKey(join(folder, "sign.json"));
const client = createClient({
  url: node.url,
  credentials: {
    issuer,
    audience: node.audience,
    clientId: "bot",
    scopes: ["organisations:read", "handoffs:read", "handoffs:offer"],
    key: signingKey,
  },
});
const own = {
  identityThumbprint: readFileSync(join(folder, "thumbprint"), "utf8").trim(),
  signingKey,
  sealingKeys: [],
};
const pins = { load: async () => pinOf(recipient), save: async () => {} };
const partners = createPartners(client, own, pins);

const tell = (line: string) => void process.stdout.write(`${printable(line)}\n`);
const day = (after: number) => new Date(Date.now() + after * 86_400_000).toISOString();
const found = await client.run(Organisation, { thumbprint: recipient });
const { offerHandoff } = await client.run(OfferHandoff, {
  input: {
    candidateIds: [found.organisation!.id],
    needs: ["SHELTER"],
    riskProfile: "JOURNALIST",
    party: { adults: 2, children: 0 },
    priority: "URGENT",
    country: "GE",
    destinations: ["AM"],
    documentsHeld: ["NONE"],
    windowStart: day(10).slice(0, 10),
    windowEnd: day(13).slice(0, 10),
    consent: { purpose: "SHELTER", givenAt: day(-1), expiresAt: day(30) },
  },
});
if (offerHandoff.__typename !== "Handoff") throw new Error(printable(offerHandoff.message));
const { id } = offerHandoff;
tell(`offered ${id}`);

for (;;) {
  const { node } = await client.run(Handoff, { id });
  if (node?.__typename !== "Handoff") throw new Error("It is gone.");
  if (node.status === "IN_PROGRESS") break;
  if (!["REQUESTED", "ACCEPTED"].includes(node.status)) throw new Error(`It is ${node.status}.`);
  // Whatever this process did before: what nobody sealed, or to a key retired since, is to be sealed.
  const isSealed = node.envelopeDigest !== null && node.envelopeKeyRetiredAt === null;
  if (node.status === "ACCEPTED" && !isSealed) {
    const content = new TextEncoder().encode("Two people, at the station by noon.");
    const envelope = await partners.sealTo(recipient, { subject: id, content, days: 7 });
    // Over what it has seen: somebody else may have sealed it since.
    const input = { id, envelope, replaces: { digest: node.envelopeDigest } };
    const { sealHandoff } = await client.run(SealHandoff, { input });
    if (sealHandoff.__typename === "Handoff") tell(`sealed ${id}`);
  }
  await sleep(500);
}
tell(`handed over ${id}`);
