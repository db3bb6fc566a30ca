import {
  type Client,
  Circles,
  Clients,
  KeyLog,
  Organisation,
  type ViewerQuery,
} from "../client/index.ts";
import { spelled } from "../kernel/names.ts";
import type { KeyLogEntry } from "../sealing/index.ts";
import { printable } from "../kernel/printable.ts";
import { Stop } from "./command.ts";

/** Ids of what is named as people name it. @throws Stop where there is no such thing to be seen */
export interface Named {
  readonly own: string;
  readonly ownIdentity: string;
  /** By handle, by thumbprint, which introduces it, or by id. */
  organisation(name: string): Promise<string>;
  organisations(names: readonly string[]): Promise<string[]>;
  /** Of the caller's own, by its client id. */
  client(name: string): Promise<string>;
  circle(name: string): Promise<string>;
  /** Entry by entry, as the server tells it. */
  keyLog(organisationId: string): AsyncIterable<KeyLogEntry>;
}

export function namesOf(api: Client, me: ViewerQuery["viewer"]): Named {
  const organisation = async (name: string) => {
    const isHandle = /^[a-z][a-z0-9-]{1,38}[a-z0-9]$/.test(name);
    const by = isHandle
      ? { handle: name }
      : /^[\w-]{43}$/.test(name)
        ? { thumbprint: name }
        : { id: name };
    const found = await api.run(Organisation, by);
    return (
      found.organisation?.id ??
      missing("organisation", name, "Somebody new to you is named by its thumbprint.")
    );
  };
  return {
    own: me.organisation.id,
    ownIdentity: me.organisation.identityThumbprint,
    organisation,
    organisations: (names) => Promise.all(names.map(organisation)),
    async client(name) {
      const found = await api.run(Clients, { organisationId: me.organisation.id });
      const clients = found.organisation?.clients ?? [];
      const one = clients.find(({ id, clientId }) => clientId === name || id === name);
      return one?.id ?? missing("client", name, "`wayhouse clients list` tells yours.");
    },
    async circle(name) {
      const { circles } = await api.run(Circles);
      const matching = circles.filter(
        (circle) => circle.id === name || circle.name === spelled(name),
      );
      if (matching.length > 1)
        throw new Stop(`Several circles are named ${printable(name)}: give the id.`);
      return matching[0]?.id ?? missing("circle", name, "`wayhouse circles list` tells yours.");
    },
    keyLog: (organisationId) =>
      api.all(KeyLog, { organisationId, first: 100 }, ({ keyLog }) => keyLog),
  };
}

function missing(what: string, name: string, advice: string): never {
  throw new Stop(`You see no ${what} ${printable(name)}. ${advice}`);
}
