import { answer } from "./command.ts";
import { refuseUnderOthers, withDatabase } from "./database.ts";
import { optionsOf } from "./options.ts";

export const usage = `usage: wayhouse settle restore [--json]

To be run once on a database that was restored from a backup, before any process serves it. It brings the
database to this version, locks the network down, and drops the envelopes that the backup brought back:
docs/backup.md tells what follows. The database is the one that DATABASE_URL and DATABASE_OWNER_URL
configure, or the embedded one.

  --json  {"droppedEnvelopes": …}

Example:  wayhouse settle restore
Next:     take back what was revoked since the backup, start the servers, then \`wayhouse network status ACTIVE\`.`;

export const exits = {
  0: "settled, and the network is locked down",
  2: "nothing was done: no such database, or processes are connected to it",
};

export async function run(args: readonly string[]): Promise<0> {
  const { flags } = optionsOf(args, usage);
  const droppedEnvelopes = await withDatabase(async ({ owner, migrate }) => {
    await refuseUnderOthers(owner);
    await migrate();
    const { rows } = await owner.query<{ dropped: number }>("select settle_restore() as dropped");
    return rows[0]!.dropped;
  });
  answer(flags.json, { droppedEnvelopes }, [
    `Dropped ${droppedEnvelopes} envelopes. The network is locked down: take back what was revoked since ` +
      "the backup, then open it (docs/backup.md).",
  ]);
  return 0;
}
