import type { JWK } from "jose";
import { type Demo, idOf } from "./demo.ts";
import { openTo } from "./handoffs.ts";
import { sealingKey } from "./keys.ts";
import { BEDS, HOST, type Name, ORGANISATIONS } from "./life-model.ts";
import { mutate } from "./mutate.ts";

/** What stays from one story to the next. */
export interface Scene {
  readonly demo: Demo;
  readonly shelterId: string;
  readonly keys: ReadonlyMap<Name, JWK>;
  readonly ids: ReadonlyMap<Name, string>;
}
export async function setScene(demo: Demo): Promise<Scene> {
  const ask = demo.ask.bind(demo);
  for (const name of ORGANISATIONS) {
    const others = ORGANISATIONS.filter((one) => one !== name);
    await openTo(ask, name, others);
  }
  const organisationId = await idOf(ask, "bridge");
  await mutate(ask, HOST, "grantScopes", { organisationId, scopes: ["BEDS_HOLD"] });
  const place = { label: "Of all stories", country: "AM", locality: "Dilijan", kind: "HOSTEL" };
  const made = await mutate(ask, HOST, "createShelter", { ...place, features: [], beds: BEDS });
  const keys = new Map<Name, JWK>();
  const ids = new Map<Name, string>();
  for (const name of ORGANISATIONS) {
    keys.set(name, await sealingKey(demo, name));
    ids.set(name, await idOf(ask, name));
  }
  return { demo, shelterId: made.data["createShelter"].id, keys, ids };
}
