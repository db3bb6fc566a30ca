import {
  type Client,
  type CreateShelterMutation,
  ShelterNights,
  Shelters,
} from "../client/index.ts";
import { rowsOf } from "./rows.ts";

type Shelter = CreateShelterMutation["createShelter"];

/** The caller's shelters whose label begins so. @throws Stop */
export async function findOwn(api: Client, prefix: string): Promise<Shelter[]> {
  const found: Shelter[] = [];
  const own = api.all(Shelters, { first: 100 }, ({ shelters }) => shelters);
  for await (const shelter of rowsOf(own))
    if (shelter.label.startsWith(prefix)) found.push(shelter);
  return found;
}

/** What its nights say; `until` is exclusive. A shelter of one's own that is gone meanwhile has none. */
export async function nightsOf(
  api: Client,
  id: string,
  nights: { readonly from: string; readonly until: string },
) {
  const { node } = await api.run(ShelterNights, { id, ...nights });
  return node?.__typename === "Shelter" ? node.nights : [];
}
