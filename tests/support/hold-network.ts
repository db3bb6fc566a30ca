import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seedDemo } from "../../src/platform/db/demo-network.ts";
import { type Caller, type Line, openLine, signIn } from "./callers.ts";
import { night } from "./demo.ts";
import type { HotShelter } from "./hold-race.ts";
import { type Fleet, startFleet } from "./processes.ts";

export interface Network {
  readonly fleet: Fleet;
  readonly line: Line;
  readonly superuserUrl: string;
  readonly holders: readonly Caller[];
  readonly host: Caller;
  readonly shelters: readonly HotShelter[];
  stop(): Promise<void>;
}

/** The demo network with a fourth shelter, served by several processes. */
export async function startNetwork(
  database: { readonly ownerUrl: string; readonly apiUrl: string; readonly superuserUrl: string },
  processes: number,
): Promise<Network> {
  const dataDir = mkdtempSync(join(tmpdir(), "wayhouse-race-"));
  await seedDemo({ ...database, dataDir });
  const sign = (organisation: string, client: string) => signIn(dataDir, organisation, client);
  const host = await sign("harbour", "dashboard");
  const holders = await Promise.all([
    sign("lantern", "bot"),
    sign("harbour", "bot"),
    sign("lantern", "dashboard"),
    sign("lantern", "admin"),
    sign("harbour", "admin"),
  ]);
  rmSync(dataDir, { recursive: true });
  const fleet = await startFleet(database.apiUrl, processes);
  const line = openLine(fleet);
  await line.ask(
    host,
    `mutation { createShelter(input: { idempotencyKey: "fourth-shelter", label: "Quince", country: "AM",
      locality: "Dilijan", kind: HOTEL, features: [], beds: 6 }) { id } }`,
    {},
  );
  const { data } = await line.ask(
    host,
    `{ shelters { edges { node { id nights(from: "${night(0)}", until: "${night(1)}") { maximum } } } } }`,
    {},
  );
  const edges = data.shelters.edges as { node: { id: string; nights: { maximum: number }[] } }[];
  const shelters = edges.map(({ node }) => ({ id: node.id, beds: node.nights[0]!.maximum }));
  return {
    fleet,
    line,
    superuserUrl: database.superuserUrl,
    holders,
    host,
    shelters,
    stop: async () => void (await fleet.stop()),
  };
}
