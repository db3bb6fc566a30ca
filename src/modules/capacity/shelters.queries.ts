import { type Kysely, sql, type Transaction } from "kysely";
import { lockName } from "../../platform/db/locks.ts";
import type { DB } from "../../platform/db/schema.ts";
import type { OrganisationRef } from "../organisations/index.ts";
import type { ShelterFeature, ShelterKind } from "./capacity.rules.ts";

/** A shelter as the schema names it; the instant as the database spells it. */
export interface ShelterRow {
  readonly id: string;
  readonly owner: OrganisationRef;
  readonly label: string;
  readonly country: string;
  readonly locality: string;
  readonly kind: ShelterKind;
  readonly features: ShelterFeature[];
  readonly maxStayNights: number | null;
  readonly assuredAt: string;
}
/** All of it but its owner, of a shelter named s, as `of` of the row. */
export const shelterColumns = (of = "") =>
  `s.id as "${of}id", s.label as "${of}label", s.country as "${of}country", s.locality as "${of}locality",
    s.kind as "${of}kind", s.features as "${of}features", s.max_stay_nights as "${of}maxStayNights",
    s.assured_at::text as "${of}assuredAt"`;
const columns = sql.raw(`${shelterColumns()}, s.owner_id as "owner.id"`);

export async function findShelters(db: Kysely<DB>, ids: readonly string[]) {
  const { rows } = await sql<ShelterRow>`
    select ${columns} from shelter s where s.id = any(${ids}::uuid[])
  `.execute(db);
  return rows;
}

/** Before every other. An index is read from what a parameter names, not from what is computed of one. */
const LEAST_ID = "00000000-0000-0000-0000-000000000000";

export async function listSheltersOf(
  db: Kysely<DB>,
  owner: string,
  after: string | null,
  limit: number,
) {
  const { rows } = await sql<ShelterRow>`
    select ${columns} from shelter s
      where s.owner_id = ${owner} and s.id > ${after ?? LEAST_ID}
      order by s.id limit ${limit}
  `.execute(db);
  return rows;
}

export interface NightRow {
  readonly key: string;
  /** Whether the caller may count beds there; if not, the row says nothing else. */
  readonly counted: boolean;
  readonly night: string | null;
  readonly maximum: number;
  readonly held: number;
  readonly occupied: number;
  readonly out_of_service: number;
}

/** Which nights of which shelter, as one string: `shelterId from until`, `until` exclusive. */
export const nightsKey = (shelterId: string, from: string, until: string) =>
  `${shelterId} ${from} ${until}`;

/**
 * As they are now: what a hold past its time still counts as held is free. Which nights is said first: what is computed
 * in a join may not be asked of a row before its policy was, so that every night of the network would be read.
 */
export async function findNights(db: Kysely<DB>, keys: readonly string[]): Promise<NightRow[]> {
  const { rows } = await sql<NightRow>`
    with k as materialized (
      select key, split_part(key, ' ', 1)::uuid as shelter_id,
        split_part(key, ' ', 2)::date as "from", split_part(key, ' ', 3)::date as until
      from unnest(${keys}::text[]) key),
    counted as materialized (
      select k.*, exists (select from bed_night b where b.shelter_id = k.shelter_id) as counted from k)
    select k.key, k.counted, n.night, n.maximum, n.held - coalesce(o.beds, 0) as held, n.occupied, n.out_of_service
      from counted k
      left join bed_night n
        on n.shelter_id = k.shelter_id and n.night >= k.from and n.night < k.until
      left join overdue_beds(
          array(select k.shelter_id from k),
          '-infinity', 'infinity') o
        on o.shelter_id = n.shelter_id and o.night = n.night
      order by k.key, n.night
  `.execute(db);
  return rows;
}

export interface NewShelter {
  readonly label: string;
  readonly country: string;
  readonly locality: string;
  readonly kind: string;
  readonly features: readonly string[];
  readonly beds: number;
  readonly maxStayNights: number | null;
}

/** For one more: of two that count, the second waits here. */
export async function countShelters(tx: Transaction<DB>, owner: string): Promise<number> {
  await lockName(tx, `shelters:${owner}`);
  const { count } = await tx
    .selectFrom("shelter")
    .select(sql<number>`count(*)::integer`.as("count"))
    .where("owner_id", "=", owner)
    .executeTakeFirstOrThrow();
  return count;
}

/** With its nights, from yesterday to the horizon. */
export async function insertShelter(tx: Transaction<DB>, owner: string, shelter: NewShelter) {
  const { maxStayNights, features, ...rest } = shelter;
  const { id } = await tx
    .insertInto("shelter")
    .values({ ...rest, owner_id: owner, features: [...features], max_stay_nights: maxStayNights })
    .returning("id")
    .executeTakeFirstOrThrow();
  await openNights(tx, id);
  return id;
}

/** Its country; null if it is not the caller's. */
export async function updateNames(
  tx: Transaction<DB>,
  owner: string,
  id: string,
  { label, locality }: { readonly label: string | null; readonly locality: string | null },
) {
  const row = await tx
    .updateTable("shelter")
    .set({ ...(label !== null && { label }), ...(locality !== null && { locality }) })
    .where("id", "=", id)
    .where("owner_id", "=", owner)
    .returning("country")
    .executeTakeFirst();
  return row?.country ?? null;
}

/** To the horizon. */
export async function openNights(tx: Transaction<DB>, id: string): Promise<void> {
  await sql`select open_nights(${id})`.execute(tx);
}

/** Confirms the counts of an own shelter; its country, or null if it is not the caller's. */
export async function assureShelter(tx: Transaction<DB>, owner: string, id: string) {
  const row = await tx
    .updateTable("shelter")
    .set({ assured_at: sql`now()` })
    .where("id", "=", id)
    .where("owner_id", "=", owner)
    .returning("country")
    .executeTakeFirst();
  return row?.country ?? null;
}

/** Nights in one order, as whoever holds beds locks them. */
export async function updateNights(
  tx: Transaction<DB>,
  change: {
    readonly shelterId: string;
    readonly from: string;
    readonly until: string;
    readonly maximum: number | null;
    readonly outOfService: number | null;
  },
): Promise<void> {
  await sql`
    with locked as materialized (
      select shelter_id, night from bed_night
        where shelter_id = ${change.shelterId} and night >= ${change.from} and night < ${change.until}
        order by night for update)
    update bed_night n
      set maximum = coalesce(${change.maximum}::integer, n.maximum),
        out_of_service = coalesce(${change.outOfService}::integer, n.out_of_service)
      from locked l where l.shelter_id = n.shelter_id and l.night = n.night
  `.execute(tx);
}
