import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LEVELS, startDrill } from "../support/drill.ts";
import { asSuperuser, createTestDatabase } from "../support/postgres.ts";
import { type Replicated, type Served, startReplicated } from "../support/replicated.ts";
import { startStandby } from "../support/standby.ts";

let network: Replicated;
let token: string;
beforeAll(async () => {
  network = await startReplicated();
  token = await network.tokenOf("harbour");
});
afterAll(async () => {
  await network?.stop();
});

const byPrimary = { answer: { Pomegranate: 8 }, by: "primary" };

describe("where a replica gives no answer, the primary does", () => {
  /** On the replica alone a search takes half a second. */
  const slow = `
    alter function closed_to_profiles() rename to closed_to_profiles_now;
    create function closed_to_profiles() returns text[] language plpgsql stable security definer as $$ begin
      if pg_is_in_recovery() then perform pg_sleep(0.5); end if; return closed_to_profiles_now(); end $$;
    grant execute on function closed_to_profiles() to wayhouse_keeper`;
  const quick =
    "drop function closed_to_profiles(); alter function closed_to_profiles_now() rename to closed_to_profiles";

  it("since what it replays is in the way", async () => {
    const { first, counted, found, foundOnReplica, pastEveryWall } = network;
    const conflicts = () =>
      asSuperuser(network.superuserUrl(network.standby), async (client) => {
        const { rows } = await client.query<{ count: number }>(
          "select confl_snapshot::integer as count from pg_stat_database_conflicts where datname = 'wayhouse'",
        );
        return rows[0]!.count;
      });
    await pastEveryWall(slow);
    await foundOnReplica(first, token);
    const [failed, before] = [await counted(first, "failed"), await conflicts()];
    const searching = found(first, token);
    await sleep(200);
    await pastEveryWall("update network set node_key = node_key");
    await pastEveryWall("vacuum network");
    expect(await searching).toMatchObject(byPrimary);
    expect(await counted(first, "failed")).toBe(failed + 1);
    await expect.poll(conflicts).toBe(before + 1);
    await pastEveryWall(quick);
    await foundOnReplica(first, token);
  });

  it("as it does not follow closely, until it has caught up", async () => {
    const { first, counted, found, foundOnReplica, pastEveryWall, paused } = network;
    await paused(async () => {
      await pastEveryWall("update network set node_key = node_key");
      await expect
        .poll(() => first.measured("wayhouse_replica_in_use"), { timeout: 10_000 })
        .toBe(0);
      const before = await counted(first, "left_out");
      expect(await found(first, token)).toMatchObject(byPrimary);
      expect(await counted(first, "left_out")).toBe(before + 1);
    });
    expect(await foundOnReplica(first, token)).toMatchObject({ Pomegranate: 8 });
    expect(first.faults.join("")).toContain("replica left out reason=behind");
  });

  it("as it hangs, or was killed, until it is back", async () => {
    const { both, first, standby, found, foundOnReplica } = network;
    const primaryAnswers = async (served: Served) =>
      expect(await found(served, token)).toMatchObject(byPrimary);
    standby.freeze();
    await Promise.all(both.map(primaryAnswers));
    await standby.kill();
    await Promise.all(both.map(primaryAnswers));
    await expect.poll(() => first.measured("wayhouse_replica_in_use")).toBe(0);
    expect(first.faults.join("")).toContain("replica left out reason=unreachable");
    await standby.start();
    expect(await foundOnReplica(first, token)).toMatchObject({ Pomegranate: 8 });
    expect(await first.measured("wayhouse_replica_in_use")).toBe(1);
  });
});

it("30 revocations under load are known everywhere in time, though the replica is held up again and again", async () => {
  const database = await createTestDatabase();
  const standby = await startStandby(database);
  const environment = { DATABASE_READ_URL: standby.apiUrl, METRICS_PORT: "0" };
  const drill = await startDrill(database, 30, 100, environment);
  const ending = new AbortController();
  const holdingUp = (async () => {
    while (!ending.signal.aborted) {
      await standby.pause();
      await sleep(300);
      await standby.resume();
      await sleep(400);
    }
  })();
  const measured = async (outcome: string) => {
    const texts = await Promise.all(
      drill.processes.map(async (one) => (await fetch(`${one.operations()}/metrics`)).text()),
    );
    const counts = new RegExp(
      `^wayhouse_replica_reads_total\\{outcome="${outcome}"\\} (\\d+)$`,
      "m",
    );
    return texts.reduce((sum, text) => sum + Number(counts.exec(text)?.[1] ?? 0), 0);
  };
  try {
    const late = [];
    for (let nth = 0; nth < 30; nth++) {
      const outcome = await drill.revoke(LEVELS[nth % LEVELS.length]!, async () => {});
      // As without a replica: tests/long/revocation.test.ts.
      if (outcome.query > 250 || outcome.stream > 1_000) late.push(outcome);
    }
    const [answered, behind] = [await measured("answered"), await measured("behind")];
    console.log(`the replica answered ${answered} times, and was behind ${behind} times`);
    expect([...late, ...drill.load.failed]).toEqual([]);
    expect(answered).toBeGreaterThan(100);
    expect(behind).toBeGreaterThan(10);
  } finally {
    ending.abort();
    await holdingUp;
    await drill.stop();
    await standby.stop();
    await database.leave();
  }
});
