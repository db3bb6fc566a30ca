import { afterAll, beforeAll, expect, it } from "vitest";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { generateSigningKey } from "../../src/platform/auth/sign.ts";
import { type Demo, startDemo } from "../support/demo.ts";
import { asSuperuser } from "../support/postgres.ts";
import { type Fleet, startFleet } from "../support/processes.ts";
import { present, proofOf } from "../support/proofs.ts";

const PARALLEL = 1_000;
let demo: Demo;
let fleet: Fleet;
beforeAll(async () => {
  demo = await startDemo();
  fleet = await startFleet(demo.database.apiUrl, 3);
});
afterAll(async () => {
  await fleet?.stop();
  await demo?.stop();
});

/** Statuses of one proof, sent to every process at once. */
async function race(): Promise<number[]> {
  const key = await generateSigningKey();
  const token = await demo.tokenOf({ organisation: "lantern", scopes: SCOPES, jkt: key.kid });
  const proof = proofOf(key, token);
  const outcomes = await Promise.all(
    Array.from({ length: PARALLEL }, (_, nth) =>
      present(fleet.urlOf(nth % fleet.size), `DPoP ${token}`, proof, "{ __typename }"),
    ),
  );
  return outcomes.map(({ status }) => status);
}

it("one proof sent 1,000 times at once to three processes is accepted once", async () => {
  let accepted = 0;
  // Where the one that was let in had no connection left to go on with, 503, another proof is raced.
  for (let rounds = 0; accepted === 0 && rounds < 3; rounds++) {
    const statuses = await race();
    accepted = statuses.filter((status) => status === 200).length;
    expect(statuses.filter((status) => ![200, 401, 503].includes(status))).toEqual([]);
  }
  expect(accepted).toBe(1);
  expect(fleet.fallen).toEqual([]);
});

it("what was remembered of proofs is purged once they are too old, so many at a time", async () => {
  await asSuperuser(demo.database.superuserUrl, async (client) => {
    const remembered = async () => {
      const { rows } = await client.query<{ count: number }>(
        "select count(*)::integer as count from used_proof",
      );
      return rows[0]!.count;
    };
    const plant = (age: string) =>
      client.query(
        `insert into used_proof select sha256(convert_to($1 || n, 'UTF8')), now() - $1::interval
           from generate_series(1, 10) n`,
        [age],
      );
    const before = await remembered();
    await plant("30 seconds");
    await client.query("begin");
    await plant("2 minutes");
    await client.query("select purge_used_proofs(4)");
    expect(await remembered()).toBe(before + 16);
    await client.query("select purge_used_proofs(100)");
    expect(await remembered()).toBe(before + 10);
    await client.query("commit");
  });
});
