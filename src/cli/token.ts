import { isScope, SCOPES } from "../kernel/scopes.ts";
import { signAccessToken } from "../platform/auth/sign.ts";
import { readConfig } from "../platform/config/config.ts";
import { keyOf } from "./caller.ts";
import { answer, Stop } from "./command.ts";
import { optionsOf } from "./options.ts";

export const usage = `usage: wayhouse token --organisation <name> --client <client> [--scope "<scope> …"] [--ttl 10m] [--json]

Signs an access token (RFC 9068) on this machine; nobody is asked, and AUDIENCE says for which node.

  --organisation <name>  a folder that \`org new\` made, or an organisation of the demo
  --client <client>      a registered client of it; of the demo: dashboard, bot or admin
  --scope "<scope> …"    default: every one; what client and organisation lack, no token gives
  --ttl <time>           from 1s to 15m; default 10m
  --json                 {"token": …}

Example:  wayhouse token --organisation lantern --client bot --scope "beds:read beds:hold"
Next:     send it as \`authorization: Bearer <token>\`.`;

export const exits = { 0: "signed", 2: "unusable options or key" };

export async function run(args: readonly string[]): Promise<0> {
  const { values, flags } = optionsOf(args, usage, {
    required: ["organisation", "client"],
    optional: ["scope", "ttl"],
  });
  const scopes = (values.scope ?? SCOPES.join(" ")).split(/[\s,]+/).filter(Boolean);
  const unknown = scopes.filter((scope) => !isScope(scope));
  if (unknown.length > 0)
    throw new Stop(`--scope does not know ${unknown.join(", ")}.\n\n${usage}`);
  const ttl = /^(\d{1,3})(s|m)$/.exec(values.ttl ?? "10m");
  const ttlSeconds = ttl ? Number(ttl[1]) * (ttl[2] === "m" ? 60 : 1) : 0;
  if (ttlSeconds < 1 || ttlSeconds > 900) throw new Stop("--ttl must be from 1s to 15m.");
  const { issuer, key } = keyOf(values.organisation);
  const token = await signAccessToken({
    privateJwk: key,
    issuer,
    audience: readConfig().audience,
    clientId: values.client,
    scopes: scopes.filter(isScope),
    ttlSeconds,
  });
  answer(flags.json, { token }, [token]);
  return 0;
}
