/** What one caller may use. The numbers are an operator's to set; `config.ts` names the variables. */
export interface Limits {
  /** Of one client at one process; ten seconds of it may come at once. */
  readonly clientPerSecond: number;
  /** Of all clients of one organisation at one process; ten seconds of it may come at once. */
  readonly organisationPerSecond: number;
  /** Searches for beds by one client at one process, a minute of it at once: many together count beds. */
  readonly searchesPerMinute: number;
  /** Of all clients of one organisation, kept in the database: an hour of it may come at once. */
  readonly perHour: Readonly<Record<Budget, number>>;
  /** After so long a request begins no further statement. */
  readonly requestSeconds: number;
  /** Open sockets of one process, streams included. */
  readonly connections: number;
}

/**
 * Counted in the transaction that does it, by every process: what reaches others or stays for good. Never of a client
 * alone: whoever has taken an organisation has up to a hundred. Taking back is never counted.
 */
export type Budget =
  | "holds"
  | "offers"
  | "introductions"
  | "grants"
  | "advisories"
  | "clients"
  | "keys"
  /** Of what is shared: beds set, shelters renamed, contacts assured and sealed. And clients that are let do more. */
  | "upkeep"
  /** Files and instructions: each is told to its recipient, and entered in both chains. */
  | "sealings";

export const DEFAULT_LIMITS: Limits = {
  clientPerSecond: 200,
  organisationPerSecond: 500,
  searchesPerMinute: 3_000,
  perHour: {
    holds: 600,
    offers: 600,
    introductions: 120,
    grants: 120,
    advisories: 60,
    clients: 60,
    keys: 20,
    upkeep: 12_000,
    sealings: 1_200,
  },
  requestSeconds: 20,
  connections: 5_000,
};
