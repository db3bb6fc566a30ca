import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { type Stay, takeBedsWithin } from "../../src/modules/capacity/holds.queries.ts";
import type { Session } from "../../src/platform/db/session.ts";
import type { Effect } from "../../src/platform/db/writes.ts";
import { night } from "./demo.ts";

export function createShelter(
  session: Session,
  label: string,
  beds: number,
  key: string = randomUUID(),
) {
  return session.write(
    { name: "createShelter", scope: "beds:manage" },
    { idempotencyKey: key, label, beds } as { idempotencyKey: string },
    async (tx): Promise<Effect<{ id: string }>> => {
      const owner = session.organisationId;
      const { id } = await tx
        .insertInto("shelter")
        .values({
          owner_id: owner,
          label,
          country: "AM",
          locality: "Yerevan",
          kind: "HOSTEL",
          features: [],
          beds,
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      await sql`select open_nights(${id})`.execute(tx);
      return {
        result: { id },
        changes: [{ event: "BEDS_CHANGED", type: "Shelter", id, owner, country: "AM" }],
      };
    },
  );
}

export const placeHold = (session: Session, shelterId: string, beds: number, minutes?: number) =>
  placeStays(session, [{ shelterId, beds, checkIn: night(1), checkOut: night(3) }], minutes);

export function placeStays(session: Session, stays: readonly Stay[], minutes = 60) {
  const id = randomUUID();
  return session.write(
    { name: "holdBeds", scope: "beds:hold" },
    { idempotencyKey: randomUUID() },
    async (tx): Promise<Effect<{ id: string }>> => {
      const nobodyElse = { caseReference: null, references: [], holds: [] };
      const hold = { id, ttlMinutes: minutes, riskProfile: "OTHER", stays, ...nobodyElse };
      const { host, holder } = await takeBedsWithin(tx, hold);
      return {
        result: { id },
        changes: [
          { event: "BED_HOLD_CHANGED", type: "BedHold", id, owner: host.id, party: holder.id },
        ],
      };
    },
  );
}

export const move = async (session: Session, hold: string, from: string[], to: string) =>
  (
    await sql<{ was: string }>`select was from move_hold(${hold}, ${from}, ${to})`.execute(
      session.read,
    )
  ).rows[0]?.was;

export const counters = async (owner: Session, shelterId: string) =>
  owner.read
    .selectFrom("bed_night")
    .select(["maximum", "held", "occupied", "out_of_service"])
    .where("shelter_id", "=", shelterId)
    .where("night", "=", night(2))
    .executeTakeFirstOrThrow();

export async function share(
  harbour: Session,
  lantern: Session,
  scopes: readonly string[],
): Promise<string> {
  const owner = harbour.organisationId;
  const { id } = await harbour.write(
    { name: "grantScopes", scope: "sharing:manage" },
    { idempotencyKey: randomUUID() },
    async (tx) => {
      const grant = await tx
        .insertInto("sharing_grant")
        .values({ owner_id: owner, organisation_id: lantern.organisationId, scopes: [...scopes] })
        .returning(["id", "valid_from"])
        .executeTakeFirstOrThrow();
      await tx
        .insertInto("sharing_reach")
        .values(
          scopes.map((scope) => ({
            grant_id: grant.id,
            owner_id: owner,
            organisation_id: lantern.organisationId,
            scope,
            valid_from: grant.valid_from,
          })),
        )
        .execute();
      const party = lantern.organisationId;
      return {
        result: { id: grant.id },
        changes: [{ event: "GRANT_CHANGED", type: "SharingGrant", id: grant.id, owner, party }],
      };
    },
  );
  return id;
}

/** A write of nothing. */
export const atOnce = (
  session: Session,
  name: string,
  idempotencyKey: string,
  input: object = {},
) =>
  session.writeAtOnce(
    { name, scope: "beds:manage" },
    { idempotencyKey, ...input },
    { id: name },
    { text: "select", values: [] },
  );
