import { isDeepStrictEqual } from "node:util";
import type pg from "pg";
import { expect } from "vitest";
import { uuidOf } from "../../src/kernel/ids.ts";
import type { Acknowledged, HoldBook } from "./hold-book.ts";
import type { Network } from "./hold-network.ts";
import { asSuperuser } from "./postgres.ts";

/** Nights from today that promise more than they have, or other than what live holds take. */
export async function nightsInDisorder(client: pg.Client): Promise<unknown[]> {
  const { rows } = await client.query<object>(`
    with live as (
      select s.shelter_id, g::date as night,
          coalesce(sum(s.beds) filter (where h.status = 'HELD'), 0) as held,
          coalesce(sum(s.beds) filter (where h.status = 'CONFIRMED'), 0) as occupied
        from bed_hold h join bed_stay s on s.hold_id = h.id
        cross join generate_series(s.check_in, s.check_out - 1, interval '1 day') g
        where h.status in ('HELD', 'CONFIRMED')
        group by 1, 2)
    select shelter_id, night::text, n.maximum, n.out_of_service, n.held, n.occupied,
        live.held as held_by_holds, live.occupied as occupied_by_holds
      from bed_night n full join live using (shelter_id, night)
      where night >= (now() at time zone 'UTC')::date and (
        n.maximum is null
        or n.held + n.occupied + n.out_of_service > n.maximum
        or n.held <> coalesce(live.held, 0)
        or n.occupied <> coalesce(live.occupied, 0))
      order by 1, 2`);
  return rows;
}

/** Every hold that callers were told of is there as they were told, and no other. */
async function expectHoldsAsAcknowledged(
  client: pg.Client,
  acknowledged: Iterable<Acknowledged>,
): Promise<void> {
  const { rows } = await client.query<{
    id: string;
    holder: string;
    status: string;
    stays: object;
  }>(
    // As it is read: who was told that its time is over may have been told so before a job came by.
    `select h.id, o.handle as holder, hold_status(h.status, h.expires_at, h.ends_on) as status, (
        select json_agg(json_build_object('shelterId', s.shelter_id, 'beds', s.beds,
            'checkIn', s.check_in, 'checkOut', s.check_out) order by s.position)
          from bed_stay s where s.hold_id = h.id) as stays
      from bed_hold h join organisation o on o.id = h.holder_id`,
  );
  const kept = new Map(rows.map(({ id, ...hold }) => [id, hold]));
  const told = new Map(
    [...acknowledged].map(({ uuid, holder, status, input }) => {
      // Time may have run out since.
      const isOver = status === "HELD" && kept.get(uuid)?.status === "EXPIRED";
      const stays = input.stays.map((stay) => ({
        ...stay,
        shelterId: uuidOf("Shelter", stay.shelterId),
      }));
      return [uuid, { holder: holder.organisation, status: isOver ? "EXPIRED" : status, stays }];
    }),
  );
  expect(differences(kept, told)).toEqual([]);
}

/** The first few: a failure that shows ten thousand of them is never shown. */
export function differences<V>(kept: ReadonlyMap<string, V>, told: ReadonlyMap<string, V>) {
  return [...new Set([...kept.keys(), ...told.keys()])]
    .map((id) => ({ id, kept: kept.get(id), told: told.get(id) }))
    .filter((one) => !isDeepStrictEqual(one.kept, one.told))
    .slice(0, 10);
}

/** From 1 on without a gap, each entry on the hash of the one before; each hold once in its host's. */
async function expectChainsUnbroken(client: pg.Client): Promise<void> {
  const { rows: breaks } = await client.query<object>(`
    select organisation_id, sequence from (
        select *, row_number() over chain as place,
            coalesce(lag(hash) over chain, decode(repeat('00', 32), 'hex')) as expected
          from audit_entry window chain as (partition by organisation_id order by sequence)) e
      where sequence <> place or previous_hash <> expected`);
  expect(breaks).toEqual([]);
  const { rows: unaudited } = await client.query<object>(`
    select h.id from bed_hold h left join (
        select organisation_id, subject_id, count(*) as times from audit_entry
          where action = 'holdBeds' group by 1, 2) e
      on e.organisation_id = h.host_id and e.subject_id = h.id
      where e.times is distinct from 1`);
  expect(unaudited).toEqual([]);
}

/** After a race: its processes end as asked, and the database tells what callers were told. */
export async function expectHonestEnd(network: Network, book: HoldBook): Promise<void> {
  expect(book.surprises).toEqual([]);
  expect(network.fleet.fallen).toEqual([]);
  expect(new Set(await network.fleet.stop())).toEqual(new Set([0]));
  const unexpected = network.fleet
    .logs()
    .split("\n")
    .filter((line) => !EXPECTED_LOG.test(line));
  expect(unexpected).toEqual([]);
  await asSuperuser(network.superuserUrl, async (client) => {
    expect(await nightsInDisorder(client)).toEqual([]);
    await expectHoldsAsAcknowledged(client, book.acknowledged.values());
    await expectChainsUnbroken(client);
  });
}

/** Of a connection that the database left: what it said, or what was noticed when it was read from or written to. */
const GONE = "57P0[1-3]|ECONNRESET|ECONNREFUSED|EPIPE";
/** What a process says when it ends as asked, and while its database goes and comes: nothing of a deadlock. */
const EXPECTED_LOG = new RegExp(
  [
    "",
    "draining signal=SIGTERM mostSeconds=25",
    "stopped",
    `idle connection lost( code=(${GONE}))?`,
    // The last: a lock that was waited for too long, with the database there.
    `database unavailable( code=(${GONE}|55P03))?`,
    `job failed job=\\w+ error=Unavailable( code=(${GONE}))?( routine=\\w+)?( frames=.*)?`,
  ]
    .map((line) => `^${line}$`)
    .join("|"),
);
