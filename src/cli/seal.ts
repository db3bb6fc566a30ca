import { seal, SealingError } from "../sealing/index.ts";
import { Stop } from "./command.ts";
import { optionsOf, readInput, readKey } from "./key-files.ts";

export const usage = `usage: wayhouse seal --to <file> --key <file> --sender <thumbprint>
         --audience <thumbprint> --subject <id> [--days <n>] [<file>|-]

Seals a text to one organisation; the envelope goes to standard output. Check the recipient's key by its
key log first: what is sealed to a swapped key is read by whoever swapped it.

  --to <file>              the recipient's active sealing key, public, as JWK
  --key <file>             the sender's active signing key, private, as JWK
  --sender <thumbprint>    the sender's identity thumbprint
  --audience <thumbprint>  the recipient's identity thumbprint
  --subject <id>           id of the handoff, hold or contact that it belongs to
  --days <n>               how long it can be opened; default 7, at most 365

Exit codes: 0 done; 2 unusable options, keys or text.`;

export async function run(args: readonly string[]): Promise<number> {
  const required = ["to", "key", "sender", "audience", "subject"] as const;
  const { values, files } = optionsOf(args, usage, required, ["days"]);
  const days = Number(values["days"] ?? 7);
  if (!Number.isInteger(days) || days < 1 || days > 365) {
    throw new Stop("--days must be from 1 to 365.");
  }
  const issuedAt = new Date();
  try {
    const envelope = await seal({
      content: new TextEncoder().encode(await readInput(files[0])),
      recipientKey: readKey(values.to, "public"),
      senderKey: readKey(values.key, "private"),
      sender: values.sender,
      audience: values.audience,
      subject: values.subject,
      issuedAt,
      expiresAt: new Date(issuedAt.getTime() + days * 86_400_000),
    });
    console.log(envelope);
    return 0;
  } catch (error) {
    if (!(error instanceof SealingError)) throw error;
    throw new Stop(`${error.reason}: ${error.message}`, { cause: error });
  }
}
