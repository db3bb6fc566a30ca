import { randomUUID } from "node:crypto";
import type { JWK } from "jose";
import { NO_HASH, seal, signKeyStatement, thumbprintOf } from "../../src/sealing/index.ts";
import { demoKey } from "../../src/platform/auth/demo-keys.ts";
import { type Demo, idOf } from "./demo.ts";
import { mutationOf } from "./mutate.ts";
import { p256 } from "./sealing.ts";

export const identityOf = (demo: Demo, organisation: string) =>
  demoKey(demo.dataDir, organisation, "identity").privateJwk as JWK;

/** With which it signs its tokens, and files. */
export const signerOf = (demo: Demo, organisation: string) =>
  demoKey(demo.dataDir, organisation).privateJwk as JWK;

export const logOf = async (demo: Demo, by: string, of: string) => {
  const { data } = await demo.ask(
    by,
    "query ($id: ID) { keyLog(organisationId: $id) { edges { node { sequence kid change statement previousHash hash } } } }",
    { id: await idOf((...call) => demo.ask(...call), of) },
  );
  return data["keyLog"].edges.map(({ node }: { node: object }) => node) as {
    sequence: number;
    kid: string;
    hash: string;
  }[];
};

/** What the identity key says of a key, for the next entry of the log. */
export async function state(
  demo: Demo,
  organisation: string,
  change: "PUBLISHED" | "RETIRED",
  key: JWK,
  use: "SIGN" | "SEAL" = "SEAL",
) {
  const last = (await logOf(demo, organisation, organisation)).at(-1);
  return signKeyStatement(
    {
      change,
      use,
      kid: await thumbprintOf(key),
      jwk: key,
      sequence: (last?.sequence ?? 0) + 1,
      previousHash: last?.hash ?? NO_HASH,
      iat: Math.floor(Date.now() / 1000),
    },
    identityOf(demo, organisation),
  );
}

export const publish = async (
  demo: Demo,
  by: string,
  jwk: JWK,
  statement: string,
  use = "SEAL",
) => {
  const { d: _, ...key } = jwk;
  return demo.ask(by, mutationOf("publishKey", "{ kid use jwk retiredAt statement }"), {
    input: { idempotencyKey: randomUUID(), jwk: key, use, statement },
  });
};
export const retire = (demo: Demo, by: string, kid: string, statement: string) =>
  demo.ask(by, mutationOf("retireKey", "{ kid retiredAt }"), {
    input: { idempotencyKey: randomUUID(), kid, statement },
  });

/** A sealing key of this organisation, with its private half, published. */
export async function sealingKey(demo: Demo, organisation: string): Promise<JWK> {
  const key = p256();
  await publish(demo, organisation, key, await state(demo, organisation, "PUBLISHED", key));
  return key;
}

export async function envelopeFor(
  demo: Demo,
  what: { from: string; to: string; key: JWK; subject: string; text: string },
): Promise<string> {
  return seal({
    content: new TextEncoder().encode(what.text),
    recipientKey: what.key,
    senderKey: signerOf(demo, what.from),
    sender: await thumbprintOf(identityOf(demo, what.from)),
    audience: await thumbprintOf(identityOf(demo, what.to)),
    subject: what.subject,
    issuedAt: new Date(),
    expiresAt: new Date(Date.now() + 86_400_000),
  });
}
