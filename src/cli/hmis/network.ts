import { createHash } from "node:crypto";
import {
  type Client,
  CreateShelter,
  type CreateShelterMutation,
  SetBeds,
  ShelterNights,
  Shelters,
} from "../../client/index.ts";
import { encodeBase64url } from "../../kernel/base64url.ts";
import type { Horizon } from "./inventory.ts";
import type { Change, Opening, Place, Standing } from "./plan.ts";

type Shelter = CreateShelterMutation["createShelter"];

/** What its nights say. A shelter of one's own that is gone meanwhile has none. */
export async function nightsOf(api: Client, id: string, horizon: Horizon) {
  const { node } = await api.run(ShelterNights, { id, ...horizon });
  return node?.__typename === "Shelter" ? node.nights : [];
}

async function standingOf(api: Client, shelter: Shelter, horizon: Horizon): Promise<Standing> {
  const nights = await nightsOf(api, shelter.id, horizon);
  return {
    ...shelter,
    nights: nights.map(({ date, maximum, held, occupied, outOfService }) => {
      return { date, maximum, promised: held + occupied + outOfService };
    }),
  };
}

/** The caller's shelters whose label begins so. */
export async function findOwn(api: Client, prefix: string): Promise<Shelter[]> {
  const found: Shelter[] = [];
  for await (const shelter of api.all(Shelters, { first: 100 }, ({ shelters }) => shelters))
    if (shelter.label.startsWith(prefix)) found.push(shelter);
  return found;
}

/** Every shelter of an earlier import. */
export async function findStanding(api: Client, horizon: Horizon): Promise<Standing[]> {
  const found: Standing[] = [];
  for (const shelter of await findOwn(api, "HMIS-"))
    found.push(await standingOf(api, shelter, horizon));
  return found;
}

/**
 * One key for one effect, so that a run that was killed and is repeated has it once. What the effect
 * replaces is part of it: beds set from A to B and back to A are three effects.
 */
const keyOf = (...effect: readonly unknown[]) =>
  `hmis-${encodeBase64url(createHash("sha256").update(JSON.stringify(effect)).digest())}`;

export async function openShelter(
  api: Client,
  { statement, kind, features, begin }: Opening,
  place: Place,
  horizon: Horizon,
): Promise<Standing> {
  const shelter = { label: statement.label, ...place, kind, features, beds: begin };
  const input = { ...shelter, idempotencyKey: keyOf("createShelter", shelter) };
  const { createShelter } = await api.run(CreateShelter, { input });
  return standingOf(api, createShelter, horizon);
}

export async function setNights(api: Client, standing: Standing, change: Change): Promise<void> {
  const { from, until, was, maximum } = change;
  const beds = { shelterId: standing.id, from, until, maximum };
  const idempotencyKey = keyOf("setBeds", beds, was, standing.assuredAt);
  await api.run(SetBeds, { input: { ...beds, idempotencyKey } });
}
