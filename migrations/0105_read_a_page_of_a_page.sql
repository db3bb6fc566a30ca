-- A page of events read every hold and handoff that the caller sees, to look up the few that the page names: where the
-- planner expects many rows it reads all that they might be. Of what is asked row by row it has no such choice.
-- And whoever asked for a shelter that is neither its own nor shared read all stays that it ever had.

alter policy seen_with_its_subject on event using (
  case subject_type
    when 'Handoff' then (select viewer_organisation()) in (owner_id, party_id)
      and (subject_id in (select h.id from handoff h where h.id = subject_id)
        or subject_id in (select c.handoff_id from handoff_candidate c where c.handoff_id = subject_id))
    when 'BedHold' then (select viewer_organisation()) in (owner_id, party_id)
      and subject_id in (select h.id from bed_hold h where h.id = subject_id)
    when 'SharingGrant' then (select viewer_organisation()) in (owner_id, party_id)
      and (select viewer_may('sharing:manage'))
    when 'Client' then owner_id = (select viewer_organisation())
      and subject_id in (select c.id from client c where c.id = subject_id)
    when 'Circle' then owner_id = (select viewer_organisation())
      and (select viewer_may('organisations:read'))
    when 'Shelter' then subject_id in (
      select s.id from shelter s
        where s.id = subject_id and (
          s.owner_id = (select viewer_organisation())
          or s.owner_id = any (array(select viewer_reach_everywhere('beds:read', 'beds:hold')))
          or (s.owner_id, s.country) in (
            select r.owner_id, r.country from viewer_reach_by_country('beds:read', 'beds:hold') r)
          or s.id in (
            select b.shelter_id from bed_stay b join bed_hold h on h.id = b.hold_id
              where b.shelter_id = s.id and b.holder_id = (select viewer_organisation())
                and hold_status(h.status, h.expires_at, h.ends_on) in ('HELD', 'CONFIRMED'))))
    when 'ConsulateContact' then
      case kind
        when 'CONSULATE_CHANGED' then party_id is null or (select viewer_organisation()) in (owner_id, party_id)
        when 'REVEAL_WANTED' then owner_id = (select viewer_organisation()) and (select viewer_may('consulates:manage'))
        else (select viewer_organisation()) in (owner_id, party_id)
      end and subject_id in (select c.id from consulate_contact c where c.id = subject_id)
    when 'Advisory' then (select viewer_may('advisories:read'))
      and subject_id in (select a.id from advisory a where a.id = subject_id)
    when 'Organisation' then (select viewer_may('organisations:read'))
      and (party_id is null or (select viewer_organisation()) in (owner_id, party_id))
      and subject_id in (select o.id from organisation o where o.id = subject_id)
    else false
  end);

alter policy seen_by_owner_and_those_it_is_shared_with on shelter using (
  owner_id = (select viewer_organisation()) and (select viewer_may('beds:read', 'beds:hold', 'beds:manage'))
  or owner_id = any (array(select viewer_reach_everywhere('beds:read', 'beds:hold')))
  or (owner_id, country) in (
    select r.owner_id, r.country from viewer_reach_by_country('beds:read', 'beds:hold') r)
  or id in (
    select b.shelter_id from bed_stay b
      where b.shelter_id = shelter.id and b.holder_id = (select viewer_organisation()) and (select viewer_may('beds:hold'))));

-- Whether the place is kept is asked once.
create or replace function read_events(in_transaction xid8, in_position bigint, in_kinds text[], in_limit integer)
  returns table (
    horizon xid8, is_kept boolean, transaction_id xid8, "position" bigint, kind text, subject_type text,
    subject_id uuid, at timestamptz)
  language sql stable set search_path = public, pg_temp
begin atomic
  select h.horizon, h.is_kept, e.transaction_id, e."position", e.kind, e.subject_type, e.subject_id, e.at
    from (
      select pg_snapshot_xmin(pg_current_snapshot()) as horizon,
          event_place_is_kept(in_transaction, in_position) as is_kept
        offset 0) h
    left join lateral (
      select e.transaction_id, e."position", e.kind, e.subject_type, e.subject_id, e.at
        from event e
        where (e.transaction_id, e."position") > (in_transaction, in_position)
          and e.transaction_id < h.horizon
          and (in_kinds is null or e.kind = any (in_kinds))
        order by e.transaction_id, e."position" limit in_limit) e on true;
end;

-- Lists of what the viewer has, in order of id, under its own eyes. Of an index that is in this order no more is read than
-- a page takes: a plan for any organisation and any limit would read and sort all there is, for it takes it to be little.

create function list_holds(in_as_host boolean, in_statuses text[], in_after uuid, in_limit integer)
  returns setof bed_hold
  language plpgsql stable rows 20 set search_path = public, pg_temp set enable_bitmapscan = off
as $$
declare
  viewer uuid := viewer_organisation();
  least uuid := coalesce(in_after, '00000000-0000-0000-0000-000000000000');
begin
  if in_as_host then
    return query
      select h.* from bed_hold h
        where h.host_id = viewer and h.id > least
          and (in_statuses is null or hold_status(h.status, h.expires_at, h.ends_on) = any (in_statuses))
        order by h.id limit in_limit;
  else
    return query
      select h.* from bed_hold h
        where h.holder_id = viewer and h.id > least
          and (in_statuses is null or hold_status(h.status, h.expires_at, h.ends_on) = any (in_statuses))
        order by h.id limit in_limit;
  end if;
end
$$;

create function list_outbox(in_statuses text[], in_after uuid, in_limit integer) returns setof handoff
  language plpgsql stable rows 20 set search_path = public, pg_temp set enable_bitmapscan = off
as $$
declare
  viewer uuid := viewer_organisation();
  least uuid := coalesce(in_after, '00000000-0000-0000-0000-000000000000');
begin
  return query
    select h.* from handoff h
      where h.sender_id = viewer and h.id > least
        and (in_statuses is null
          or handoff_status(h, (select closed_countries()), (select inactive_organisations())) = any (in_statuses))
      order by h.id limit in_limit;
end
$$;

create function list_grants(in_received boolean, in_after uuid, in_limit integer) returns setof sharing_grant
  language plpgsql stable rows 20 set search_path = public, pg_temp set enable_bitmapscan = off
as $$
declare
  viewer uuid := viewer_organisation();
  least uuid := coalesce(in_after, '00000000-0000-0000-0000-000000000000');
begin
  if in_received then
    return query
      select g.* from sharing_grant g
        where g.id = any (array(
          select distinct r from viewer_granted() r where r > least order by r limit in_limit))
        order by g.id;
  else
    return query
      select g.* from sharing_grant g
        where g.owner_id = viewer and g.id > least
        order by g.id limit in_limit;
  end if;
end
$$;

grant execute on function list_holds(boolean, text[], uuid, integer), list_outbox(text[], uuid, integer),
  list_grants(boolean, uuid, integer) to wayhouse_api;
