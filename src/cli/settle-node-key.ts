import { answer } from "./command.ts";
import { refuseUnderOthers, withDatabase } from "./database.ts";
import { optionsOf } from "./options.ts";

export const usage = `usage: wayhouse settle node-key [--json]

To be run once when the node's key was lost or stolen, while no process serves. The database forgets that key:
the process that starts next brings its own as the new one, or makes it. Each audit chain says so. The database is
the one that DATABASE_URL and DATABASE_OWNER_URL configure, or the embedded one.

  --json  {"forgotten": …}: the thumbprint that does not count any more

Example:  wayhouse settle node-key
Next:     move the old NODE_KEY_FILE away, start the servers, and tell every partner, out of band, the thumbprint
          that \`wayhouse doctor\` shows.`;

export const exits = {
  0: "the next key that a process brings is the node's",
  2: "nothing was done: no such database, or processes are connected to it",
};

export async function run(args: readonly string[]): Promise<0> {
  const { flags } = optionsOf(args, usage);
  const forgotten = await withDatabase(async ({ owner, migrate }) => {
    await refuseUnderOthers(owner);
    await migrate();
    const { rows } = await owner.query<{ kid: string | null }>("select settle_node_key() as kid");
    return rows[0]!.kid;
  });
  answer(flags.json, { forgotten }, [
    `The node's key ${forgotten ?? ""} does not count any more. Move its file away, start, and tell every partner ` +
      "the new one's thumbprint, which the doctor shows (docs/keys.md).",
  ]);
  return 0;
}
