import { open, SealingError } from "../sealing/index.ts";
import { Stop } from "./command.ts";
import { optionsOf, readInput, readKey } from "./key-files.ts";

export const usage = `usage: wayhouse open --key <file> --from <file> --sender <thumbprint>
         --audience <thumbprint> --subject <id> [<file>|-]

Opens an envelope; the text goes to standard output. It is refused, with a reason, unless it was sealed to
this key, by this sender, to this audience, for this object, and has not expired.

  --key <file>             the own sealing key, private, as JWK
  --from <file>            the sender's active signing key, public, as JWK
  --sender <thumbprint>    the identity thumbprint of whom the network says sent it
  --audience <thumbprint>  the own identity thumbprint
  --subject <id>           id of the handoff, hold or contact that it came with

Exit codes: 0 opened; 2 unusable options or keys, or refused.`;

export async function run(args: readonly string[]): Promise<number> {
  const required = ["key", "from", "sender", "audience", "subject"] as const;
  const { values, files } = optionsOf(args, usage, required);
  try {
    const { content } = await open({
      envelope: (await readInput(files[0])).trim(),
      privateKeys: [readKey(values.key, "private")],
      sender: values.sender,
      senderKeys: [readKey(values.from, "public")],
      audience: values.audience,
      subject: values.subject,
      now: new Date(),
    });
    process.stdout.write(content);
    return 0;
  } catch (error) {
    if (!(error instanceof SealingError)) throw error;
    throw new Stop(`${error.reason}: ${error.message}`, { cause: error });
  }
}
