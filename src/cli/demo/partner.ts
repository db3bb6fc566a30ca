import type { JWK } from "jose";
import {
  createClient,
  createPartners,
  KeyLog,
  type Operation,
  PublishKey,
  Viewer,
} from "../../client/index.ts";
import type { PublicJwk } from "../../kernel/jwk.ts";
import { SCOPES } from "../../kernel/scopes.ts";
import { demoIssuer, demoKey } from "../../platform/auth/demo-keys.ts";
import { newKey } from "../../platform/auth/new-key.ts";
import { NO_HASH, pinOf, publicHalf, signKeyStatement, thumbprintOf } from "../../sealing/index.ts";

/** Whatever was asked for. */
export type Answer = ReturnType<typeof JSON.parse>;
interface Node {
  readonly url: string;
  readonly audience: string;
  /** Holds the demo organisations' keys. */
  readonly dataDir: string;
}

/** What one organisation's bot can do. */
export interface Partner {
  readonly handle: string;
  readonly id: string;
  /** Identity thumbprint. */
  readonly thumbprint: string;
  ask(query: string, variables?: Readonly<Record<string, unknown>>): Promise<Answer>;
  write(field: string, type: string, input: object, fields?: string): Promise<Answer>;
  /** A new sealing key, and the signing key it has; each with a statement by the identity key. */
  publishKeys(): Promise<void>;
  sealTo(partner: Partner, subject: string, text: string): Promise<string>;
  openFrom(partner: Partner, subject: string, envelope: string): Promise<string>;
}

export async function openPartner(node: Node, handle: string): Promise<Partner> {
  const { privateJwk, kid: thumbprint } = demoKey(node.dataDir, handle, "identity");
  const identityKey = privateJwk as JWK;
  const signingKey = demoKey(node.dataDir, handle).privateJwk as JWK;
  const client = createClient({
    url: node.url,
    credentials: {
      issuer: demoIssuer(handle),
      audience: node.audience,
      clientId: "bot",
      scopes: SCOPES,
      key: signingKey,
    },
  });
  const sealingKeys: JWK[] = [];
  const own = { identityThumbprint: thumbprint, signingKey, sealingKeys };
  const compared = { load: async (of: string) => pinOf(of), save: async () => {} };
  const partners = createPartners(client, own, compared);
  const { id } = (await client.run(Viewer)).viewer.organisation;

  const ask: Partner["ask"] = (query, variables = {}) =>
    client.run(query as Operation<Answer, Readonly<Record<string, unknown>>>, variables);

  async function publish(key: JWK, use: "SIGN" | "SEAL") {
    const place = { sequence: 1, previousHash: NO_HASH };
    const log = client.all(KeyLog, { organisationId: id, first: 100 }, ({ keyLog }) => keyLog);
    for await (const { sequence, hash } of log)
      Object.assign(place, { sequence: sequence + 1, previousHash: hash });
    const jwk = publicHalf(key) as PublicJwk;
    const what = { change: "PUBLISHED", use, kid: await thumbprintOf(key), jwk } as const;
    const iat = Math.floor(Date.now() / 1000);
    const statement = await signKeyStatement({ ...what, ...place, iat }, identityKey);
    await client.run(PublishKey, { input: { jwk, use, statement } });
  }

  return {
    handle,
    id,
    thumbprint,
    ask,
    async write(field, type, input, fields = "id") {
      const query = `mutation ($input: ${type}!) { ${field}(input: $input) { ${fields} } }`;
      return (await ask(query, { input }))[field];
    },
    async publishKeys() {
      const sealingKey = newKey("P-256") as JWK;
      sealingKeys.push(sealingKey);
      await publish(sealingKey, "SEAL");
      await publish(signingKey, "SIGN");
    },
    sealTo: (partner, subject, text) =>
      partners.sealTo(partner.thumbprint, {
        subject,
        content: new TextEncoder().encode(text),
        days: 7,
      }),
    async openFrom(partner, subject, envelope) {
      const { content } = await partners.openFrom(partner.thumbprint, { subject, envelope });
      return new TextDecoder().decode(content);
    },
  };
}
