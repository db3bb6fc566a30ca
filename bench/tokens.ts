import { createTokenVerifier } from "../src/platform/auth/token.ts";
import { generateSigningKey, signAccessToken } from "../src/platform/auth/sign.ts";
import { AUDIENCE } from "./network.ts";

/** Microseconds to verify a token seen for the first time, without its look-up, and one seen before. */
export async function costOfTokens(): Promise<{ first: number; again: number }> {
  const { privateJwk, publicJwk } = await generateSigningKey();
  const issuer = "https://partner.example";
  const verifier = createTokenVerifier({
    audience: AUDIENCE,
    now: () => Date.now(),
    jwks: () => Promise.reject(new Error("no JWKS here")),
    findIssuer: () =>
      Promise.resolve({
        organisationId: issuer,
        identityThumbprint: "",
        jwksUri: null,
        keys: [publicJwk],
      }),
  });
  const tokens: string[] = [];
  for (let n = 0; n < 1_000; n++) {
    const claims = { privateJwk, issuer, audience: AUDIENCE, clientId: "bot", ttlSeconds: 900 };
    tokens.push(await signAccessToken({ ...claims, scopes: ["beds:read"] }));
  }
  const cost = async () => {
    const begun = performance.now();
    for (const token of tokens) await verifier.verify(token);
    return ((performance.now() - begun) * 1000) / tokens.length;
  };
  const first = await cost();
  await cost();
  return { first, again: await cost() };
}

/** Of the tokens that a process found good, the share that it had checked before; `metrics` is where it tells. */
export async function shareKept(metrics: URL): Promise<number> {
  const text = await (await fetch(metrics)).text();
  const count = (found: string) =>
    Number(
      new RegExp(`^wayhouse_tokens_total\\{found="${found}"\\} (\\d+)$`, "m").exec(text)?.[1] ?? 0,
    );
  return count("kept") / (count("kept") + count("checked"));
}
