import { generateKeyPairSync, randomUUID } from "node:crypto";
import type { JWK } from "jose";
import { SCOPES } from "../../kernel/scopes.ts";
import { signAccessToken } from "../../platform/auth/sign.ts";
import { demoIssuer, demoKey } from "../../platform/db/demo-network.ts";
import {
  type ActiveKey,
  activeKey,
  checkKeyLog,
  type KeyLogEntry,
  NO_HASH,
  open,
  seal,
  signKeyStatement,
  thumbprintOf,
} from "../../sealing/index.ts";

/** Whatever was asked for. */
export type Answer = ReturnType<typeof JSON.parse>;
interface Node {
  readonly url: string;
  readonly audience: string;
  /** Holds the demo organisations' keys. */
  readonly dataDir: string;
}

/** What one organisation's client can do: it has a token, its own keys, and the thumbprints it compared. */
export interface Partner {
  readonly handle: string;
  /** Identity thumbprint. */
  readonly thumbprint: string;
  ask(query: string, variables?: object): Promise<Answer>;
  write(field: string, type: string, input: object, fields?: string): Promise<Answer>;
  /** A new sealing key, and the signing key it has; each with a statement by the identity key. */
  publishKeys(): Promise<void>;
  sealTo(partner: Partner, subject: string, text: string): Promise<string>;
  openFrom(partner: Partner, subject: string, envelope: string): Promise<string>;
}

const LOG = `query ($handle: String) { organisation(handle: $handle) { id identityKey } }`;
const ENTRIES = `query ($id: ID) { keyLog(organisationId: $id) {
  edges { node { sequence kid change statement previousHash hash } } } }`;

export async function openPartner(node: Node, handle: string): Promise<Partner> {
  const { privateJwk } = await demoKey(node.dataDir, handle);
  // The demo's organisations have one key to sign everything; a real one keeps its identity key apart.
  const identityKey = privateJwk as JWK;
  const thumbprint = await thumbprintOf(identityKey);
  const sealingKeys: JWK[] = [];

  async function ask(query: string, variables: object = {}): Promise<Answer> {
    const token = await signAccessToken({
      privateJwk,
      issuer: demoIssuer(handle),
      audience: node.audience,
      clientId: "bot",
      scopes: SCOPES,
      ttlSeconds: 60,
    });
    const response = await fetch(node.url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    const answer = (await response.json()) as Answer;
    if (answer.errors) throw new Error(`${handle}: ${JSON.stringify(answer.errors)}`);
    return answer.data;
  }

  const write: Partner["write"] = async (field, type, input, fields = "id") => {
    const query = `mutation ($input: ${type}!) { ${field}(input: $input) { ${fields} } }`;
    const data = await ask(query, { input: { idempotencyKey: randomUUID(), ...input } });
    return data[field] as Answer;
  };

  async function readLog(of: string) {
    const { organisation } = await ask(LOG, { handle: of });
    const { keyLog } = await ask(ENTRIES, { id: organisation.id });
    const entries = keyLog.edges.map((edge: { node: KeyLogEntry }) => edge.node) as KeyLogEntry[];
    return { identityKey: organisation.identityKey as JWK, entries };
  }

  /** What a client does before it trusts a key: the compared thumbprint, then the whole log. */
  async function activeKeysOf(partner: Partner): Promise<readonly ActiveKey[]> {
    const log = await readLog(partner.handle);
    const pin = { identityThumbprint: partner.thumbprint, lastSequence: 0, lastHash: NO_HASH };
    return (await checkKeyLog(log.identityKey, log.entries, pin)).active;
  }

  async function publish(key: JWK, use: "SIGN" | "SEAL") {
    const last = (await readLog(handle)).entries.at(-1);
    const { d: _, ...jwk } = key;
    const statement = await signKeyStatement(
      {
        change: "PUBLISHED",
        use,
        kid: await thumbprintOf(key),
        jwk,
        sequence: (last?.sequence ?? 0) + 1,
        previousHash: last?.hash ?? NO_HASH,
        iat: Math.floor(Date.now() / 1000),
      },
      identityKey,
    );
    await write("publishKey", "PublishKeyInput", { jwk, use, statement }, "kid");
  }

  return {
    handle,
    thumbprint,
    ask,
    write,
    async publishKeys() {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const sealingKey = privateKey.export({ format: "jwk" }) as JWK;
      sealingKeys.push(sealingKey);
      await publish(sealingKey, "SEAL");
      await publish(identityKey, "SIGN");
    },
    async sealTo(partner, subject, text) {
      const key = (await activeKeysOf(partner)).find(({ use }) => use === "SEAL");
      if (!key) throw new Error(`${partner.handle} has published no sealing key`);
      return seal({
        content: new TextEncoder().encode(text),
        recipientKey: key.jwk,
        senderKey: identityKey,
        sender: thumbprint,
        audience: partner.thumbprint,
        subject,
        issuedAt: new Date(),
        expiresAt: new Date(Date.now() + 7 * 86_400_000),
      });
    },
    async openFrom(partner, subject, envelope) {
      const senderKey = activeKey(await activeKeysOf(partner), partner.thumbprint, "SIGN");
      const { content } = await open({
        envelope,
        privateKeys: sealingKeys,
        sender: partner.thumbprint,
        senderKeys: [senderKey.jwk],
        audience: thumbprint,
        subject,
        now: new Date(),
      });
      return new TextDecoder().decode(content);
    },
  };
}
