import { RateLimited } from "../../kernel/errors.ts";
import type { Limits } from "./limits.ts";
import { createRate } from "./rate.ts";

/**
 * Counts one request of a client whose token is good, before anything is done for it. Bad tokens are not
 * counted: by their address whoever shares it with an attacker would be shut out.
 * @returns what counts a search of the same client; both @throws RateLimited
 */
export type Gate = (client: {
  readonly organisationId: string;
  readonly clientName: string;
}) => () => void;

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
    // One client's excess is not its organisation's.
    refuseFor(clients.spend(client));
    refuseFor(organisations.spend(organisationId));
    return () => refuseFor(searches.spend(client));
  };
}

function refuseFor(seconds: number): void {
  if (seconds > 0) throw new RateLimited(seconds);
}
