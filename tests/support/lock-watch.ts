import pg from "pg";
import { decodeId } from "../../src/kernel/ids.ts";
import { DEMO_ORGANISATIONS } from "../../src/platform/auth/demo-keys.ts";
import { type Demo, idOf, night, type Organisation, startDemo } from "./demo.ts";
import { waiting } from "./held-up.ts";
import { shelter } from "./holds.ts";
import { asSuperuser } from "./postgres.ts";

export type Watched = Awaited<ReturnType<typeof startWatched>>;
export const uuid = (id: string) => decodeId(id)!.uuid;

/** The demo network, and what its calls have locked. */
export async function startWatched() {
  const demo = await startDemo();
  const ask: Demo["ask"] = (...call) => demo.ask(...call);
  const globalIds = {} as Record<Organisation, string>;
  const ids = {} as Record<Organisation, string>;
  for (const one of DEMO_ORGANISATIONS) {
    globalIds[one] = await idOf(ask, one);
    ids[one] = uuid(globalIds[one]);
  }
  const { apiUrl, superuserUrl } = demo.database;
  const watching = <R>(look: (client: pg.Client) => Promise<R>) => asSuperuser(superuserUrl, look);

  /** What is seen while a call waits for what another transaction has locked; and what the call answered after its end. */
  const whileItWaits = <Seen, Told>(
    locked: (client: pg.Client) => Promise<unknown>,
    call: () => Promise<Told>,
    look: (client: pg.Client) => Promise<Seen>,
  ): Promise<{ seen: Seen; told: Told }> =>
    watching(async (holder) => {
      await holder.query("begin");
      await locked(holder);
      const calling = call();
      await waiting(holder, 1);
      const seen = await watching(look);
      await holder.query("commit");
      return { seen, told: await calling };
    });

  /** As the API's role, whatever the calls above it ask first. Nobody waits for it, and it waits for nobody. */
  async function touches(
    handle: Organisation,
    row: string,
    id: string,
    call: string,
    values: unknown[],
  ) {
    const client = new pg.Client({ connectionString: apiUrl });
    await client.connect();
    try {
      return await watching(async (holder) => {
        const enter = "select admit($1, 'bot', k.kid, 'a', $2, false) from (values ($3)) k (kid)";
        const kid = (
          await holder.query(
            "select kid from organisation_key where organisation_id = $1 and use = 'SIGN'",
            [ids[handle]],
          )
        ).rows[0].kid;
        const scopes = ["handoffs:receive", "handoffs:offer", "beds:hold", "beds:manage"];
        await client.query("begin; set local lock_timeout = 100");
        await client.query(enter, [ids[handle], scopes, kid]);
        await holder.query("begin");
        await holder.query(`select from ${row} where id = $1 for update`, [id]);
        const { rows } = await client.query(call, values);
        await holder.query("rollback");
        await holder.query(`select from ${row} where id = $1 for update nowait`, [id]);
        await client.query("rollback");
        return rows;
      });
    } finally {
      await client.end();
    }
  }

  return {
    ask,
    ids,
    globalIds,
    pomegranate: await shelter(ask, "Pomegranate"),
    apricot: await shelter(ask, "Apricot"),
    watching,
    whileItWaits,
    touches,
    pastWalls: (text: string, values: unknown[] = []) =>
      watching((client) => client.query(text, values)),
    /** Everybody knows everybody. */
    introduceAll: () =>
      watching(async (client) => {
        await client.query(
          "insert into introduction select a.id, b.id from organisation a, organisation b where a <> b on conflict do nothing",
        );
      }),
    stop: () => demo.stop(),
  };
}

/** Of these rows, those that nobody has locked. */
export const free = async (client: pg.Client, rows: string, values: unknown[]) =>
  (await client.query<{ name: string }>(`${rows} for update skip locked`, values)).rows
    .map(({ name }) => name)
    .toSorted();

/** Of those from today to so many days on. */
export async function lockedNights(client: pg.Client, shelterId: string, until: number) {
  const rows = "select night::text as name from bed_night where shelter_id = $1 and night < $2";
  const unlocked = await free(client, rows, [uuid(shelterId), night(until)]);
  const nights = Array.from({ length: until }, (_, day) => night(day));
  return nights.filter((one) => !unlocked.includes(one));
}

export const lockNight = (shelterId: string, day: number) => (client: pg.Client) =>
  client.query("select from bed_night where shelter_id = $1 and night = $2 for update", [
    uuid(shelterId),
    night(day),
  ]);

export async function isChainFree(client: pg.Client, chain: string): Promise<boolean> {
  const { rows } = await client.query<{ is: boolean }>(
    "select pg_try_advisory_xact_lock(hashtextextended('audit:' || $1::uuid, 0)) as is",
    [chain],
  );
  return rows[0]!.is;
}

/** How many write to a table of this database: in its siblings it has the same number. */
export async function writersOf(client: pg.Client, table: string): Promise<number> {
  const { rows } = await client.query(
    `select from pg_locks l join pg_database d on d.oid = l.database
      where d.datname = current_database() and l.relation = $1::regclass and l.mode = 'RowExclusiveLock'`,
    [table],
  );
  return rows.length;
}

/** The earlier nights are the last of the table, and the planner knows. */
export async function layOutOfOrder(client: pg.Client): Promise<void> {
  await client.query(
    `with moved as (delete from bed_night where night < $1 returning *)
      insert into bed_night select * from moved order by shelter_id desc, night desc`,
    [night(4)],
  );
  await client.query("analyze");
  // Also where the server is set to do without the index.
  await client.query(
    "do $$ begin execute format('alter database %I set enable_indexscan = off', current_database()); end $$",
  );
  await client.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and usename <> current_user`,
  );
}

/** Shelters that somebody opens this night of just now, who is not through: nobody sees it, and who opens it too waits. */
export async function beingOpened(client: pg.Client, day: string): Promise<string[]> {
  const opened: string[] = [];
  const { rows } = await client.query<{ id: string }>("select id from shelter order by id");
  await client.query("set lock_timeout = 100");
  for (const { id } of rows) {
    const insert = `insert into bed_night (shelter_id, night, owner_id, country, maximum)
      select s.id, $2::date, s.owner_id, s.country, s.beds from shelter s where s.id = $1`;
    try {
      await client.query("begin");
      await client.query(insert, [id, day]);
    } catch {
      opened.push(id);
    } finally {
      await client.query("rollback");
    }
  }
  return opened;
}
