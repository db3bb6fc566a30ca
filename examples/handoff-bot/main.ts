import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { createClient, createPartners } from "wayhouse/client";
import { parse } from "yaml";
import { runBot } from "./bot.ts";
import { readKey, readOwnKey } from "./keys.ts";
import { openStore } from "./store.ts";

/** `node main.ts bot.yaml`. It ends on any failure: let a supervisor start it again, after a pause. */
const path = process.argv[2] ?? "bot.yaml";
const {
  node,
  organisation,
  folder,
  partners: compared,
  rules,
  instructions,
} = parse(readFileSync(path, "utf8"), { prettyErrors: false });
// Every file would be to somebody else, and be left to people.
if (typeof organisation.identity !== "string")
  throw new Error(`${path} must name the identity of its organisation, a thumbprint.`);
const at = (name: string) => resolve(dirname(path), name);

const signingKey = readOwnKey(at(organisation.signingKey));
const client = createClient({
  url: node.url,
  credentials: {
    issuer: organisation.issuer,
    audience: node.audience,
    clientId: organisation.client,
    scopes: [
      "organisations:read",
      "handoffs:read",
      "handoffs:receive",
      "beds:read",
      "beds:hold",
      "beds:manage",
      "consulates:read",
    ],
    key: signingKey,
  },
});
const store = openStore(at(folder), readKey(at(organisation.archiveKey)), compared);
const own = {
  identityThumbprint: organisation.identity,
  signingKey,
  sealingKeys: organisation.sealingKeys.map((name: string) => readOwnKey(at(name))),
};
const partners = createPartners(client, own, store);
const tell = (line: string) => void process.stdout.write(`${line}\n`);
await runBot({ client, partners, store, rules, instructions, tell, lookAgainMs: 15 * 60_000 });
