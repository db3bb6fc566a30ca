import * as operations from "../client/operations.ts";
import { type Administration, SCOPES_OPTION, scopesOf, truthOf } from "./administration-entry.ts";

export const CLIENT_COMMANDS: Readonly<Record<string, Administration>> = {
  "clients list": {
    summary: "List your clients.",
    operation: operations.Clients,
    scopes: ["clients:manage"],
    example: "clients list --organisation lantern",
    variables: (_, named) => ({ organisationId: named.own }),
  },
  "clients register": {
    summary: "Register a dashboard, a bot or another admin of yours.",
    operation: operations.RegisterClient,
    scopes: ["clients:manage"],
    words: ["client"],
    options: {
      kind: "DASHBOARD, BOT or ADMIN",
      scopes: SCOPES_OPTION,
      "require-dpop": "true: its tokens open nothing without a proof (DPoP); default: false",
    },
    required: ["kind", "scopes"],
    example:
      "clients register night-bot --kind BOT --scopes beds:read,beds:hold --organisation lantern",
    next: "it signs with your signing key and names itself: --client <client>.",
    variables: ({ words, options }) => ({
      input: {
        clientId: words[0],
        kind: options["kind"],
        scopes: scopesOf(options["scopes"]),
        requireDpop: truthOf("--require-dpop", options["require-dpop"]),
      },
    }),
  },
  "clients scopes": {
    summary: "Set what a client of yours may do.",
    operation: operations.SetClientScopes,
    scopes: ["clients:manage"],
    words: ["client"],
    options: { scopes: `all that it may do, ${SCOPES_OPTION}` },
    required: ["scopes"],
    example: "clients scopes dashboard --scopes beds:read --organisation lantern",
    variables: async ({ words, options }, named) => ({
      input: { id: await named.client(words[0]!), scopes: scopesOf(options["scopes"]) },
    }),
  },
  "clients dpop": {
    summary:
      "Have a client of yours prove with each request that it holds its token's key, or no longer.",
    operation: operations.SetClientDpop,
    scopes: ["clients:manage"],
    words: ["client", "true|false"],
    example: "clients dpop dashboard true --organisation harbour",
    next: "tokens of it that are bound to no key open nothing from now on: docs/dpop.md.",
    variables: async ({ words }, named) => ({
      input: {
        id: await named.client(words[0]!),
        requireDpop: truthOf("what follows the client", words[1]),
      },
    }),
  },
  "clients revoke": {
    summary: "End a client of yours, for good.",
    operation: operations.RevokeClient,
    scopes: ["clients:manage"],
    words: ["client"],
    example: "clients revoke night-bot --organisation lantern",
    variables: async ({ words }, named) => ({ input: { id: await named.client(words[0]!) } }),
  },
  "tokens revoke": {
    summary: "End one token of yours, by its jti.",
    operation: operations.RevokeToken,
    scopes: ["clients:manage"],
    words: ["jti"],
    example: "tokens revoke 5a2c4a0e-6f0b-4f0e-9d0f-0f6a5be2a7c1 --organisation lantern",
    variables: ({ words }) => ({ input: { jti: words[0] } }),
  },
};
