import {
  type Client,
  type CreateShelterMutation,
  ShelterNights,
  Shelters,
} from "../client/index.ts";

type Shelter = CreateShelterMutation["createShelter"];

/** The caller's shelters whose label begins so. */
export async function findOwn(api: Client, prefix: string): Promise<Shelter[]> {
  const found: Shelter[] = [];
  for await (const shelter of api.all(Shelters, { first: 100 }, ({ shelters }) => shelters))
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
