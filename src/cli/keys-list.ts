import { Organisation } from "../client/index.ts";
import { checkKeyLog, pinOf, SealingError } from "../sealing/index.ts";
import { CALLER_FLAGS, CALLER_OPTIONAL, callerOf } from "./caller.ts";
import { printable } from "../kernel/printable.ts";
import { answer, Stop } from "./command.ts";
import { namesOf } from "./named.ts";
import { optionsOf } from "./options.ts";
import { keepPin, readPin } from "./pin-file.ts";
import { tableOf } from "./table.ts";

export const usage = `usage: wayhouse keys list [organisation] --organisation <name> [options]

Reads the whole key log of an organisation, yours unless you name one, checks each entry's signature and
place on this machine, and lists the keys that are active by it. Name it by the thumbprint that it read out
to you: then the log must be by that identity key, whatever the server says. The keys that an organisation
was registered with sign its tokens and stand in no log, unless it published them. That the server shows all of the
log, its owner alone can tell: in doubt compare entries and the last hash by voice. With --keep, that it still has
what it had the last time: one that was cut short (LOG_ROLLED_BACK) or written anew (LOG_FORKED) is named.

  --organisation <name>  who you are: a folder that \`org new\` made, or one of the demo
  --keep <file>          keeps there how far the log was seen, if it holds: also by what is there from before
  --client <client>      as which of your clients; default admin
  --token <file>         a file with an access token, where an identity provider signs yours
  --url <url>            of the API; default: the server that HOST and PORT configure
  --prove                for a client that must (DPoP); --url is then the public one
  --json                 {"identityThumbprint": …, "isCompared": …, "entries", "lastHash", "keys": [{"kid", "use", "jwk"}]}

Example:  wayhouse keys list harbour --organisation lantern --keep harbour.pin
Next:     \`wayhouse seal\` seals to one of them.`;

export const exits = {
  0: "the log holds",
  1: "it does not: seal nothing to its keys, and ask its owner by telephone",
  2: "nothing could be done",
};

export async function run(args: readonly string[]): Promise<0 | 1> {
  const { values, flags, words } = optionsOf(args, usage, {
    required: ["organisation"],
    optional: [...CALLER_OPTIONAL, "keep"],
    flags: CALLER_FLAGS,
    words: ["[organisation]"],
  });
  const { keep } = values;
  const kept = keep === undefined ? null : readPin(keep);
  const { api, me } = await callerOf({ ...values, ...flags }, []);
  const named = namesOf(api, me);
  const [name] = words;
  const id = name === undefined ? named.own : await named.organisation(name);
  const { organisation } = await api.run(Organisation, { id });
  if (!organisation) throw new Stop("It is not there, or not yours to see.");
  const told = organisation.identityThumbprint;
  const isCompared = name !== undefined && /^[\w-]{43}$/.test(name);
  try {
    const compared = isCompared ? name : told;
    if (kept && kept.identityThumbprint !== compared)
      throw new SealingError("THUMBPRINT_MISMATCH", `What ${keep} keeps is of another identity.`);
    const pin = kept ?? pinOf(compared);
    const checked = await checkKeyLog(organisation.identityKey, named.keyLog(id), pin);
    const { active } = checked;
    const { identityThumbprint, lastSequence: entries, lastHash } = checked.pin;
    if (keep !== undefined) keepPin(keep, checked.pin);
    answer(flags.json, { identityThumbprint, isCompared, entries, lastHash, keys: active }, [
      `The log that the server shows has ${entries} entries, the last ${lastHash.slice(0, 16)}.`,
      ...(active.length > 0
        ? tableOf([["kid", "use"], ...active.map(({ kid, use }) => [kid, use])])
        : ["none"]),
      ...(isCompared || name === undefined
        ? []
        : [
            `By the identity ${told}, as the server says: compare it out of band, and name it by that.`,
          ]),
    ]);
    return 0;
  } catch (error) {
    if (!(error instanceof SealingError)) throw error;
    const { reason, message } = error;
    answer(flags.json, { fault: reason, message }, [`${reason}: ${printable(message)}`]);
    return 1;
  }
}
