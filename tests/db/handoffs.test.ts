import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { decodeId } from "../../src/kernel/ids.ts";
import { codeOf, type Demo, idOf, startDemo } from "../support/demo.ts";
import { accept, meddle, offer, openTo, plantEnvelope, see, step } from "../support/handoffs.ts";
import { heldUp, waiting } from "../support/held-up.ts";
import { hold, shelter, stay } from "../support/holds.ts";
import { envelopeFor, sealingKey } from "../support/keys.ts";
import { mutate } from "../support/mutate.ts";
import { asSuperuser } from "../support/postgres.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
  await openTo(ask, "lantern", ["harbour", "bridge"]);
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const uuid = (id: string) => decodeId(id)!.uuid;
const offered = async () =>
  (await offer(ask, "lantern", ["harbour", "bridge"])).data["offerHandoff"] as { id: string };
const envelopes = async (id: string) =>
  (await meddle(demo, "select from handoff_envelope where handoff_id = $1", [uuid(id)])).rowCount;

describe("a suspended recipient", () => {
  let organisationId: string;
  beforeAll(async () => {
    organisationId = await idOf(ask, "bridge");
  });
  const setStatus = (status: string) =>
    mutate(ask, "coordinator", "setOrganisationStatus", { organisationId, status }, "{ status }");
  afterEach(async () => {
    await setStatus("ACTIVE");
  });
  const accepted = async () => {
    const { id } = await offered();
    await accept(ask, "bridge", id);
    await plantEnvelope(demo, id);
    return id;
  };

  it("leaves its handoffs on hold without their envelopes, for the sender to cancel", async () => {
    const id = await accepted();
    await setStatus("SUSPENDED");
    expect(await see(ask, "lantern", id)).toMatchObject({
      status: "ON_HOLD",
      reason: "ORGANISATION_SUSPENDED",
    });
    expect(await envelopes(id)).toBe(0);
    const { data } = await step(ask, "lantern", "cancelHandoff", id);
    expect(data["cancelHandoff"].status).toBe("CANCELLED");
  });

  it("loses the envelopes of what was on hold before, too, and the sender is told", async () => {
    const id = await accepted();
    await step(ask, "bridge", "holdHandoff", id);
    const told = async () =>
      (await meddle(demo, "select from event where subject_id = $1", [uuid(id)])).rowCount!;
    const before = [await told(), (await see(ask, "lantern", id)).history];
    await setStatus("SUSPENDED");
    expect(await envelopes(id)).toBe(0);
    const { history, ...seen } = await see(ask, "lantern", id);
    expect(seen).toMatchObject({ status: "ON_HOLD", reason: "ORGANISATION_SUSPENDED" });
    expect([await told(), history]).toEqual([(before[0] as number) + 1, before[1]]);
    await setStatus("ACTIVE");
    const { data } = await step(ask, "bridge", "resumeHandoff", id);
    expect(data["resumeHandoff"]).toMatchObject({ status: "ACCEPTED", envelope: null });
  });

  it("does not keep what it accepts or resumes at that moment", async () => {
    const requested = (await offered()).id;
    const held = await accepted();
    await step(ask, "bridge", "holdHandoff", held);
    for (const [id, field] of [
      [requested, "acceptHandoff"],
      [held, "resumeHandoff"],
    ] as const) {
      const [, suspended] = await heldUp(
        demo,
        "lantern",
        () => step(ask, "bridge", field, id),
        () => setStatus("SUSPENDED"),
      );
      expect(suspended.errors).toBeUndefined();
      const { status, history } = await see(ask, "lantern", id);
      expect(status).toBe("ON_HOLD");
      expect(history.slice(-2)).toEqual([
        { to: "ACCEPTED", by: "RECIPIENT" },
        { to: "ON_HOLD", by: "NETWORK" },
      ]);
      expect(await envelopes(id)).toBe(0);
      await setStatus("ACTIVE");
    }
  });

  it("stops them with a right of its own where it locks itself down, and its partner's chain says so", async () => {
    const id = await accepted();
    await mutate(ask, "bridge", "lockDownOrganisation", { organisationId });
    const { data } = await ask(
      "lantern",
      "{ auditTrail { edges { node { action scope subjectId } } } }",
    );
    const entries = data["auditTrail"].edges.map(({ node }: { node: object }) => node) as object[];
    const scope = "CLIENTS_MANAGE";
    expect(entries).toContainEqual({ action: "suspendHandoff", scope, subjectId: id });
    await setStatus("ACTIVE");
    await openTo(ask, "lantern", ["bridge"]);
  });

  it("does not bring back what had expired", async () => {
    const { id } = await offered();
    await accept(ask, "bridge", id);
    await meddle(demo, "update handoff set seal_by = now() where id = $1", [uuid(id)]);
    await setStatus("SUSPENDED");
    expect((await see(ask, "lantern", id)).status).toBe("EXPIRED");
  });

  it("cannot hinder it by a history without end, which is bounded", async () => {
    const id = await accepted();
    const lengthen = (to: number) =>
      meddle(
        demo,
        `insert into handoff_transition
          select h.id, n, h.sender_id, 'ACCEPTED', 'RECIPIENT' from handoff h, generate_series(3, $2::integer) n
          where h.id = $1 on conflict do nothing`,
        [uuid(id), to],
      );
    await lengthen(200);
    expect(codeOf(await step(ask, "bridge", "holdHandoff", id))).toBe("LIMIT_EXCEEDED");
    await lengthen(32_767);
    expect((await setStatus("SUSPENDED")).errors).toBeUndefined();
    expect((await see(ask, "lantern", id)).status).toBe("ON_HOLD");
    await meddle(demo, "delete from handoff where id = $1", [uuid(id)]);
  });
});

