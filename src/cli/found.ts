import { ADMINISTRATION } from "../modules/organisations/index.ts";
import { AlreadyFounded, foundNetwork } from "../platform/db/found-network.ts";
import { answer, Stop } from "./command.ts";
import { withDatabase } from "./database.ts";
import { optionsOf } from "./options.ts";
import { vouchedFor } from "./vouched-for.ts";

export const usage = `usage: wayhouse found <introduction.json> --thumbprint <thumbprint> [--json]

The ceremony of an empty network: its first admin has nobody to ask, and is put in by whoever runs the
database. It happens once: a network that has an organisation refuses it, for good, and the first entry
of the founder's audit chain says foundNetwork.

  1. The admin makes its keys where they stay: \`wayhouse org new\`. No private key comes to the server.
  2. The operator gets introduction.json by any way, and hears the thumbprint out of band.
  3. The operator types it here, before two witnesses if there are two.

Runs where the server runs, with its configuration: DATABASE_URL and DATABASE_OWNER_URL, or the embedded
database while no server is running on it. Migrates first.

  --thumbprint <thumbprint>  as the admin reads it out, not as the file says
  --json                     the organisation as one JSON object

Example:  wayhouse found coordinator/introduction.json --thumbprint "$(cat coordinator/thumbprint)"
Next:     SEED=none wayhouse serve, then \`wayhouse org register\` for each organisation.`;

export const exits = { 0: "founded", 2: "nothing was changed" };

export async function run(args: readonly string[]): Promise<0> {
  const { values, flags, words } = optionsOf(args, usage, {
    required: ["thumbprint"],
    words: ["<introduction.json>"],
  });
  const { identity, signing, introduction } = vouchedFor(words[0]!, values.thumbprint);
  const { handle, issuer } = introduction;
  const adminScopes = [...ADMINISTRATION];
  try {
    await withDatabase(async ({ owner, migrate }) => {
      await migrate();
      await foundNetwork(owner, { handle, issuer, identity, signing: signing[0]!, adminScopes });
    });
  } catch (error) {
    if (!(error instanceof AlreadyFounded)) throw error;
    throw new Stop(
      "This network is founded already: its admins register others with `wayhouse org register`.",
      { cause: error },
    );
  }
  answer(flags.json, { handle, identityThumbprint: identity.kid }, [
    `${handle} founds this network, as ${identity.kid}.`,
  ]);
  return 0;
}
