import type { Issue } from "../../kernel/errors.ts";
import type { Scope } from "../../kernel/scopes.ts";

/** Of a circle, and of an organisation's active keys of one use: each token of an issuer is held against all of its own. */
const MOST_MEMBERS = 200;
/** Of the network: a network admin is told all of them at once. */
export const MOST_CIRCLES = 200;
const MOST_KEYS = 10;
/** Of one organisation, not revoked: each has budgets of its own, and its list tells them all. */
export const MOST_CLIENTS = 100;

/** What is wrong with scopes that are to be given: nobody can give what `ceiling` lacks. */
export function faultsOfScopes(scopes: readonly Scope[], ceiling: ReadonlySet<string>): Issue[] {
  if (scopes.length === 0) return [{ path: ["scopes"], message: "must name a scope" }];
  return scopes.flatMap((scope, index) => {
    const path = ["scopes", index];
    if (scopes.indexOf(scope) !== index) return [{ path, message: "is named twice" }];
    return ceiling.has(scope)
      ? []
      : [{ path, message: "is not among the scopes of the organisation that gives it" }];
  });
}

/** Of an organisation that begins with one client: without that right there would never be another. */
export function faultsOfFirstScopes(scopes: readonly Scope[]): Issue[] {
  const message = "must have CLIENTS_MANAGE: nobody else could ever register its clients";
  return scopes.includes("clients:manage") ? [] : [{ path: ["scopes"], message }];
}

export function faultsOfRegistration(input: {
  readonly handle: string;
  readonly issuer: string;
  readonly jwksUri: string | null;
  readonly signingKeys: readonly unknown[];
}): Issue[] {
  const faults: Issue[] = [];
  if (!/^[a-z][a-z0-9-]{1,38}[a-z0-9]$/.test(input.handle)) {
    const message = "must be 3 to 40 of a-z, 0-9 and -, from a letter on, without - at its end";
    faults.push({ path: ["handle"], message });
  }
  if (!isHttps(input.issuer) || /[?#]/.test(input.issuer)) {
    const message = "must be an https URL without query and fragment (RFC 8414)";
    faults.push({ path: ["issuer"], message });
  }
  if (input.jwksUri !== null && (!isHttps(input.jwksUri) || hasCredentials(input.jwksUri))) {
    faults.push({ path: ["jwksUri"], message: "must be an https URL without credentials" });
  }
  if (input.jwksUri === null && input.signingKeys.length === 0) {
    const message = "must hold a key, or jwksUri must say where they are";
    faults.push({ path: ["signingKeys"], message });
  }
  if (input.signingKeys.length > MOST_KEYS) {
    faults.push({ path: ["signingKeys"], message: `must be at most ${MOST_KEYS}` });
  }
  return faults;
}

/** Signing keys are with admins and bots: whoever has one must not be able to say which keys are the organisation's. */
export function faultsOfUse(
  identity: string,
  kids: readonly string[],
  path: Issue["path"],
): Issue[] {
  const message =
    "KEY_REUSED: is the identity key, which signs statements of keys and nothing else: make another one";
  return kids.includes(identity) ? [{ path, message }] : [];
}

export function faultsOfKey(activeOfItsUse: number): Issue[] {
  const message = `must be one of ${MOST_KEYS} active ones at most: retire another one first`;
  return activeOfItsUse < MOST_KEYS ? [] : [{ path: ["jwk"], message }];
}

function isHttps(text: string): boolean {
  return /^https:\/\/[\x21-\x7e]{1,1000}$/.test(text) && URL.canParse(text);
}

/** Such a URI is never fetched: nobody would be let in by it. */
function hasCredentials(text: string): boolean {
  const { username, password } = new URL(text);
  return username !== "" || password !== "";
}

export function faultsOfClientId(clientId: string): Issue[] {
  const message = "must be 1 to 128 of a-z, 0-9, ., _ and -, from a letter or digit on";
  return /^[a-z0-9][a-z0-9._-]{0,127}$/.test(clientId) ? [] : [{ path: ["clientId"], message }];
}

export function faultsOfMembers(memberIds: readonly string[]): Issue[] {
  const message = `must be at most ${MOST_MEMBERS}`;
  return memberIds.length > MOST_MEMBERS ? [{ path: ["memberIds"], message }] : [];
}

/** Whether somebody is left who can manage an organisation's clients. */
export function hasAdmin(
  clients: readonly {
    readonly kind: string;
    readonly scopes: readonly string[];
    readonly revoked_at: Date | null;
  }[],
): boolean {
  return clients.some(
    ({ kind, scopes, revoked_at }) =>
      kind === "ADMIN" && revoked_at === null && scopes.includes("clients:manage"),
  );
}

/** What an organisation's first client may do: enough to set up all the others. */
export const ADMINISTRATION: ReadonlySet<Scope> = new Set([
  "organisations:read",
  "sharing:manage",
  "clients:manage",
  "keys:manage",
  "audit:read",
  "network:admin",
]);

/** As a token's claims are read. */
export function faultsOfJti(jti: string): Issue[] {
  if (/^[\x21-\x7e]{16,128}$/.test(jti)) return [];
  return [{ path: ["jti"], message: "must be 16 to 128 visible ASCII characters" }];
}