describe("the clock", () => {
  it("locks chains in their order, whatever that of the handoffs is", async () => {
    const two = [await offered(), await offered()].map(({ id }) => id);
    const [first, second] = two.toSorted((a, b) => (uuid(a) < uuid(b) ? -1 : 1));
    const handles = ["harbour", "bridge"];
    const chains = await Promise.all(handles.map(async (one) => uuid(await idOf(ask, one))));
    const [low, high] = chains.toSorted();
    const nameOf = (chain: string) => handles[chains.indexOf(chain)]!;
    await accept(ask, nameOf(high!), first!);
    await accept(ask, nameOf(low!), second!);
    await asSuperuser(demo.database.superuserUrl, async (client) => {
      await client.query("begin");
      await client.query("select lock_chains(array[$1::uuid])", [low]);
      // Only now: the process's own clock may come first, and is held up in our place.
      await meddle(demo, "update handoff set seal_by = now() where id = any ($1)", [two.map(uuid)]);
      const settled = meddle(demo, "select settle_handoffs(100)");
      await waiting(client, 1);
      await client.query("select lock_chains(array[$1::uuid])", [high]);
      await client.query("commit");
      await settled;
    });
    for (const id of two) {
      const found = () =>
        meddle(demo, "select status from handoff where id = $1", [uuid(id)]).then(
          ({ rows }) => rows,
        );
      await expect.poll(found).toEqual([{ status: "EXPIRED" }]);
    }
  });
});

describe("the purge", () => {
  it("leaves a handoff whose file is sealed anew while it looks at the old one", async () => {
    const key = await sealingKey(demo, "harbour");
    const { id: subject } = await offered();
    await accept(ask, "harbour", subject);
    await plantEnvelope(demo, subject);
    await meddle(demo, "update handoff_envelope set sealed_at = now() - interval '20 days'");
    // Held up once it has begun to look: what is volatile the planner does not ask.
    await meddle(
      demo,
      `create or replace function due_before(in_table text) returns timestamptz volatile language plpgsql as $$
        begin
          if in_table = 'handoff_envelope' then
            perform pg_advisory_xact_lock_shared(1);
          end if;
          return now() - (select r.keep from retention r where r.table_name = in_table);
        end $$`,
    );
    await asSuperuser(demo.database.superuserUrl, async (client) => {
      await client.query("select pg_advisory_lock(1)");
      const purged = meddle(demo, "select purge_table('handoff_envelope', 100)");
      await waiting(client, 1);
      const what = { from: "lantern", to: "harbour", key, subject, text: "the station by noon" };
      const input = { id: subject, envelope: await envelopeFor(demo, what) };
      await mutate(ask, "lantern", "sealHandoff", input, "{ __typename }");
      await client.query("select pg_advisory_unlock(1)");
      await purged;
    });
    expect(await see(ask, "harbour", subject)).toMatchObject({
      status: "ACCEPTED",
      envelope: expect.any(String),
    });
  });
});

