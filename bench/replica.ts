// What a replica takes off the primary: CPU of a search on either server and in the process, in microseconds,
// over one connection to each. `npx tsx bench/replica.ts`
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SCOPES } from "../src/kernel/scopes.ts";
import { searchBeds } from "../src/modules/capacity/availability.queries.ts";
import { startEmbedded } from "../src/platform/db/embedded/server.ts";
import { migrate } from "../src/platform/db/migrator.ts";
import { createPool } from "../src/platform/db/pool.ts";
import { type Replica, startReplica } from "../src/platform/db/replica.ts";
import { openSession } from "../src/platform/db/session.ts";
import { createMetrics } from "../src/platform/telemetry/metrics.ts";
import { asSuperuser } from "../tests/support/postgres.ts";
import { startStandby } from "../tests/support/standby.ts";
import { seedNetwork, sizeOf } from "./network.ts";
import { searchVariables } from "./operations.ts";

const ROUNDS = 5;
const SEARCHES = 1_000;
/** Of Linux: what /proc counts in. */
const MICROSECONDS_A_TICK = 10_000;

const dataDir = mkdtempSync(join(tmpdir(), "wayhouse-bench-replica-"));
const settings = { synchronous_commit: "on", shared_buffers: "512MB" };
const primary = await startEmbedded({ dataDir, durable: false, settings, log: () => {} });
await migrate(primary);
const superuserUrl = Object.assign(new URL(primary.superuserUrl), { pathname: "/wayhouse" }).href;
const network = await seedNetwork(superuserUrl, sizeOf(1));
const kid = await asSuperuser(superuserUrl, async (client) => {
  const { rows } = await client.query<{ kid: string }>("select kid from organisation_key limit 1");
  return rows[0]!.kid;
});
const standby = await startStandby(primary);
const pool = createPool({ url: primary.apiUrl, max: 1, log: () => {} });
const metrics = createMetrics();
const url = standby.apiUrl;
const replica = await startReplica({ url, primary: pool, max: 1, log: () => {}, metrics });
await sleep(2_000);

const identity = {
  organisationId: network.idOf(1),
  clientName: "bot",
  kid,
  jti: "bench",
  jkt: null,
  scopes: SCOPES.filter((scope) => scope !== "network:admin"),
};
const { search } = searchVariables();
const wanted = { ...search, locality: null, features: [], riskProfile: null, includeUnsafe: false };

const cpuOf = (server: { readonly superuserUrl: string }) =>
  asSuperuser(server.superuserUrl, async (client) => {
    const { rows } = await client.query<{ pid: number }>(
      "select pid from pg_stat_activity where usename = 'wayhouse_web'",
    );
    const ticks = rows.map(({ pid }) => {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      return Number(fields[11]) + Number(fields[12]);
    });
    return ticks.reduce((a, b) => a + b, 0) * MICROSECONDS_A_TICK;
  });

async function measure(from: Replica | null): Promise<readonly [number, number, number]> {
  const before = [await cpuOf(primary), await cpuOf(standby)] as const;
  const own = process.cpuUsage();
  for (let nth = 0; nth < SEARCHES; nth++) {
    const session = await openSession(pool, identity, undefined, null, true, from);
    await searchBeds(session, wanted, null, 21);
  }
  const { user, system } = process.cpuUsage(own);
  const spent = [(await cpuOf(primary)) - before[0], (await cpuOf(standby)) - before[1]] as const;
  return [spent[0] / SEARCHES, spent[1] / SEARCHES, (user + system) / SEARCHES];
}

const middle = (values: readonly number[]) =>
  Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!);
const rounds: { alone: readonly number[]; both: readonly number[] }[] = [];
for (let round = 0; round < ROUNDS; round++)
  rounds.push({ alone: await measure(null), both: await measure(replica) });
for (const way of ["alone", "both"] as const) {
  const [onPrimary, onReplica, inProcess] = [0, 1, 2].map((of) =>
    middle(rounds.map((round) => round[way][of]!)),
  );
  console.log(
    `${way === "alone" ? "the primary alone" : "with a replica"}: primary ${onPrimary} µs, replica ${onReplica} µs, process ${inProcess} µs`,
  );
}
console.log((await metrics.text()).match(/^wayhouse_replica_reads_total.*$/gm)?.join("\n"));

await replica.stop();
await pool.end();
await standby.stop();
await primary.stop();
rmSync(primary.home, { recursive: true, force: true });
rmSync(dataDir, { recursive: true, force: true });
