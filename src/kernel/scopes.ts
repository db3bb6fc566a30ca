/**
 * The only unit of permission, as OAuth scope strings (RFC 6749 §3.3).
 * In the graph a scope is an enum value: `beds:read` is BEDS_READ.
 */
export const SCOPES = [
  "organisations:read",
  "beds:read",
  "beds:hold",
  "beds:manage",
  "consulates:read",
  "consulates:reveal",
  "consulates:manage",
  "handoffs:read",
  "handoffs:offer",
  "handoffs:receive",
  "advisories:read",
  "advisories:publish",
  "sharing:manage",
  "clients:manage",
  "keys:manage",
  "audit:read",
  "network:admin",
] as const;
export type Scope = (typeof SCOPES)[number];

const known = new Set<string>(SCOPES);

export function isScope(value: string): value is Scope {
  return known.has(value);
}
