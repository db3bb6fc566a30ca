import {
  type Client,
  CreateShelter,
  type CreateShelterMutation,
  SetBeds,
} from "../../client/index.ts";
import { effectKey } from "../effect-key.ts";
import { findOwn, nightsOf } from "../own-shelters.ts";
import type { Horizon } from "./inventory.ts";
import type { Change, Opening, Place, Standing } from "./plan.ts";

type Shelter = CreateShelterMutation["createShelter"];

async function standingOf(api: Client, shelter: Shelter, horizon: Horizon): Promise<Standing> {
  const nights = await nightsOf(api, shelter.id, horizon);
  return {
    ...shelter,
    nights: nights.map(({ date, maximum, held, occupied, outOfService }) => {
      return { date, maximum, promised: held + occupied + outOfService };
    }),
  };
}

/** Every shelter of an earlier import. */
export async function findStanding(api: Client, horizon: Horizon): Promise<Standing[]> {
  const found: Standing[] = [];
  for (const shelter of await findOwn(api, "HMIS-"))
    found.push(await standingOf(api, shelter, horizon));
  return found;
}

export async function openShelter(
  api: Client,
  { statement, kind, features, begin }: Opening,
  place: Place,
  horizon: Horizon,
): Promise<Standing> {
  const shelter = { label: statement.label, ...place, kind, features, beds: begin };
  const input = { ...shelter, idempotencyKey: effectKey("hmis", "createShelter", shelter) };
  const { createShelter } = await api.run(CreateShelter, { input });
  return standingOf(api, createShelter, horizon);
}

export async function setNights(api: Client, standing: Standing, change: Change): Promise<void> {
  const { from, until, was, maximum } = change;
  const beds = { shelterId: standing.id, from, until, maximum };
  const idempotencyKey = effectKey("hmis", "setBeds", beds, was, standing.assuredAt);
  await api.run(SetBeds, { input: { ...beds, idempotencyKey } });
}
