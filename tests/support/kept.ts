import pg from "pg";
import { CASE } from "./of-case.ts";

/** Between the ids of an organisation's own. */
export const LIVE_FROM = "40000000-0000-4000-8000-000000000000";

/** 8-kB blocks that a statement touches once its plan is known. */
export async function blocksOf(observer: pg.Client, text: string): Promise<number> {
  const read = async () => {
    const { rows } = await observer.query<{ "QUERY PLAN": [{ Plan: Record<string, number> }] }>(
      `explain (analyze, buffers, format json) ${text}`,
    );
    const plan = rows[0]!["QUERY PLAN"][0].Plan;
    return plan["Shared Hit Blocks"]! + plan["Shared Read Blocks"]!;
  };
  await read();
  return read();
}

/** As far from one another as random ones, and the same each time: what a page reads is not a matter of luck. */
const id = (of: string) => `md5('kept ${of}' || n)::uuid`;

/**
 * Thousands of what an organisation has held, hosted, sent, received, been asked, given, sealed and taken back, nothing of it
 * due, with an event of each of its holds and handoffs. The offer next after LIVE_FROM waits for an answer.
 */
export function haveKept(observer: pg.Client, me: string, other: string): Promise<unknown> {
  return observer.query(`
    set session_replication_role = replica;
    insert into bed_hold (id, holder_id, host_id, status, ends_on, ended_at)
      select ${id("hold")}, '${me}', '${other}', 'RELEASED', current_date, now() from generate_series(1, 2000) n;
    insert into bed_hold_reference
      select ${id("hold")}, '${me}', '${other}', '${CASE}' from generate_series(1, 2000) n;
    insert into bed_hold (id, holder_id, host_id, status, ends_on, ended_at)
      select ${id("hosted")}, '${other}', '${me}', 'RELEASED', current_date, now() from generate_series(1, 2000) n;
    insert into handoff
      select (jsonb_populate_record(h, jsonb_build_object('id', ${id("handoff")}))).*
        from (select h as h from handoff h where h.sender_id = '${me}' and h.status = 'COMPLETED' limit 1) o, generate_series(1, 2000) n;
    insert into handoff_reference select ${id("handoff")}, '${me}', '${CASE}' from generate_series(1, 2000) n;
    insert into handoff
      select (jsonb_populate_record(h, '{"id":"${LIVE_FROM.slice(0, -1)}1"}')).*
        from (select h as h from handoff h where h.sender_id = '${me}' and h.status = 'REQUESTED' limit 1) o;
    insert into handoff
      select (jsonb_populate_record(h, jsonb_build_object('id', ${id("received")}, 'sender_id', '${other}', 'recipient_id', '${me}'))).*
        from (select h as h from handoff h where h.sender_id = '${me}' and h.status = 'COMPLETED' limit 1) o, generate_series(1, 2000) n;
    insert into handoff
      select (jsonb_populate_record(h, jsonb_build_object('id', ${id("asked")}, 'sender_id', '${other}', 'status', 'CANCELLED'))).*
        from (select h as h from handoff h where h.sender_id = '${me}' and h.status = 'REQUESTED' limit 1) o, generate_series(1, 2000) n;
    insert into sharing_grant (id, owner_id, organisation_id, scopes, revoked_at)
      select ${id("grant")}, '${me}', '${other}', '{beds:read}', now() from generate_series(1, 2000) n;
    insert into event (kind, subject_type, subject_id, owner_id, party_id)
      select 'BED_HOLD_CHANGED', 'BedHold', id, host_id, holder_id from bed_hold where holder_id = '${me}';
    insert into event (kind, subject_type, subject_id, owner_id, party_id)
      select 'HANDOFF_CHANGED', 'Handoff', id, sender_id, recipient_id from handoff where sender_id = '${me}';
    insert into handoff_candidate (handoff_id, sender_id, organisation_id, is_open, is_over)
      select ${id("candidate")}, '${other}', '${me}', false, false from generate_series(1, 2000) n;
    insert into handoff_candidate (handoff_id, sender_id, organisation_id, is_open, is_over, over_as)
      select ${id("asked")}, '${other}', '${me}', true, true, 'N' from generate_series(1, 2000) n;
    insert into revocation (organisation_id, transaction_id)
      select o.id, n::text::xid8 from generate_series(1, 100) n, organisation o;
    insert into revoked_token select '${me}', n, now() + interval '1 hour' from generate_series(1, 2000) n;
    insert into consulate_contact (owner_id, representing, country, locality, documents, risk_profiles, languages, review_by, programme)
      select '${me}', 'DE', 'AM', 'Yerevan', '{HUMANITARIAN_VISA}', '{OTHER}', '{en}', now() + interval '90 days', p
        from unnest('{ACTIVE,CLOSED}'::text[]) p, generate_series(1, 1000);
    insert into organisation_key (organisation_id, kid, use, jwk) values ('${other}', 'kid', 'SEAL', '{}');
    insert into organisation_key (organisation_id, kid, use, jwk, retired_at)
      select '${me}', n, 'SIGN', '{}', now() from generate_series(1, 2000) n;
    insert into handoff_envelope (handoff_id, recipient_id, envelope)
      select h.id, o.ids[1 + row_number() over () % cardinality(o.ids)], repeat('x', 500)
        from handoff h, (select array_agg(id) as ids from organisation where id <> '${me}') o
        where h.sender_id = '${me}' order by h.id limit 200;
    insert into audit_entry
      select '${me}', 10000 + n, now() - interval '1 day', '${me}', 'bot', '${other}', 'holdBeds', 'beds:hold', 'BedHold', gen_random_uuid(), '', ''
        from generate_series(1, 2000) n;
    insert into sharing_reach (grant_id, organisation_id, owner_id, scope, valid_from)
      values (gen_random_uuid(), '${other}', '${me}', 'consulates:reveal', now());
    insert into consulate_envelope (contact_id, recipient_id, envelope)
      select id, '${other}', '${Buffer.from('{"kid":"kid"}').toString("base64url")}.' || repeat('x', 1000)
        from consulate_contact where owner_id = '${me}' and programme = 'ACTIVE';
    set session_replication_role = origin;
    analyze bed_hold, handoff, sharing_grant, event, revoked_token, consulate_contact, consulate_envelope, organisation_key,
      handoff_envelope, audit_entry, handoff_candidate, revocation, bed_hold_reference, handoff_reference`);
}

