import { createHash, randomUUID } from "node:crypto";
import { type Kysely, sql } from "kysely";
import { decodeId } from "../../src/kernel/ids.ts";
import type { DB } from "../../src/platform/db/schema.ts";

export interface HoldRow {
  readonly id: string;
  readonly status: string;
  readonly expires_at: Date | null;
  readonly host_id: string;
}

/** One statement after the other in one transaction, as usually written. */
export function placeHold(
  db: Kysely<DB>,
  organisation: string,
  idempotencyKey: string,
  stay: { shelterId: string; beds: number; checkIn: string; checkOut: string },
): Promise<HoldRow> {
  return db.transaction().execute(async (tx) => {
    const shelter = await tx
      .selectFrom("shelter")
      .selectAll()
      .where("id", "=", decodeId(stay.shelterId)!.uuid)
      .executeTakeFirstOrThrow();
    const client = await tx
      .selectFrom("client")
      .selectAll()
      .where("organisation_id", "=", organisation)
      .executeTakeFirstOrThrow();
    const hash = createHash("sha256").update(idempotencyKey).digest();
    await tx
      .insertInto("idempotency_record")
      .values({ client_id: client.id, key_hash: hash, request_hash: hash, result: "{}" })
      .execute();
    const { numUpdatedRows } = await tx
      .updateTable("bed_night")
      .set((update) => ({ held: update("held", "+", stay.beds) }))
      .where("shelter_id", "=", shelter.id)
      .where("night", ">=", stay.checkIn)
      .where("night", "<", stay.checkOut)
      .where(sql<boolean>`maximum - held - occupied - out_of_service >= ${stay.beds}`)
      .executeTakeFirst();
    const nights = (Date.parse(stay.checkOut) - Date.parse(stay.checkIn)) / 86_400_000;
    if (Number(numUpdatedRows) !== nights) throw new Error("exhausted");
    const parties = { holder_id: organisation, host_id: shelter.owner_id };
    const hold = await tx
      .insertInto("bed_hold")
      .values({
        ...parties,
        id: randomUUID(),
        status: "HELD",
        expires_at: new Date(Date.now() + 3_600_000),
        ends_on: stay.checkOut,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    await tx
      .insertInto("bed_stay")
      .values({
        ...parties,
        hold_id: hold.id,
        position: 1,
        shelter_id: shelter.id,
        beds: stay.beds,
        check_in: stay.checkIn,
        check_out: stay.checkOut,
      })
      .execute();
    await tx
      .insertInto("event")
      .values({
        kind: "BED_HOLD_CHANGED",
        subject_type: "BedHold",
        subject_id: hold.id,
        owner_id: shelter.owner_id,
        party_id: organisation,
      })
      .execute();
    return { ...hold, expires_at: hold.expires_at as Date | null };
  });
}
