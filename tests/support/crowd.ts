import type { JsonWebKey } from "node:crypto";
import { randomUUID } from "node:crypto";
import type pg from "pg";
import { SCOPES, type Scope } from "../../src/kernel/scopes.ts";
import { encodeId } from "../../src/kernel/ids.ts";
import { generateSigningKey, signAccessToken } from "../../src/platform/auth/sign.ts";
import { AUDIENCE } from "./demo.ts";
import { mutationOf } from "./mutate.ts";

export interface Member {
  readonly id: string;
  readonly handle: string;
  readonly issuer: string;
  readonly privateJwk: JsonWebKey;
}
const CROWD_SCOPES: readonly Scope[] = SCOPES.filter((scope) => scope !== "network:admin");

/** Many organisations beside those of the demo, each with clients `c0`, `c1`, …: put in past every wall. */
export async function plantCrowd(
  superuser: pg.Client,
  size: number,
  clients: number,
): Promise<Member[]> {
  const { kid, publicJwk, privateJwk } = await generateSigningKey();
  const members: Member[] = [];
  for (let nth = 0; nth < size; nth++) {
    const handle = `crowd-${nth}`;
    const issuer = `https://${handle}.example`;
    const { rows } = await superuser.query<{ id: string }>(
      "insert into organisation (handle, identity_thumbprint, identity_jwk) values ($1, $2, $3) returning id",
      [handle, `${kid.slice(0, -4)}${nth.toString().padStart(4, "0")}`, publicJwk],
    );
    const uuid = rows[0]!.id;
    await superuser.query(
      "insert into organisation_account (organisation_id, issuer, scopes) values ($1, $2, $3)",
      [uuid, issuer, CROWD_SCOPES],
    );
    await superuser.query(
      "insert into organisation_key (organisation_id, kid, use, jwk) values ($1, $2, 'SIGN', $3)",
      [uuid, kid, publicJwk],
    );
    await superuser.query(
      "insert into client (organisation_id, name, kind, scopes) select $1, 'c' || n, case n when 0 then 'ADMIN' else 'BOT' end, $2 from generate_series(0, $3 - 1) n",
      [uuid, CROWD_SCOPES, clients],
    );
    members.push({ id: encodeId("Organisation", uuid), handle, issuer, privateJwk });
  }
  return members;
}

export const tokenFor = ({ issuer, privateJwk }: Member, clientId: string): Promise<string> =>
  signAccessToken({
    privateJwk,
    issuer,
    audience: AUDIENCE,
    clientId,
    scopes: CROWD_SCOPES,
    ttlSeconds: 15 * 60,
  });

/** The answer to one request, whatever it is; null if the connection was lost or there was none in time. */
export async function request(
  url: string,
  token: string,
  query: string,
  variables: object = {},
  timeoutMs = 30_000,
): Promise<{ status: number; text: string } | null> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, text: await response.text() };
  } catch {
    return null;
  }
}

const MOST_TRIES = 5;
/** A write that must succeed, tried again as callers do: one key has one effect. Its first field. */
export async function must(
  url: string,
  token: string,
  field: string,
  input: object,
  selection?: string,
): Promise<ReturnType<typeof JSON.parse>> {
  const variables = { input: { idempotencyKey: randomUUID(), ...input } };
  for (let tries = 1; ; tries++) {
    const answer = await request(url, token, mutationOf(field, selection), variables);
    const { data, errors } = JSON.parse(answer?.text ?? "{}");
    if (data && !errors) return data[field];
    const isLost = !answer || errors?.[0].extensions.code === "UNAVAILABLE";
    if (!isLost || tries === MOST_TRIES) throw new Error(`${field}: ${answer?.text}`);
  }
}
