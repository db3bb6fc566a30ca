import type pg from "pg";
import { rowsOf } from "./pipeline.ts";

/** The database was restored, and brings back what was revoked, received or purged since its backup. */
export class UnsettledRestore extends Error {
  override readonly name = "UnsettledRestore";
}

/** Refuses a database that was read in from a dump, or restored into another cluster, and not settled since. */
export async function assertSettled(client: pg.ClientBase): Promise<void> {
  const [row] = await rowsOf<{ awaits: boolean }>(client, "select awaits_settling() as awaits");
  if (row!.awaits) {
    throw new UnsettledRestore(
      "This database was restored from a backup and is not settled. " +
        "Run `wayhouse settle restore` before any process serves it: docs/backup.md says what it does.",
    );
  }
}

/** Where it was served first, or settled last, is where a database lives. */
export async function claimHome(client: pg.ClientBase): Promise<void> {
  await rowsOf(client, "select claim_home()");
}
