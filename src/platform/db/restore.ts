import type pg from "pg";

/** The database was restored, and brings back what was revoked, received or purged since its backup. */
export class UnsettledRestore extends Error {
  override readonly name = "UnsettledRestore";
}

/**
 * Refuses a database that was restored into another cluster and not settled since. One that was restored
 * into its own cluster cannot be told from one that never was.
 */
export async function assertSettled(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ awaits: boolean }>("select awaits_settling() as awaits");
  if (rows[0]!.awaits) {
    throw new UnsettledRestore(
      "This database was restored from a backup and is not settled. " +
        "Run `wayhouse settle restore` before any process serves it: docs/backup.md says what it does.",
    );
  }
}
