import { parseArgs } from "node:util";
import { isScope, SCOPES } from "../kernel/scopes.ts";
import { signAccessToken } from "../platform/auth/sign.ts";
import { readConfig } from "../platform/config/config.ts";
import { DEMO_ORGANISATIONS, demoIssuer, demoKey } from "../platform/db/demo-network.ts";

const USAGE =
  'usage: npm run --silent token -- --organisation lantern --client bot [--scope "beds:read beds:hold"] [--ttl 10m]';

function fail(message: string): never {
  console.error(`${message}\n${USAGE}`);
  process.exit(2);
}

const { values } = parseArgs({
  options: {
    organisation: { type: "string" },
    client: { type: "string" },
    scope: { type: "string", default: SCOPES.join(" ") },
    ttl: { type: "string", default: "10m" },
  },
});
const { organisation, client } = values;
if (!organisation || !DEMO_ORGANISATIONS.includes(organisation)) {
  fail(`--organisation must be one of ${DEMO_ORGANISATIONS.join(", ")}.`);
}
if (!client) fail("--client must be dashboard, bot or admin.");
const scopes = values.scope.split(/\s+/).filter(Boolean);
const unknown = scopes.filter((scope) => !isScope(scope));
if (unknown.length > 0) fail(`--scope does not know ${unknown.join(", ")}.`);
const ttl = /^(\d{1,3})(s|m)$/.exec(values.ttl);
const ttlSeconds = ttl ? Number(ttl[1]) * (ttl[2] === "m" ? 60 : 1) : 0;
if (ttlSeconds < 1 || ttlSeconds > 900) fail("--ttl must be from 1s to 15m.");

const config = readConfig();
const { privateJwk } = await demoKey(config.dataDir, organisation);
console.log(
  await signAccessToken({
    privateJwk,
    issuer: demoIssuer(organisation),
    audience: config.audience,
    clientId: client,
    scopes: scopes.filter(isScope),
    ttlSeconds,
  }),
);
