import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { JWK } from "jose";
import { createClient, createPartners } from "wayhouse/client";
import { thumbprintOf } from "wayhouse/sealing";
import { parse } from "yaml";
import { runBot } from "./bot.ts";
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
const at = (name: string) => resolve(dirname(path), name);
/** What cannot be read is not quoted, here or of bot.yaml: this ends in a log, and the file is a secret. */
function key(name: string): JWK {
  const text = readFileSync(at(name), "utf8");
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${at(name)} holds no JSON Web Key.`);
  }
}

const signingKey = key(organisation.signingKey);
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
const store = openStore(at(folder), key(organisation.archiveKey), compared);
const own = {
  identityThumbprint: organisation.identity ?? (await thumbprintOf(signingKey)),
  signingKey,
  sealingKeys: organisation.sealingKeys.map(key),
};
const partners = createPartners(client, own, store);
const tell = (line: string) => void process.stdout.write(`${line}\n`);
await runBot({ client, partners, store, rules, instructions, tell, lookAgainMs: 15 * 60_000 });
