import { createHmac, generateKeyPairSync } from "node:crypto";
import http from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Scope, SCOPES } from "../../src/kernel/scopes.ts";
import { generateSigningKey, type SigningKey } from "../../src/platform/auth/sign.ts";
import { type Demo, PUBLIC_URL, startDemo } from "../support/demo.ts";
import { mutate } from "../support/mutate.ts";
import {
  claimsOf,
  encode,
  headerOf,
  nowSeconds,
  present,
  proofOf,
  sha256,
  signProof,
} from "../support/proofs.ts";
import { statementsOf, unconfirmed } from "../support/statements.ts";
import { openStream } from "../support/streams.ts";

let demo: Demo;
const holder = await generateSigningKey("EdDSA");
const holderP256 = await generateSigningKey("ES256");
const thief = await generateSigningKey("EdDSA");
let token: string;
const boundTo = (key: SigningKey, scopes: readonly Scope[] = SCOPES, clientId = "bot") =>
  demo.tokenOf({ organisation: "lantern", clientId, scopes, jkt: key.kid });
beforeAll(async () => {
  demo = await startDemo();
});
beforeEach(async () => {
  token = await boundTo(holder);
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const setClientDpop = async (clientId: string, requireDpop: boolean) => {
  const answer = await ask("lantern", "{ viewer { organisation { clients { id clientId } } } }");
  const clients = answer.data.viewer.organisation.clients as { id: string; clientId: string }[];
  const { id } = clients.find((one) => one.clientId === clientId)!;
  return mutate(ask, "lantern", "setClientDpop", { id, requireDpop }, "{ requireDpop }");
};

const ALGS = 'algs="EdDSA ES256"';

describe("a bound token opens", () => {
  it.each([
    ["Ed25519", holder],
    ["P-256", holderP256],
  ])("with a proof by its key, %s", async (_, key) => {
    const bound = await boundTo(key);
    const { status, text } = await present(demo.url, `DPoP ${bound}`, proofOf(key, bound));
    expect({ status, text }).toEqual({
      status: 200,
      text: '{"data":{"viewer":{"organisation":{"handle":"lantern"}}}}',
    });
  });

  it("with another proof for each call", async () => {
    const calls = Array.from({ length: 5 }, () =>
      present(demo.url, `DPoP ${token}`, proofOf(holder, token)),
    );
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(5).fill(200));
  });

  it("by a clock that is 50 seconds off, either way", async () => {
    for (const off of [-50, 50]) {
      const claims = { ...claimsOf(token), iat: nowSeconds() + off };
      const proof = signProof(holder, headerOf(holder), claims);
      expect((await present(demo.url, `DPoP ${token}`, proof)).status).toBe(200);
    }
  });

  it("in as many round trips as a bearer token", async () => {
    const bearer = await demo.token("lantern", SCOPES);
    const borne = unconfirmed(await statementsOf(() => present(demo.url, `Bearer ${bearer}`)));
    const proof = proofOf(holder, token);
    const proven = () => present(demo.url, `DPoP ${token}`, proof);
    const bound = unconfirmed(await statementsOf(proven));
    expect(borne.map((batch) => batch.length)).toEqual([1, 2]);
    expect(bound.map((batch) => batch.length)).toEqual([2, 2]);
    expect(bound[0]![1]).toContain("use_proof");
  });
});

describe("a wrong proof is refused:", () => {
  const made = (header: object, claims: object = {}, key = holder) =>
    signProof(key, { ...headerOf(holder), ...header }, { ...claimsOf(token), ...claims });
  const lacking = (part: "header" | "claims", member: string) => {
    const header = headerOf(holder);
    const claims = claimsOf(token);
    delete (part === "header" ? header : claims)[member];
    return signProof(holder, header, claims);
  };
  const parts = () => proofOf(holder, token).split(".") as [string, string, string];
  const hmac = () => {
    const signed = `${encode({ ...headerOf(holder), alg: "HS256" })}.${encode(claimsOf(token))}`;
    const secret = JSON.stringify(holder.publicJwk);
    return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
  };
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({
    format: "jwk",
  });
  const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey.export({
    format: "jwk",
  });
  const { d } = holder.privateJwk;

  it.each<[string, () => string | undefined]>([
    ["none at all", () => undefined],
    ["an empty one", () => ""],
    ["two in one header", () => `${proofOf(holder, token)}, ${proofOf(holder, token)}`],
    ["two parts", () => parts().slice(0, 2).join(".")],
    ["four parts", () => [...parts(), "AA"].join(".")],
    ["no signature", () => `${parts()[0]}.${parts()[1]}.`],
    ["padded base64url", () => `${proofOf(holder, token)}==`],
    ["longer than 4 KiB", () => made({}, { note: "x".repeat(4_096) })],
    ["a header that is not JSON", () => signProof(holder, "{", claimsOf(token))],
    ["a header that is a list", () => signProof(holder, [headerOf(holder)], claimsOf(token))],
    ["claims that are not JSON", () => signProof(holder, headerOf(holder), "{")],
    [
      "a claim that stands twice",
      () =>
        signProof(
          holder,
          headerOf(holder),
          `{"htm":"GET",${JSON.stringify(claimsOf(token)).slice(1)}`,
        ),
    ],
    ["without typ", () => lacking("header", "typ")],
    ["typ JWT", () => made({ typ: "JWT" })],
    ["typ at+jwt", () => made({ typ: "at+jwt" })],
    ["the access token as its own proof", () => token],
    ["without alg", () => lacking("header", "alg")],
    [
      "alg none",
      () => `${encode({ ...headerOf(holder), alg: "none" })}.${encode(claimsOf(token))}.`,
    ],
    ["alg HS256 with the public key as secret", hmac],
    ["alg RS256", () => made({ alg: "RS256" })],
    ["alg Ed25519, which was not offered", () => made({ alg: "Ed25519" })],
    ["alg ES256 over an Ed25519 key", () => made({ alg: "ES256" })],
    ["alg EdDSA over a P-256 key", () => made({ alg: "EdDSA", jwk: holderP256.publicJwk })],
    ["without jwk", () => lacking("header", "jwk")],
    ["jwk null", () => made({ jwk: null })],
    ["jwk with its private part", () => made({ jwk: { ...holder.publicJwk, d } })],
    ["an RSA jwk", () => made({ jwk: rsa })],
    ["a P-384 jwk", () => made({ jwk: p384 })],
    ["a symmetric jwk", () => made({ jwk: { kty: "oct", k: "AAAA" } })],
    [
      "kid instead of jwk",
      () => signProof(holder, { typ: "dpop+jwt", alg: "EdDSA", kid: holder.kid }, claimsOf(token)),
    ],
    ["kid beside jwk", () => made({ kid: holder.kid })],
    ["jku", () => made({ jku: "https://evil.example" })],
    ["x5c", () => made({ x5c: [] })],
    ["crit", () => made({ crit: ["exp"] })],
    ["by another key, its own jwk", () => proofOf(thief, token)],
    ["by another key under the holder's jwk", () => made({}, {}, thief)],
    ["another proof's signature", () => `${parts().slice(0, 2).join(".")}.${parts()[2]}`],
    ["a signature cut short", () => proofOf(holder, token).slice(0, -2)],
    ["without jti", () => lacking("claims", "jti")],
    ["a short jti", () => made({}, { jti: "1" })],
    ["an overlong jti", () => made({}, { jti: "x".repeat(129) })],
    ["a jti that is a number", () => made({}, { jti: 1234567890123456 })],
    ["a jti with a line break", () => made({}, { jti: "0123456789abcdef\n" })],
    ["without htm", () => lacking("claims", "htm")],
    ["htm GET", () => made({}, { htm: "GET" })],
    ["htm in lower case", () => made({}, { htm: "post" })],
    ["without htu", () => lacking("claims", "htu")],
    ["htu of another host", () => made({}, { htu: "https://evil.example/graphql" })],
    ["htu of another path", () => made({}, { htu: PUBLIC_URL.replace("graphql", "health") })],
    ["htu over http", () => made({}, { htu: PUBLIC_URL.replace("https", "http") })],
    ["htu with a query", () => made({}, { htu: `${PUBLIC_URL}?a` })],
    ["htu of the process behind the public URL", () => made({}, { htu: demo.url })],
    ["htu as a list", () => made({}, { htu: [PUBLIC_URL] })],
    ["without iat", () => lacking("claims", "iat")],
    ["iat two minutes ago", () => made({}, { iat: nowSeconds() - 120 })],
    ["iat in two minutes", () => made({}, { iat: nowSeconds() + 120 })],
    ["iat in milliseconds", () => made({}, { iat: Date.now() })],
    ["iat as a string", () => made({}, { iat: String(nowSeconds()) })],
    ["a fraction as iat", () => made({}, { iat: nowSeconds() + 0.5 })],
    ["without ath", () => lacking("claims", "ath")],
    ["ath of another token", () => made({}, { ath: sha256(`${token}x`) })],
    [
      "ath in hex",
      () => made({}, { ath: Buffer.from(sha256(token), "base64url").toString("hex") }),
    ],
    ["the token itself as ath", () => made({}, { ath: token })],
  ])("%s", async (_, wrong) => {
    const outcome = await present(demo.url, `DPoP ${token}`, wrong());
    expect(outcome).toMatchObject({
      status: 401,
      code: "UNAUTHENTICATED",
      challenge: `Bearer, DPoP error="invalid_dpop_proof", ${ALGS}`,
    });
    const stranger = await present(demo.url, "");
    expect(outcome.text).toBe(stranger.text);
  });

  it("in two headers of which each is good", async () => {
    const headers = [
      ["host", "node.example"],
      ["authorization", `DPoP ${token}`],
      ["content-type", "application/json"],
      ["dpop", proofOf(holder, token)],
      ["dpop", proofOf(holder, token)],
    ].flat();
    const status = await new Promise((resolve, reject) => {
      const request = http.request(demo.url, { method: "POST", headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.once("error", reject).end('{"query":"{ __typename }"}');
    });
    expect(status).toBe(401);
  });

  it("one that was accepted before, also with another body", async () => {
    const proof = proofOf(holder, token);
    expect((await present(demo.url, `DPoP ${token}`, proof)).status).toBe(200);
    const again = await present(demo.url, `DPoP ${token}`, proof, "{ __typename }");
    expect(again).toMatchObject({
      status: 401,
      challenge: `Bearer, DPoP error="invalid_dpop_proof", ${ALGS}`,
    });
  });

  it("another one under the jti of one that was accepted", async () => {
    const claims = claimsOf(token);
    const first = signProof(holder, headerOf(holder), claims);
    expect((await present(demo.url, `DPoP ${token}`, first)).status).toBe(200);
    const second = signProof(holder, headerOf(holder), { ...claims, iat: nowSeconds() + 10 });
    expect((await present(demo.url, `DPoP ${token}`, second)).status).toBe(401);
  });
});

describe("nothing is to be had by going down to Bearer:", () => {
  it("a bound token sent as one is refused, proof or no proof", async () => {
    for (const proof of [undefined, proofOf(holder, token)]) {
      expect(await present(demo.url, `Bearer ${token}`, proof)).toMatchObject({
        status: 401,
        challenge: `Bearer error="invalid_token", DPoP ${ALGS}`,
      });
    }
  });

  it("a token that is not bound is refused under DPoP, with a proof by any key", async () => {
    const unbound = await demo.token("lantern", SCOPES);
    expect(await present(demo.url, `DPoP ${unbound}`, proofOf(thief, unbound))).toMatchObject({
      status: 401,
      challenge: `Bearer, DPoP error="invalid_token", ${ALGS}`,
    });
  });

  it("a client that must prove (setClientDpop) is let in with a bound token alone, at once", async () => {
    const unbound = await demo.tokenOf({ organisation: "lantern", clientId: "dashboard" });
    const bound = await boundTo(holder, SCOPES, "dashboard");
    expect((await present(demo.url, `Bearer ${unbound}`)).status).toBe(200);
    expect((await setClientDpop("dashboard", true)).data.setClientDpop.requireDpop).toBe(true);
    const refused = await present(demo.url, `Bearer ${unbound}`);
    expect(refused).toMatchObject({
      status: 401,
      challenge: `Bearer error="invalid_token", DPoP ${ALGS}`,
    });
    expect(refused.text).toBe((await present(demo.url, "")).text);
    expect((await present(demo.url, `DPoP ${bound}`, proofOf(holder, bound))).status).toBe(200);
    // The organisation's other clients go on as before.
    expect((await present(demo.url, `Bearer ${await demo.token("lantern", SCOPES)}`)).status).toBe(
      200,
    );
    await setClientDpop("dashboard", false);
    expect((await present(demo.url, `Bearer ${unbound}`)).status).toBe(200);
  });

  it("its streams that are not bound end, once they must be", async () => {
    const unbound = await demo.tokenOf({ organisation: "lantern", clientId: "dashboard" });
    const stream = await openStream(demo.url, unbound);
    await setClientDpop("dashboard", true);
    await stream.ended;
    const errors = stream.messages.flatMap(
      ({ data }) => (data?.errors ?? []) as { extensions: { code: string } }[],
    );
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["UNAUTHENTICATED"]);
    await setClientDpop("dashboard", false);
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
