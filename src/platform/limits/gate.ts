import { RateLimited } from "../../kernel/errors.ts";
import type { Limits } from "./limits.ts";
import { createRate } from "./rate.ts";

/** Of the client of one request; both @throws RateLimited */
export interface Counted {
  /** That what it asks for comes to so many requests more. */
  readonly more: (requests: number) => void;
  readonly searches: (count: number) => void;
}

/**
 * Counts one request of a client whose token is good, before anything is done for it. Bad tokens are not
 * counted: by their address whoever shares it with an attacker would be shut out. @throws RateLimited
 */
type Gate = (client: { readonly organisationId: string; readonly clientName: string }) => Counted;

export function createGate(limits: Limits): Gate {
  const { clientPerSecond, organisationPerSecond, searchesPerMinute } = limits;
  const clients = createRate({ perSecond: clientPerSecond, burst: 10 * clientPerSecond });
  const organisations = createRate({
    perSecond: organisationPerSecond,
    burst: 10 * organisationPerSecond,
  });
  const searches = createRate({ perSecond: searchesPerMinute / 60, burst: searchesPerMinute });
  return ({ organisationId, clientName }) => {
    const client = `${organisationId} ${clientName}`;
    const spend = (requests: number) => {
      if (requests === 0) return;
      // One client's excess is not its organisation's.
      refuseFor(clients.spend(client, requests));
      refuseFor(organisations.spend(organisationId, requests));
    };
    spend(1);
    return { more: spend, searches: (count) => refuseFor(searches.spend(client, count)) };
  };
}

function refuseFor(seconds: number): void {
  if (seconds > 0) throw new RateLimited(seconds);
}
