import { digestOf, seal, SealingError } from "../sealing/index.ts";
import { answer, Stop } from "./command.ts";
import { readInput, readKey, readOwnKey } from "./key-files.ts";
import { optionsOf } from "./options.ts";

export const usage = `usage: wayhouse seal --to <file> --key <file> --sender <thumbprint>
         --audience <thumbprint> --subject <id> [--days <n>] [<file>|-]

Seals a text or a file to one organisation; the envelope goes to standard output. Check the recipient's key by its
key log first, with \`wayhouse keys list <thumbprint>\`: what is sealed to a swapped key is read by whoever
swapped it.

  --to <file>              the recipient's active sealing key, public, as JWK
  --key <file>             your active signing key, private, as JWK
  --sender <thumbprint>    your identity thumbprint
  --audience <thumbprint>  the recipient's identity thumbprint
  --subject <id>           id of the handoff, hold or contact that it belongs to
  --days <n>               how long it can be opened; default 7, at most 365
  --json                   {"envelope": …, "digest": …}; the digest names the envelope, for the call that seals
                           another in its place

Example:  wayhouse seal --to seal.public.json --key sender.json --sender "$SENDER" --audience "$RECIPIENT" --subject "$ID" letter > envelope
Next:     send the envelope with sealHandoff, sendInstructions or sealConsulateContact, and say what it replaces.`;

export const exits = { 0: "sealed", 2: "unusable options, keys or text" };

export async function run(args: readonly string[]): Promise<0> {
  const { values, flags, words } = optionsOf(args, usage, {
    required: ["to", "key", "sender", "audience", "subject"],
    optional: ["days"],
    words: ["[<file>|-]"],
  });
  const days = Number(values.days ?? 7);
  if (!Number.isInteger(days) || days < 1 || days > 365) {
    throw new Stop("--days must be from 1 to 365.");
  }
  const issuedAt = new Date();
  try {
    const envelope = await seal({
      content: await readInput(words[0]),
      recipientKey: readKey(values.to, "public"),
      senderKey: readOwnKey(values.key),
      sender: values.sender,
      audience: values.audience,
      subject: values.subject,
      issuedAt,
      expiresAt: new Date(issuedAt.getTime() + days * 86_400_000),
    });
    answer(flags.json, { envelope, digest: await digestOf(envelope) }, [envelope]);
    return 0;
  } catch (error) {
    if (!(error instanceof SealingError)) throw error;
    throw new Stop(`${error.reason}: ${error.message}`, { cause: error });
  }
}
