import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { generateSigningKey } from "../../src/platform/auth/sign.ts";
import { type Demo, startDemo } from "../support/demo.ts";
import { asSuperuser } from "../support/postgres.ts";
import { type Fleet, startFleet } from "../support/processes.ts";
import { claimsOf, headerOf, present, proofOf, signProof } from "../support/proofs.ts";
import { openRaw, postOf, statusesOf } from "../support/raw.ts";

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

it("one proof sent 1,000 times at once to three processes is accepted once", async () => {
  const key = await generateSigningKey();
  const token = await demo.tokenOf({ organisation: "lantern", scopes: SCOPES, jkt: key.kid });
  const headers = { authorization: `DPoP ${token}`, dpop: proofOf(key, token) };
  // Of a query, whoever was let in might have no connection left to be confirmed by.
  const post = postOf(headers, { query: "mutation { __typename }" });
  const senders = await Promise.all(
    Array.from({ length: PARALLEL }, (_, nth) => openRaw(fleet.urlOf(nth % fleet.size))),
  );
  for (const sender of senders) sender.send(post);
  const statuses = (await Promise.all(senders.map(({ answer }) => answer))).flatMap(statusesOf);
  expect(statuses).toHaveLength(PARALLEL);
  expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  // 503: had waited too long for a connection to have its proof looked at.
  expect(statuses.filter((status) => ![200, 401, 503].includes(status))).toEqual([]);
  expect(fleet.fallen).toEqual([]);
});

it("nobody uses up another key's proof by taking its jti", async () => {
  const jti = randomUUID();
  for (let nth = 0; nth < 2; nth++) {
    const key = await generateSigningKey();
    const token = await demo.tokenOf({ organisation: "lantern", jkt: key.kid });
    const proof = signProof(key, headerOf(key), { ...claimsOf(token), jti });
    expect((await present(demo.url, `DPoP ${token}`, proof)).status).toBe(200);
    expect((await present(demo.url, `DPoP ${token}`, proof)).status).toBe(401);
  }
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
