import type { JWK } from "jose";
import {
  type ClientOptions,
  createClient,
  createPartners,
  type PinStore,
} from "../../src/client/index.ts";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { demoIssuer, demoKey } from "../../src/platform/auth/demo-keys.ts";
import { type KeyPin, pinOf } from "../../src/sealing/index.ts";
import { AUDIENCE, type Demo } from "./demo.ts";
import { publish, sealingKey, state } from "./keys.ts";

/** A client of one of the demo's organisations. */
export async function clientOf(
  { url, dataDir }: Pick<Demo, "url" | "dataDir">,
  handle: string,
  options: Pick<ClientOptions, "fetch" | "patienceMs"> = {},
) {
  const { privateJwk } = demoKey(dataDir, handle);
  return createClient({
    url,
    credentials: {
      issuer: demoIssuer(handle),
      audience: AUDIENCE,
      clientId: "bot",
      scopes: SCOPES,
      key: privateJwk as JWK,
    },
    ...options,
  });
}

/** Keeps pins in memory; these thumbprints were compared. */
export function pinsOf(
  ...thumbprints: readonly string[]
): PinStore & { readonly kept: Map<string, KeyPin> } {
  const kept = new Map(thumbprints.map((thumbprint) => [thumbprint, pinOf(thumbprint)]));
  return {
    kept,
    load: async (thumbprint) => kept.get(thumbprint) ?? null,
    save: async (pin) => void kept.set(pin.identityThumbprint, pin),
  };
}

/** With keys published, and the other's thumbprint compared. */
export async function openDesk(demo: Demo, handle: string, compared: readonly string[]) {
  const { kid } = demoKey(demo.dataDir, handle, "identity");
  const signingKey = demoKey(demo.dataDir, handle).privateJwk as JWK;
  const sealing = await sealingKey(demo, handle);
  await publish(
    demo,
    handle,
    signingKey,
    await state(demo, handle, "PUBLISHED", signingKey, "SIGN"),
    "SIGN",
  );
  const client = await clientOf(demo, handle);
  const pins = pinsOf(...compared.map((one) => demoKey(demo.dataDir, one, "identity").kid));
  const own = { identityThumbprint: kid, signingKey, sealingKeys: [sealing] };
  return { client, pins, own, thumbprint: kid, partners: createPartners(client, own, pins) };
}
