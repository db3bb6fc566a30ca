import { answer } from "./command.ts";
import { withDatabase } from "./database.ts";
import { optionsOf } from "./options.ts";

export const usage = `usage: wayhouse migrate [--json]

Brings the configured database to this version, as the role of DATABASE_OWNER_URL; or the embedded one,
while no server is running on it. A server with DATABASE_OWNER_URL does so at its start; give servers only
DATABASE_URL, and run this before an upgrade, where they shall not own what they serve.

  --json  {"applied": [the migrations that it lacked]}

Example:  wayhouse migrate
Next:     wayhouse doctor`;

export const exits = { 0: "of this version", 2: "nothing could be done, or not to its end" };

export async function run(args: readonly string[]): Promise<0> {
  const { flags } = optionsOf(args, usage);
  const applied = await withDatabase((database) => database.migrate());
  answer(flags.json, { applied }, ["The database is of this version."]);
  return 0;
}
