import { hash, type JsonWebKey } from "node:crypto";
import { z } from "zod";
import { decodeBase64url } from "../../kernel/base64url.ts";
import { Unauthenticated, WayhouseError } from "../../kernel/errors.ts";
import { isScope, type Scope } from "../../kernel/scopes.ts";
import type { JwksFetcher } from "./jwks.ts";
import { type PublicJwk, thumbprint } from "../../kernel/jwk.ts";
import { ellipticKey, isSigned, rsaKey, type VerificationKey } from "./keys.ts";

const MOST_CHARACTERS = 8 * 1024;
const MOST_CACHED = 10_000;
const LONGEST_LIFE_S = 15 * 60;
const SKEW_S = 60;

/** What a token says, once its signature is checked. What of it still holds, the database decides. */
export interface VerifiedToken {
  readonly organisationId: string;
  /** Its `client_id`. */
  readonly clientName: string;
  readonly jti: string;
  /** Those that this version knows. */
  readonly scopes: readonly Scope[];
  /** Thumbprint of the registered key that signed; null if the issuer's JWKS URI vouches for it. */
  readonly kid: string | null;
  /** RFC 7638 thumbprint of the key that its holder must prove to have (RFC 9449); null: a bearer token. */
  readonly jkt: string | null;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

export interface Issuer {
  readonly organisationId: string;
  /** Of the key that signs statements of keys and nothing else. */
  readonly identityThumbprint: string;
  readonly jwksUri: string | null;
  /** The signing keys registered inline and not retired. */
  readonly keys: readonly JsonWebKey[];
}

interface TokenVerifierOptions {
  readonly audience: string;
  readonly findIssuer: (issuer: string) => Promise<Issuer | null>;
  readonly jwks: JwksFetcher;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told of each token that is good: whether it was verified before. */
  readonly onVerified?: (wasKept: boolean) => void;
}

interface TokenVerifier {
  /** @throws Unauthenticated for every bad token; Unavailable if its keys cannot be had now */
  verify(token: string): Promise<VerifiedToken>;
}

/**
 * RFC 9068 access tokens of registered issuers. Every check that needs nothing but the token comes
 * before the issuer is looked up; an unknown issuer costs one indexed lookup each time, uncached.
 *
 * Verified tokens are kept until they expire, which spares the signature check alone: the status of
 * organisation, client, registered key and jti is read with each statement. Strict decoding leaves
 * one string per token, so that its digest may name it.
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const verified = new Map<string, VerifiedToken>();
  const seconds = () => options.now() / 1000;

  function recall(digest: string): VerifiedToken | null {
    const token = verified.get(digest);
    if (!token) return null;
    verified.delete(digest);
    if (token.expiresAt <= seconds()) return null;
    verified.set(digest, token);
    return token;
  }

  function remember(digest: string, token: VerifiedToken): void {
    verified.set(digest, token);
    if (verified.size > MOST_CACHED) verified.delete(verified.keys().next().value!);
  }

  return {
    async verify(token) {
      refuseOverlong(token);
      const digest = hash("sha256", token, "base64");
      const recalled = recall(digest);
      if (recalled) {
        options.onVerified?.(true);
        return recalled;
      }

      const parts = threeParts(token);
      const header = readHeader(parts.header);
      const claims = readClaims(parts.payload);
      refuseOtherAudience(claims, options.audience);
      refuseOutsideItsTime(claims, seconds());
      const issuer = (await options.findIssuer(claims.iss)) ?? refuse("the issuer is unknown");
      const registered = registeredKey(issuer, header);
      const key = registered ?? (await publishedKey(issuer, header, options.jwks));
      refuseOtherAlgorithm(key, header);
      refuseBadSignature(key, header, parts);
      refuseOutsideItsTime(claims, seconds());

      const result = tokenOf(claims, issuer, registered && header.kid);
      remember(digest, result);
      options.onVerified?.(false);
      return result;
    },
  };
}

/** The reason stays inside: it is the cause, and no cause leaves the process. */
function refuse(reason: string, cause?: unknown): never {
  throw new Unauthenticated({ cause: new Error(reason, { cause }) });
}

function refuseOverlong(token: string): void {
  if (token.length > MOST_CHARACTERS) refuse("the token is longer than 8 KiB");
}

interface Parts {
  readonly header: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly signed: string;
}

export function threeParts(token: string): Parts {
  const [header, payload, signature, ...rest] = token.split(".").map(decodeBase64url);
  if (!header || !payload || !signature || rest.length > 0)
    refuse("the token is not three parts of canonical base64url");
  return { header, payload, signature, signed: token.slice(0, token.lastIndexOf(".")) };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function readObject(bytes: Uint8Array): Record<string, unknown> {
  let json: string;
  let value: unknown;
  try {
    json = utf8.decode(bytes);
    value = JSON.parse(json);
  } catch (error) {
    refuse("a part of the token is not JSON", error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    refuse("a part of the token is not a JSON object");
  if (hasDuplicateMember(json)) refuse("a member of the token stands twice");
  return value as Record<string, unknown>;
}

/** Of text that is JSON. Parsers differ in which of two equal members they believe. */
function hasDuplicateMember(json: string): boolean {
  const open: Set<string>[] = [];
  for (const [token, name] of json.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (name !== undefined) {
      const member = JSON.parse(name) as string;
      if (open.at(-1)!.has(member)) return true;
      open.at(-1)!.add(member);
    }
  }
  return false;
}

// jku, x5u, jwk, x5c would let the token name its own key; crit and b64 change what is signed.
const HEADER_MEMBERS = new Set(["alg", "typ", "kid"]);
const Header = z.object({
  alg: z.string(),
  typ: z.string().regex(/^(?:application\/)?at\+jwt$/i),
  kid: z.string().min(1).max(256),
});
type Header = z.infer<typeof Header>;

function readHeader(bytes: Uint8Array): Header {
  const value = readObject(bytes);
  if (!Object.keys(value).every((member) => HEADER_MEMBERS.has(member)))
    refuse("the header has a member besides alg, typ and kid");
  const header = Header.safeParse(value);
  return header.success ? header.data : refuse("the header is not valid", header.error);
}

const instant = z.int().nonnegative();
const Claims = z.object({
  iss: z.string().regex(/^[\x21-\x7e]{1,2048}$/),
  aud: z.union([z.string(), z.array(z.string()).max(16)]),
  // Whom a client acts for is its organisation's to know: it is not kept.
  sub: z.string().regex(/^[^\p{Cc}\p{Cs}]{1,255}$/u),
  client_id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,127}$/),
  jti: z.string().regex(/^[\x21-\x7e]{16,128}$/),
  iat: instant,
  exp: instant,
  nbf: instant.optional(),
  scope: z.string().optional(),
  // A binding of another kind is one that nobody here could check.
  cnf: z.strictObject({ jkt: z.string().regex(/^[\w-]{43}$/) }).optional(),
});
type Claims = z.infer<typeof Claims>;

function readClaims(bytes: Uint8Array): Claims {
  const claims = Claims.safeParse(readObject(bytes));
  return claims.success ? claims.data : refuse("the claims are not valid", claims.error);
}

function refuseOtherAudience({ aud }: Claims, audience: string): void {
  if (![aud].flat().includes(audience)) refuse("the token is for another audience");
}

/** Skew is granted to the issuer's clock when it starts a token, never when the token ends. */
function refuseOutsideItsTime({ iat, nbf, exp }: Claims, now: number): void {
  if (exp <= now) refuse("the token has expired");
  if (exp <= iat || exp - iat > LONGEST_LIFE_S) refuse("the token lives longer than 15 minutes");
  if (iat > now + SKEW_S) refuse("the token was issued in the future");
  if (nbf !== undefined && nbf > now + SKEW_S) refuse("the token is not valid yet");
}

/** A key registered inline is named by its RFC 7638 thumbprint. */
function registeredKey({ keys }: Issuer, { kid }: Header): VerificationKey | null {
  // Whose signature it says to have costs nobody anything yet: one key alone is read.
  const named = keys.find((value) => thumbprint(value as PublicJwk) === kid);
  return named ? ellipticKey(named) : null;
}

/** A key behind the issuer's JWKS URI has whatever name its identity provider gave it. */
async function publishedKey(
  { jwksUri, identityThumbprint }: Issuer,
  { kid }: Header,
  jwks: JwksFetcher,
): Promise<VerificationKey> {
  if (jwksUri === null) refuse("the issuer has no such key");
  const published = await jwks(jwksUri, kid).catch((error: unknown) => {
    if (error instanceof WayhouseError) throw error;
    refuse("the issuer's JWKS is refused", error);
  });
  const [jwk, ...others] = published.filter((key) => key["kid"] === kid);
  if (!jwk || others.length > 0) refuse("the issuer's JWKS names no single key so");
  if ((jwk["use"] ?? "sig") !== "sig") refuse("the key is published for another use");
  const operations = jwk["key_ops"] ?? ["verify"];
  if (!Array.isArray(operations) || !operations.includes("verify"))
    refuse("the key is published for another use");
  const key = (jwk["kty"] === "RSA" ? rsaKey(jwk) : ellipticKey(jwk)) ?? refuse("the key is unfit");
  if (thumbprint(jwk as unknown as PublicJwk) === identityThumbprint)
    refuse("the key is the organisation's identity key");
  const { alg } = jwk;
  const algorithms = key.algorithms.filter((one) => alg === undefined || alg === one);
  return { ...key, algorithms };
}

/** The key decides; the header may only agree with it. */
function refuseOtherAlgorithm({ algorithms }: VerificationKey, { alg }: Header): void {
  if (!algorithms.some((permitted) => permitted === alg))
    refuse("the key permits another algorithm");
}

function refuseBadSignature(key: VerificationKey, { alg }: Header, parts: Parts): void {
  if (!isSigned(key, alg, Buffer.from(parts.signed), parts.signature))
    refuse("the signature is not valid");
}

function tokenOf(claims: Claims, issuer: Issuer, kid: string | null): VerifiedToken {
  return Object.freeze({
    organisationId: issuer.organisationId,
    clientName: claims.client_id,
    jti: claims.jti,
    scopes: Object.freeze([...new Set((claims.scope ?? "").split(" ").filter(isScope))].toSorted()),
    kid,
    jkt: claims.cnf?.jkt ?? null,
    expiresAt: claims.exp,
  });
}
