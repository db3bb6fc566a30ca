import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import type pg from "pg";
import { askAt } from "./callers.ts";
import type { Demo } from "./demo.ts";
import { mutate } from "./mutate.ts";
import { asSuperuser, type TestDatabase } from "./postgres.ts";
import { type ApiProcess, endApi, startApi } from "./processes.ts";
import { CONTACT, HANDOFF, midnight, PLANTS } from "./retention.ts";
import { program } from "./wayhouse.ts";

/** A node of the demo network over a database that is backed up and restored, its one process started and ended at will. */
export function openNode(database: Omit<TestDatabase, "leave">, dataDir: string) {
  let api: ApiProcess | undefined;
  const inDatabase = <R extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
    asSuperuser(
      database.superuserUrl,
      async (client) => (await client.query<R>(text, values)).rows,
    );
  const start = async (more: NodeJS.ProcessEnv = {}) => {
    api = await startApi({ DATABASE_URL: database.apiUrl, SEED: "none", ...more });
  };
  const ask: Demo["ask"] = (...call) => askAt(api!.url, dataDir)(...call);
  const addShelter = (label: string) =>
    mutate(
      ask,
      "harbour",
      "createShelter",
      {
        label,
        country: "AM",
        locality: "Yerevan",
        kind: "HOSTEL",
        beds: 1,
        features: [],
      },
      "{ __typename }",
    );
  return {
    inDatabase,
    start,
    ask,
    addShelter,
    end: async () => void (api && (await endApi(api))),
    wayhouse: (...args: string[]) =>
      spawnSync(process.execPath, [program(), ...args], {
        env: {
          PATH: process.env["PATH"],
          DATABASE_URL: database.apiUrl,
          DATABASE_OWNER_URL: database.ownerUrl,
        },
        encoding: "utf8",
      }),
    /** How many beds held, past their time, are still there. */
    overdue: async () => (await inDatabase("select from bed_hold where id = $1", [OVERDUE])).length,
  };
}
export type RestorableNode = ReturnType<typeof openNode>;

/** A hold that was over a moment too long ago. */
const OVERDUE = randomUUID();
/** An accepted handoff with its envelope. */
export const SEALED = randomUUID();
export const ENVELOPES = ["handoff_envelope", "bed_hold_instruction", "consulate_envelope"];

/** What a backup brings back: an envelope of each kind, a revocation, and what the clock purges next. */
export async function plantForBackup({ inDatabase }: RestorableNode): Promise<void> {
  const organisations = await inDatabase<{ id: string }>(
    "select id from organisation where handle in ('lantern', 'harbour') order by handle desc",
  );
  async function plant(id: string, statements: readonly string[]): Promise<void> {
    const used = [...organisations.map((one) => one.id), id].map((value) => `'${value}'::uuid`);
    for (const statement of statements)
      await inDatabase(statement.replaceAll(/\$(\d)/g, (_, index) => used[Number(index) - 1]!));
  }
  await plant(SEALED, [
    HANDOFF("ACCEPTED", "now() + interval '9 days'").replace(
      "now(), now())",
      "now(), now() + interval '1 day')",
    ),
    "update handoff set seal_by = null where id = $3",
    "insert into handoff_envelope values ($3, $2, 'sealed')",
    "insert into revocation (organisation_id) values ($2)",
  ]);
  await plant(OVERDUE, PLANTS["bed_hold"]![1](`${midnight(30)} - interval '1 second'`));
  await plant(randomUUID(), [
    `insert into bed_hold (id, holder_id, host_id, status, ends_on)
      values ($3, $1, $2, 'CONFIRMED', current_date + 9)`,
    "insert into bed_hold_instruction values ($3, $1, $2, 'sealed')",
    CONTACT("9999-01-01"),
    "insert into consulate_envelope values ($3, $2, 'sealed')",
  ]);
}
