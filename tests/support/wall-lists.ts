import { id } from "./walls.ts";

/** Before the clock has come, and after: of each state that is stored one of either, in a country that is closed and in none. */
const DEADLINES = "(values (now() - interval '1 day'), (now() + interval '1 day')) d (at)";
const HANDOFF = (recipient: string) => `select (jsonb_populate_record(h.h, jsonb_build_object(
      'id', md5(concat(sender, ${recipient}, status, d.at, country))::uuid, 'sender_id', sender, 'recipient_id', ${recipient},
      'status', status, 'held_from', case when status = 'ON_HOLD' then 'IN_PROGRESS' end, 'decide_by', d.at, 'seal_by', d.at,
      'destinations', array[country]))).*
    from (select h from handoff h where h.id = '${id.accepted}') h, ${DEADLINES}, unnest('{AM,GE}'::text[]) country`;

/** What the partner has of everything, and all that its lists are to tell, as the table `whole`. */
export const LISTED = `
  insert into advisory (id, issuer_id, country, risk_profiles, level, hazards, expires_at)
    values ('${id.newcomer}', '${id.owner}', 'AM', '{OTHER}', 'AVOID', '{DEPORTATION}', now() + interval '1 day');
  insert into advisory_confirmation values ('${id.newcomer}', '${id.owner}', '${id.partner}');
  insert into bed_hold (id, holder_id, host_id, status, expires_at, ends_on)
    select md5(concat(holder, status, d.at))::uuid, holder, host, status, d.at, d.at::date
      from (values ('${id.partner}'::uuid, '${id.owner}'::uuid), ('${id.owner}', '${id.partner}')) s (holder, host),
        unnest('{HELD,CONFIRMED,RELEASED,DECLINED,EXPIRED,ENDED}'::text[]) status, ${DEADLINES};
  insert into handoff ${HANDOFF("recipient")},
    (values ('${id.partner}'::uuid, '${id.owner}'::uuid), ('${id.owner}', '${id.partner}'), ('${id.suspended}', '${id.partner}'))
      s (sender, recipient),
    unnest('{ACCEPTED,IN_PROGRESS,ON_HOLD,COMPLETED,CANCELLED,FAILED,EXPIRED}'::text[]) status;
  create temporary table offered on commit drop as ${HANDOFF("null::uuid")},
    (values ('${id.partner}'::uuid), ('${id.owner}'), ('${id.suspended}')) s (sender),
    unnest('{REQUESTED,REJECTED,CANCELLED,EXPIRED}'::text[]) status;
  insert into handoff select (jsonb_populate_record(o, '{"status": "REQUESTED"}')).* from offered o;
  insert into handoff_candidate (handoff_id, sender_id, organisation_id)
    select o.id, o.sender_id, c from offered o, unnest('{${id.partner},${id.former}}'::uuid[]) c where c <> o.sender_id;
  update handoff h set status = o.status from offered o where o.id = h.id and o.status <> 'REQUESTED';
  create temporary table whole on commit drop as
    select 'HOLDER' as list, h.id, hold_status(h.status, h.expires_at, h.ends_on) as status
      from bed_hold h where h.holder_id = '${id.partner}'
    union all
    select 'HOST', h.id, hold_status(h.status, h.expires_at, h.ends_on) from bed_hold h where h.host_id = '${id.partner}'
    union all
    select 'OUTBOX', h.id, handoff_status(h) from handoff h where h.sender_id = '${id.partner}'
    union all
    select 'INBOX', h.id, handoff_status(h) from handoff h
      where h.recipient_id = '${id.partner}' or h.recipient_id is null and exists (
        select from handoff_candidate c where c.handoff_id = h.id and c.organisation_id = '${id.partner}');
  grant select on whole to wayhouse_api;
  set local role wayhouse_api;
  select set_config('wayhouse.organisation', '${id.partner}', true),
    set_config('wayhouse.scopes', 'beds:hold beds:manage handoffs:read', true)`;

const STATUSES = {
  hold: "HELD,CONFIRMED,RELEASED,DECLINED,EXPIRED,ENDED",
  handoff: "REQUESTED,ACCEPTED,IN_PROGRESS,ON_HOLD,COMPLETED,REJECTED,CANCELLED,FAILED,EXPIRED",
};
/** By which call each is listed, of the statuses `of` (null: all), the first `most` after `place`; and what states there are. */
export const LISTS = (
  [
    ["HOLDER", "list_holds(false, of, place, most)", "hold"],
    ["HOST", "list_holds(true, of, place, most)", "hold"],
    ["OUTBOX", "list_outbox(of, place, most)", "handoff"],
    ["INBOX", "list_inbox(of, place, most)", "handoff"],
  ] as const
).map(([list, call, of]) => {
  const known = `'{${STATUSES[of]}}'::text[]`;
  const text = `
    with asked as (
      select m.mask, nullif(array(select (${known})[b] from generate_series(1, cardinality(${known})) b
          where m.mask & (1 << b - 1) > 0), case when m.mask = 1 << cardinality(${known}) then '{}'::text[] end) as of
        from generate_series(0, 1 << cardinality(${known})) m (mask)),
    page as (
      select a.of, place::uuid, case when place is null then 1000 else 1 + a.mask % 5 end as most
        from asked a, unnest('{null,55555555-5555-4555-8555-555555555555}'::text[]) place),
    told as (
      select p.*, array(select c.id from ${call} c) as told,
          array(select w.id from whole w
            where w.list = '${list}' and (of is null or w.status = any (of)) and (place is null or w.id > place)
            order by w.id limit most) as expected
        from page p)
    select count(*)::integer as asked, count(*) filter (where of is null)::integer as of_all,
        coalesce(jsonb_agg(to_jsonb(t)) filter (where told <> expected), '[]') as wrong,
        count(distinct expected)::integer as different,
        (select string_agg(distinct status, ',') from whole where list = '${list}') as statuses
      from told t`;
  return [list, text, STATUSES[of].split(",")] as const;
});