/** As thousands of handoffs that others have accepted, each until tomorrow, to where none of their people is kept from. */
export function haveAccepted(observer: pg.Client, me: string): Promise<unknown> {
  return observer.query(`
    set session_replication_role = replica;
    insert into handoff
      select (jsonb_populate_record(a.h, jsonb_build_object('id', ${id("accepted")}, 'seal_by', now() + interval '1 day'))).*
        from (select h, row_number() over (order by id) as nth, count(*) over () as among from handoff h
            where handoff_status(h) = 'ACCEPTED' and '${me}' not in (sender_id, recipient_id)) a, generate_series(1, 2000) n
        where a.nth = 1 + n % a.among;
    set session_replication_role = origin;
    analyze handoff`);
}

/** Of those that there are, the one over which a process asks for this. */
export async function connectionOf(ask: () => Promise<void>): Promise<pg.Client> {
  const client = pg.Client.prototype as unknown as {
    query: (this: unknown, ...call: unknown[]) => unknown;
  };
  const { query } = client;
  const used: unknown[] = [];
  client.query = function (...call) {
    const { statements = [] } = call[0] as { statements?: { text: string }[] };
    if (statements.some(({ text }) => text.includes("from admit("))) used.push(this);
    return query.apply(this, call);
  };
  try {
    await ask();
  } finally {
    client.query = query;
  }
  return used[0] as pg.Client;
}
