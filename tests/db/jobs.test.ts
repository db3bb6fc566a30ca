import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Pool } from "../../src/platform/db/pool.ts";
import { startClock } from "../../src/platform/jobs/clock.ts";
import { purgeToTheEnd } from "../../src/platform/jobs/purge.ts";
import { TASKS } from "../../src/platform/jobs/tasks.ts";
import type { Log } from "../../src/platform/telemetry/log.ts";
import { createMetrics } from "../../src/platform/telemetry/metrics.ts";
import { NO_TRACING, type Tracing } from "../../src/platform/telemetry/tracing.ts";
import { waiting } from "../support/held-up.ts";
import { type Retained, startRetained } from "../support/retained.ts";
import { HANDOFF, midnight, OVERDUE_HOLD, OVERDUE_OFFER, PLANTS } from "../support/retention.ts";

let retained: Retained;
let owner: pg.Client;
let pool: Pool;
beforeAll(async () => {
  retained = await startRetained();
  ({ owner, pool } = retained);
});
afterAll(async () => {
  await retained?.stop();
});
const logged: object[] = [];
const log: Log = (event, fields) => void logged.push({ event, ...fields });

const due = `${midnight(30)} - interval '1 second'`;
it.each<[string, string, string, readonly string[]]>([
  ["purge_bed_hold", "1000)", "2)", PLANTS["bed_hold"]![1](due)],
  ["settle_holds", "200)", "2)", [OVERDUE_HOLD]],
  ["settle_handoffs", "(200)", "(2)", [OVERDUE_OFFER]],
])(
  "the job %s is begun again at once where there is more than a batch, and not when nothing is left",
  async (name, many, few, make) => {
    const task = TASKS.find((one) => one.name === name)!;
    await owner.query(task.text);
    for (let nth = 0; nth < 5; nth++) await retained.plant(make);
    const text = task.text.replace(many, few);
    let runs = 0;
    const tracing: Tracing = {
      ...NO_TRACING,
      span(...span) {
        runs++;
        return NO_TRACING.span(...span);
      },
    };
    const metrics = createMetrics();
    const tasks = [{ ...task, text, againMs: task.againMs! / 1_000 }];
    const clock = startClock({ pool, tasks, log: () => {}, metrics, tracing });
    await expect.poll(() => runs).toBe(4);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await clock.stop();
    const { rows } = await owner.query(task.text);
    expect([runs, rows]).toEqual([4, [{ done: 0 }]]);
  },
);

it("the purge waits, before anything is served, for the process that is at it", async () => {
  await retained.plant(PLANTS["bed_hold"]![1](`${midnight(30)} - interval '1 second'`));
  await owner.query("begin");
  await owner.query("select purge_table('bed_hold', 0)");
  let isThrough = false;
  const through = purgeToTheEnd(pool, log).then(() => (isThrough = true));
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(isThrough).toBe(false);
  await owner.query("commit");
  await through;
  expect(await retained.purge(1000)).toBe(0);
});

it("the purge of one table that fails stops no other; it is logged, and comes to its end later", async () => {
  await purgeToTheEnd(pool, log);
  const before = await retained.count("bed_hold");
  const asked = "select pg_get_functiondef('purge_handoffs'::regproc) as text";
  const working = (await owner.query(asked)).rows[0].text as string;
  for (const [days, make] of Object.values(PLANTS))
    await retained.plant(make(`${midnight(days)} - interval '1 second'`));
  const kept = await retained.count("handoff");
  await owner.query(`
    create or replace function purge_handoffs(in_limit integer) returns table (parties uuid[])
      language plpgsql as $$ begin raise exception 'of %', (select id from handoff limit 1); end $$`);
  logged.length = 0;
  await purgeToTheEnd(pool, log);
  expect(logged).toEqual([
    expect.objectContaining({ event: "job_failed", job: "purge_handoff", code: "P0001" }),
  ]);
  expect([await retained.count("handoff"), await retained.count("bed_hold")]).toEqual([
    kept,
    before,
  ]);
  await owner.query(working);
  await purgeToTheEnd(pool, log);
  expect([logged.length, await retained.count("handoff")]).toEqual([1, kept - 1]);
});

it("a handoff that the clock ends at the moment of a suspension stays ended", async () => {
  const ids = [retained.lantern, retained.harbour].map(({ organisationId }) => organisationId);
  const handoff = await retained.plant([HANDOFF("ACCEPTED", "now() + interval '9 days'")]);
  await owner.query("begin");
  await owner.query("update handoff set status = 'EXPIRED' where id = $1", [handoff]);
  const suspended = pool.query(`
    select set_config('wayhouse.organisation', '${ids[0]}', true), set_config('wayhouse.scopes', 'network:admin', true);
    select suspend_handoffs_of('${ids[1]}', '{}')`);
  await Promise.race([suspended, waiting(owner, 1)]);
  await owner.query("commit");
  await suspended;
  const { rows } = await owner.query("select status from handoff where id = $1", [handoff]);
  expect(rows).toEqual([{ status: "EXPIRED" }]);
});

it("a handoff that is cancelled while the clock looks at it stays as it was cancelled", async () => {
  const handoff = await retained.plant([
    HANDOFF("ACCEPTED", "now() + interval '9 days'"),
    ...PLANTS["advisory"]![1]("now() + interval '1 day'"),
  ]);
  const asked = "select pg_get_functiondef('is_blocked'::regproc) as text";
  const text = (await owner.query(asked)).rows[0].text as string;
  // Held up once it has begun to look.
  const held = `language plpgsql as $$ begin perform pg_advisory_xact_lock_shared(1); return true; end $$`;
  await owner.query(text.replace(/language sql.*/is, () => `${held}; select pg_advisory_lock(1)`));
  const settled = pool.query("select settle_handoffs(10) as done");
  await waiting(owner, 1);
  await owner.query("update handoff set status = 'CANCELLED' where id = $1", [handoff]);
  await owner.query(`select pg_advisory_unlock(1); ${text}`);
  expect((await settled).rows).toEqual([{ done: 0 }]);
  const cancelled = `handoff where id = '${handoff}' and status = 'CANCELLED' and reason is null`;
  expect(await retained.count(cancelled)).toBe(1);
});
