import { generateKeyPair, exportJWK } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createClient, Viewer } from "../../src/client/index.ts";
import { generateSigningKey } from "../../src/platform/auth/sign.ts";
import { demoIssuer, demoKey } from "../../src/platform/auth/demo-keys.ts";
import { AUDIENCE, type Demo, PUBLIC_URL, startDemo } from "../support/demo.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});

it.each<[string, () => Promise<object>]>([
  ["an Ed25519 key", async () => (await generateSigningKey("EdDSA")).privateJwk],
  ["a P-256 key", async () => (await generateSigningKey("ES256")).privateJwk],
  [
    "a handle to a key that cannot be extracted",
    async () => {
      const { privateKey, publicKey } = await generateKeyPair("ES256");
      return { privateKey, publicJwk: await exportJWK(publicKey) };
    },
  ],
])(
  "a client with %s as proofKey sends bound tokens, each request with a proof of its own",
  async (_, make) => {
    const sent: Headers[] = [];
    const client = createClient({
      // As callers see the node; the test goes to the process behind it.
      url: PUBLIC_URL,
      fetch: (_url, init) => {
        sent.push(new Headers(init?.headers));
        return fetch(demo.url, init);
      },
      credentials: {
        issuer: demoIssuer("lantern"),
        audience: AUDIENCE,
        clientId: "bot",
        scopes: ["beds:read"],
        key: demoKey(demo.dataDir, "lantern").privateJwk as never,
        proofKey: (await make()) as never,
      },
    });
    for (let calls = 0; calls < 3; calls++)
      expect((await client.run(Viewer)).viewer.organisation.handle).toBe("lantern");
    expect(new Set(sent.map((headers) => headers.get("authorization"))).size).toBe(1);
    expect(sent[0]!.get("authorization")).toMatch(/^DPoP /);
    expect(new Set(sent.map((headers) => headers.get("dpop"))).size).toBe(3);
  },
);
