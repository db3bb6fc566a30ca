import { withMigratedDatabase } from "./database.ts";

export const usage = `usage: wayhouse migrate

Brings the configured database to this version, as the role of DATABASE_OWNER_URL; or the embedded one,
while no server is running on it. A server with DATABASE_OWNER_URL does so at its start; give servers only
DATABASE_URL, and run this before an upgrade, where they shall not own what they serve.

Example:  wayhouse migrate
Next:     wayhouse doctor

Exit codes: 0 this version's; 2 nothing could be done, or not to its end: the message says what to do.`;

export async function run(): Promise<number> {
  await withMigratedDatabase(async () => {});
  console.log("The database is of this version.");
  return 0;
}
