import { existsSync } from "node:fs";
import { join } from "node:path";
import type { JWK } from "jose";
import { z } from "zod";
import { isPrivate } from "../client/connection.ts";
import {
  CallFailed,
  type Client,
  createClient,
  Viewer,
  type ViewerQuery,
} from "../client/index.ts";
import type { Scope } from "../kernel/scopes.ts";
import { originOf, readConfig } from "../platform/config/config.ts";
import { DEMO_ORGANISATIONS, demoIssuer, findDemoFolder } from "../platform/auth/demo-keys.ts";
import { newKey } from "../platform/auth/new-key.ts";
import { printable } from "../kernel/printable.ts";
import { Stop } from "./command.ts";
import { readJson, readText } from "./files.ts";
import { readOwnKey } from "./key-files.ts";

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
export const IDENTITY_KEY = "identity.json";

/** @throws Stop */
export function readIntroduction(path: string): Introduction {
  const parsed = Introduction.safeParse(readJson(path));
  if (!parsed.success) throw new Stop(`${path} is no introduction: \`org new\` writes one.`);
  return parsed.data;
}

/** The folder that `org new` made, or the one of an organisation of the demo. @throws Stop */
export function keyOf(organisation: string): { issuer: string; key: JWK } {
  const introduction = join(organisation, INTRODUCTION);
  const ofDemo = findDemoFolder(readConfig().dataDir, organisation);
  if (existsSync(introduction)) {
    // As whom is not to be guessed: the other one is not known where this one is.
    if (ofDemo)
      throw new Stop(
        `${organisation} is a folder here and one of the demo's, too: write ./${organisation} for the folder, or move it away for the demo's.`,
      );
    const key = readOwnKey(join(organisation, SIGNING_KEY));
    return { issuer: readIntroduction(introduction).issuer, key };
  }
  if (ofDemo)
    return { issuer: demoIssuer(organisation), key: readOwnKey(join(ofDemo, SIGNING_KEY)) };
  throw new Stop(
    `--organisation ${printable(organisation)} is neither a folder that \`org new\` made nor one of the demo's (${DEMO_ORGANISATIONS.join(", ")}).`,
  );
}

/** Where the API is. @throws Stop */
export function urlOf(given: string | undefined): URL {
  const { host, port } = readConfig();
  const here = /^(?:0\.0\.0\.0|::)$/.test(host) ? "127.0.0.1" : host;
  const text = given ?? `${originOf(here, port)}/graphql`;
  if (URL.canParse(text) && isPrivate(new URL(text))) return new URL(text);
  throw new Stop("--url must be https, or http on this machine: a token must not travel in clear.");
}

/** Read anew for each call: who renews the token writes the file again. */
function tokenOfFile(path: string): () => Promise<string> {
  return async () => {
    const token = readText(path).trim();
    if (/^[\x21-\x7e]+$/.test(token)) return token;
    throw new Stop(`--token ${path} must hold one access token and nothing else.`);
  };
}

/** The options of every command that calls the API, as --help shows them. */
export const CALLER_OPTIONS = {
  organisation: "who you are: a folder that `org new` made, or one of the demo",
  client: "as which of your clients; default admin",
  token: "a file with an access token, where an identity provider signs yours",
  url: "of the API; default: the server that HOST and PORT configure",
  prove:
    "for a client that must (DPoP): binds its token to a key made for this; --url is then the public one",
};
export const CALLER_OPTIONAL = ["client", "token", "url"] as const;
export const CALLER_FLAGS = ["prove"] as const;
type CallerOptions = Readonly<
  Record<"organisation", string> &
    Partial<Record<(typeof CALLER_OPTIONAL)[number], string>> &
    Partial<Record<(typeof CALLER_FLAGS)[number], boolean>>
>;
export interface Caller {
  readonly api: Client;
  readonly me: ViewerQuery["viewer"];
}

/** As far as anything here relies on it: a file is named after the handle, and a server can say anything. */
const Known = z.object({
  organisation: z.object({
    id: z.string(),
    handle: z.string().regex(/^[a-z0-9-]+$/),
    identityThumbprint: z.string(),
  }),
});

/**
 * Who calls, as the API knows it, with tokens of no more scopes than the command needs. It waits only for
 * a server that has answered once: another one is rather not there than busy. @throws Stop, CallFailed
 */
export async function callerOf(options: CallerOptions, scopes: readonly Scope[]): Promise<Caller> {
  const { organisation, client = "admin", token } = options;
  const url = urlOf(options.url);
  const credentials = token
    ? tokenOfFile(token)
    : {
        ...keyOf(organisation),
        audience: readConfig().audience,
        clientId: client,
        scopes: [...new Set([...scopes, "organisations:read" as const])],
        ...(options.prove && {
          proofKey: newKey("Ed25519") as JWK,
        }),
      };
  const { viewer } = await createClient({ url, credentials, patienceMs: 2_000 }).run(Viewer);
  if (!Known.safeParse(viewer).success)
    throw new CallFailed("PROTOCOL", "What the server answers is no organisation.");
  const { handle } = viewer.organisation;
  if (token && handle !== organisation) {
    throw new Stop(
      `The token is ${printable(handle)}'s, and --organisation is ${printable(organisation)}.`,
    );
  }
  return { api: createClient({ url, credentials }), me: viewer };
}
