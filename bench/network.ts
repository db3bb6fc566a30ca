import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import pg from "pg";
import { type Scope, SCOPES } from "../src/kernel/scopes.ts";
import { generateSigningKey, signAccessToken } from "../src/platform/auth/sign.ts";

export interface Size {
  readonly organisations: number;
  readonly shelters: number;
  /** Of each shelter: the last to the horizon. */
  readonly nights: number;
  readonly handoffs: number;
  readonly grants: number;
  /** Of organisations that share nothing with the caller. */
  readonly strangersShelters: number;
  readonly strangersGrants: number;
}

/** The network that the targets are stated for, `scale` times. Needs, 2.4 a handoff, are an array of it. */
export const sizeOf = (scale: number): Size => ({
  organisations: 200 * scale,
  shelters: 5_000 * scale,
  nights: 180,
  handoffs: 50_000 * scale,
  grants: 4_000 * scale,
  strangersShelters: 0,
  strangersGrants: 0,
});

export const AUDIENCE = "https://bench.wayhouse.example";
const ORDINARY: readonly Scope[] = SCOPES.filter((scope) => scope !== "network:admin");

export interface Network {
  /** The id of the nth organisation, from 1; the first is who asks. */
  idOf(n: number): string;
  /** Of its bot; lasts fifteen minutes. */
  tokenOf(n: number): Promise<string>;
}

/** Fills a migrated and empty database, past its walls but under its constraints. */
export async function seedNetwork(superuserUrl: string, size: Size): Promise<Network> {
  const { privateJwk, publicJwk, kid } = await generateSigningKey();
  const settings = {
    organisations: size.organisations,
    shelters: size.shelters,
    nights: size.nights,
    handoffs: size.handoffs,
    grants: size.grants,
    strangers_shelters: size.strangersShelters,
    strangers_grants: size.strangersGrants,
    scopes: `{${ORDINARY.join()}}`,
    kid,
    jwk: JSON.stringify(publicJwk),
  };
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    for (const [name, value] of Object.entries(settings))
      await client.query("select set_config($1, $2, false)", [`bench.${name}`, String(value)]);
    await client.query("begin");
    await client.query(readFileSync(new URL("seed.sql", import.meta.url), "utf8"));
    await client.query("commit");
    await client.query("vacuum (analyze)");
    return {
      idOf,
      tokenOf: (n) =>
        signAccessToken({
          privateJwk,
          issuer: `https://partner-${n}.example`,
          audience: AUDIENCE,
          clientId: "bot",
          scopes: ORDINARY,
          ttlSeconds: 15 * 60,
        }),
    };
  } finally {
    await client.end();
  }
}

/** As seed.sql names them. */
function idOf(n: number): string {
  const hash = createHash("md5").update(`organisation${n}`).digest("hex");
  return hash.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
