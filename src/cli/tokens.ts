import { readFileSync } from "node:fs";
import type { Scope } from "../kernel/scopes.ts";
import { signAccessToken } from "../platform/auth/sign.ts";
import type { Config } from "../platform/config/config.ts";
import { DEMO_ORGANISATIONS, demoIssuer, demoKey } from "../platform/db/demo-network.ts";
import { Stop } from "./command.ts";

const TTL_S = 10 * 60;
const RENEW_AFTER_MS = 5 * 60_000;

/** A token as it stands in a file: who renews it writes the file again, and it is read again. */
export function tokenOfFile(path: string): () => Promise<string> {
  return async () => {
    let token: string;
    try {
      token = readFileSync(path, "utf8").trim();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
      throw new Stop(`--token ${path} cannot be read (${code}).`, { cause: error });
    }
    if (/^[\x21-\x7e]+$/.test(token)) return token;
    throw new Stop(`--token ${path} must hold one access token and nothing else.`);
  };
}

/** Signed for the admin of a demo organisation, anew before it ends. @throws Stop */
export function tokenOfDemo(
  config: Config,
  handle: string,
  scopes: readonly Scope[],
): () => Promise<string> {
  if (!DEMO_ORGANISATIONS.includes(handle)) {
    const known = DEMO_ORGANISATIONS.join(", ");
    throw new Stop(
      `--organisation ${handle} is none of the demo's (${known}): give --token <file>.`,
    );
  }
  let token = "";
  let signedAt = -Infinity;
  return async () => {
    if (Date.now() - signedAt > RENEW_AFTER_MS) {
      const { privateJwk } = await demoKey(config.dataDir, handle);
      signedAt = Date.now();
      token = await signAccessToken({
        privateJwk,
        issuer: demoIssuer(handle),
        audience: config.audience,
        clientId: "admin",
        scopes,
        ttlSeconds: TTL_S,
      });
    }
    return token;
  };
}