describe("a stranger", () => {
  it("does not wait for whoever has a handoff locked", async () => {
    const { id } = await offered();
    await asSuperuser(demo.database.superuserUrl, async (client) => {
      await client.query("begin");
      await client.query("select from handoff where id = $1 for update", [uuid(id)]);
      const answer = await step(ask, "outsider", "acknowledgeHandoff", id);
      await client.query("rollback");
      expect(codeOf(answer)).toBe("NOT_FOUND");
    });
  });
});

/** How many pairs are remembered and not tied, or tied and not remembered. */
const differences = () =>
  asSuperuser(demo.database.superuserUrl, async (client) => {
    const { rows } = await client.query<{ wrong: number }>(`
      with tied as (
        select one as id, other as k from (
          select organisation_id as one, introduced_id as other from introduction
          union select owner_id, organisation_id from sharing_grant
          union select holder_id, host_id from bed_hold
          union select host_id, holder_id from bed_hold
          union select sender_id, recipient_id from handoff
          union select recipient_id, sender_id from handoff
          union select sender_id, organisation_id from handoff_candidate) t
        where one <> other)
      select count(*)::integer as wrong from (
        (table acquaintance except table tied) union all (table tied except table acquaintance)) d`);
    return rows[0]!.wrong;
  });

describe("whom an organisation is acquainted with", () => {
  it("is not forgotten while somebody ties the two anew", async () => {
    const at = [stay(await shelter(ask, "Pomegranate"), 1)];
    const old = (await hold(ask, "lantern", at)).data["holdBeds"].id as string;
    await meddle(demo, "delete from handoff");
    await meddle(demo, "delete from sharing_grant");
    await asSuperuser(demo.database.superuserUrl, async (client) => {
      await client.query("begin");
      await client.query(
        `insert into bed_hold (id, holder_id, host_id, status, ends_on)
          select gen_random_uuid(), holder_id, host_id, 'RELEASED', ends_on from bed_hold where id = $1`,
        [uuid(old)],
      );
      const purged = meddle(demo, "delete from bed_hold where id = $1", [uuid(old)]);
      await Promise.race([purged, waiting(client, 1)]);
      await client.query("commit");
      await purged;
    });
    expect(await differences()).toBe(0);
    await openTo(ask, "lantern", ["harbour"]);
  });

  it("is not asked anew of each row that is purged, however many others there are", async () => {
    await hold(ask, "lantern", [stay(await shelter(ask, "Pomegranate"), 1)]);
    const plant = (client: pg.Client, count: number, days: number) =>
      client.query(
        `insert into bed_hold (id, holder_id, host_id, status, ends_on, ended_at)
          select gen_random_uuid(), h.holder_id, h.host_id, 'RELEASED', current_date, now() - $2::integer * interval '1 day'
          from (select * from bed_hold where holder_id <> host_id limit 1) h, generate_series(1, $1::integer)`,
        [count, days],
      );
    await asSuperuser(demo.database.superuserUrl, async (client) => {
      await client.query("begin");
      await client.query("set local enable_seqscan = off");
      await plant(client, 2_000, 1);
      await plant(client, 500, 40);
      const { rows } = await client.query<{ "QUERY PLAN": [{ Plan: Record<string, number> }] }>(
        "explain (analyze, buffers, format json) select purge_table('bed_hold', 1000)",
      );
      await client.query("rollback");
      const plan = rows[0]!["QUERY PLAN"][0].Plan;
      const blocks = plan["Shared Hit Blocks"]! + plan["Shared Read Blocks"]!;
      // As many as there are others, where each row asks.
      expect(blocks / 500).toBeLessThan(100);
    });
  });
});
