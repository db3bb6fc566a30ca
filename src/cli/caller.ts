import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { JWK } from "jose";
import { z } from "zod";
import type { CallFailed } from "../client/index.ts";
import { type Client, createClient, type Credentials } from "../client/index.ts";
import type { Scope } from "../kernel/scopes.ts";
import { readConfig } from "../platform/config/config.ts";
import { DEMO_ORGANISATIONS, demoIssuer, demoKey } from "../platform/db/demo-network.ts";
import { parseUrl } from "./api.ts";
import { printable, Stop } from "./command.ts";
import { readKey } from "./key-files.ts";

/** What an organisation tells of itself before anybody knows it: nothing in it is secret. */
export const Introduction = z.object({
  handle: z.string(),
  issuer: z.string(),
  identityKey: z.record(z.string(), z.unknown()),
  signingKeys: z.array(z.record(z.string(), z.unknown())).min(1),
});
export type Introduction = z.infer<typeof Introduction>;
export const INTRODUCTION = "introduction.json";
export const SIGNING_KEY = "sign.json";

/** @throws Stop */
export function readIntroduction(path: string): Introduction {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "no JSON";
    throw new Stop(`${path} cannot be read (${code}).`, { cause: error });
  }
  const parsed = Introduction.safeParse(content);
  if (!parsed.success) throw new Stop(`${path} is no introduction: \`org new\` writes one.`);
  return parsed.data;
}

/** The folder that `org new` made, or an organisation of the demo. @throws Stop */
export async function keyOf(organisation: string): Promise<{ issuer: string; key: JWK }> {
  const folder = organisation;
  if (existsSync(join(folder, INTRODUCTION))) {
    const file = join(folder, SIGNING_KEY);
    const key = readKey(file, "private");
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new Stop(
        `${file} can be read by others: chmod 600 ${file}, and replace the key if they may have.`,
      );
    }
    return { issuer: readIntroduction(join(folder, INTRODUCTION)).issuer, key };
  }
  const { dataDir } = readConfig();
  if (DEMO_ORGANISATIONS.includes(organisation) && existsSync(join(dataDir, "demo"))) {
    const { privateJwk } = await demoKey(dataDir, organisation);
    return { issuer: demoIssuer(organisation), key: privateJwk as JWK };
  }
  throw new Stop(
    `--organisation ${organisation} is neither a folder that \`org new\` made nor one of the demo's (${DEMO_ORGANISATIONS.join(", ")}).`,
  );
}

export function urlOf(given: string | undefined): URL {
  const { host, port } = readConfig();
  return parseUrl(given ?? `http://${host}:${port}/graphql`);
}

/** Signs as a client of the organisation, with no more scopes than the command needs. @throws Stop */
export async function callerOf(options: {
  readonly organisation: string;
  readonly clientId: string;
  readonly scopes: readonly Scope[];
  readonly url: string | undefined;
}): Promise<Client> {
  const url = urlOf(options.url);
  const { clientId, scopes } = options;
  const { audience } = readConfig();
  const credentials: Credentials = {
    ...(await keyOf(options.organisation)),
    audience,
    clientId,
    scopes,
  };
  return createClient({ url, credentials, patienceMs: 3_000 });
}

const ADVICE: Partial<Record<CallFailed["code"], string>> = {
  UNAUTHENTICATED:
    "The organisation must be registered with this key and ACTIVE, the client registered, AUDIENCE the server's, and the clock right.",
  FORBIDDEN:
    "The client lacks a scope that <command> --help names: an admin gives it with `clients scopes`, or choose another --client.",
  NETWORK: "Is the server running? `doctor` looks.",
  NOT_FOUND: "It is not there, or not yours to see.",
};

/** What to do about a call that failed. */
export function adviceOn(error: CallFailed): string {
  return `${error.code}: ${printable(error.message)} ${ADVICE[error.code] ?? ""}`.trimEnd();
}
