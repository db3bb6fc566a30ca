import { open, SealingError } from "../sealing/index.ts";
import { answer, readable, Stop } from "./command.ts";
import { readInput, readOwnKey, readKey } from "./key-files.ts";
import { optionsOf } from "./options.ts";

export const usage = `usage: wayhouse open --key <file> --from <file> --sender <thumbprint>
         --audience <thumbprint> --subject <id> [<file>|-]

Opens an envelope; what was sealed goes to standard output, to the byte unless that is a terminal. It is refused, with a reason, unless it was sealed to
this key, by this sender, to this audience, for this object, and has not expired.

  --key <file>             your sealing key, private, as JWK
  --from <file>            the sender's active signing key, public, as JWK
  --sender <thumbprint>    the identity thumbprint of whom the network says sent it
  --audience <thumbprint>  your identity thumbprint
  --subject <id>           id of the handoff, hold or contact that it came with
  --json                   {"text": …, "digest": …}, or {"base64": …, "digest": …} of what is no text;
                           the digest names the envelope: it is receiveHandoff's envelopeDigest

Example:  wayhouse open --key seal.json --from sender.public.json --sender "$SENDER" --audience "$RECIPIENT" --subject "$ID" envelope
Next:     keep it where only those who need it can read it, and only then receive the handoff, with the digest.`;

export const exits = { 0: "opened", 2: "unusable options or keys, or refused" };

export async function run(args: readonly string[]): Promise<0> {
  const { values, flags, words } = optionsOf(args, usage, {
    required: ["key", "from", "sender", "audience", "subject"],
    words: ["[<file>|-]"],
  });
  try {
    const { content, digest } = await open({
      envelope: new TextDecoder().decode(await readInput(words[0])).trim(),
      privateKeys: [readOwnKey(values.key)],
      sender: values.sender,
      senderKeys: [readKey(values.from, "public")],
      audience: values.audience,
      subject: values.subject,
      now: new Date(),
    });
    if (flags.json) answer(true, { ...jsonOf(content), digest }, []);
    else process.stdout.write(process.stdout.isTTY ? shown(content) : content);
    return 0;
  } catch (error) {
    if (!(error instanceof SealingError)) throw error;
    throw new Stop(`${error.reason}: ${error.message}`, { cause: error });
  }
}

/** Null: it is no text. */
function textOf(content: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return null;
  }
}

/** On a terminal, which does what some characters say: whoever sealed it is trusted with less than that. @throws Stop */
function shown(content: Uint8Array): string {
  const text = textOf(content);
  if (text !== null) return readable(text);
  throw new Stop("It is no text: send it to a file with `> file`, or take it with --json.");
}

function jsonOf(content: Uint8Array): object {
  const text = textOf(content);
  return text === null ? { base64: Buffer.from(content).toString("base64") } : { text };
}
