import { PublishKey, RetireKey } from "../client/operations.ts";
import type { Administration } from "./administration-entry.ts";

const INSTEAD =
  "true: sign, though another statement was signed for the same place and the server says that it is not there";
const IDENTITY = "the file of your identity key; default: identity.json in your folder";

/** What is said of one's own keys is signed here, by the identity key, and sent: the key itself never is. */
export const KEY_COMMANDS: Readonly<Record<string, Administration>> = {
  "keys publish": {
    summary: "Publish a key of yours in the log by which partners check it.",
    operation: PublishKey,
    scopes: ["keys:manage"],
    words: ["key.json"],
    options: {
      use: "seal or sign; of a private key the public half alone is sent",
      identity: IDENTITY,
      instead: INSTEAD,
    },
    required: ["use"],
    example: "keys publish seal.json --use seal --organisation harbour",
    next: "`wayhouse keys list`; to replace a key, publish the next one first, then `wayhouse keys retire`.",
    variables: async (...given) => (await import("./key-statements.ts")).publication(...given),
  },
  "keys retire": {
    summary: "Retire a key of yours, for good.",
    operation: RetireKey,
    scopes: ["keys:manage"],
    words: ["kid|key.json"],
    options: { identity: IDENTITY, instead: INSTEAD },
    example: "keys retire seal.json --organisation harbour",
    next: "nothing more is sealed to it, no token that it signed opens anything; keep the private half of a sealing key for what was sealed before.",
    variables: async (...given) => (await import("./key-statements.ts")).retirement(...given),
  },
};
