-- Streams: who may read which event, in what order, and what ends them.

-- One row for each time that something was taken from an organisation. How many there are is its epoch:
-- a stream that was let in under another one is let in again or ends. Rows rather than a counter, so that
-- no two revocations wait for each other.
create table revocation (
  id bigint generated always as identity primary key,
  organisation_id uuid not null
    constraint a_revocation_is_of_an_organisation references organisation on delete cascade
);
create index revocation_by_organisation on revocation (organisation_id);
alter table revocation enable row level security;
alter table revocation force row level security;
create policy keeper on revocation to wayhouse_keeper using (true) with check (true);
grant select, insert on revocation to wayhouse_keeper;

create index event_by_owner on event (owner_id, transaction_id, position);
create index event_by_party on event (party_id, transaction_id, position);

-- Whoever sees a resource sees that it changed; of what two sides share, the two sides alone.
drop policy both_sides on event;
create policy seen_with_its_subject on event for select to wayhouse_api using (
  case subject_type
    when 'Handoff' then (select viewer_organisation()) in (owner_id, party_id)
      and exists (select from handoff h where h.id = subject_id)
    when 'BedHold' then (select viewer_organisation()) in (owner_id, party_id)
      and exists (select from bed_hold h where h.id = subject_id)
    when 'SharingGrant' then (select viewer_organisation()) in (owner_id, party_id)
      and exists (select from sharing_grant g where g.id = subject_id)
    when 'Client' then owner_id = (select viewer_organisation())
      and exists (select from client c where c.id = subject_id)
    when 'Circle' then owner_id = (select viewer_organisation())
      and (select viewer_may('organisations:read')) and exists (select from circle c where c.id = subject_id)
    when 'Shelter' then exists (select from shelter s where s.id = subject_id)
    when 'ConsulateContact' then
      case kind
        when 'CONSULATE_CHANGED' then party_id is null or (select viewer_organisation()) in (owner_id, party_id)
        when 'REVEAL_WANTED' then owner_id = (select viewer_organisation()) and (select viewer_may('consulates:manage'))
        else (select viewer_organisation()) in (owner_id, party_id)
      end and exists (select from consulate_contact c where c.id = subject_id)
    when 'Advisory' then (select viewer_may('advisories:read'))
      and exists (select from advisory a where a.id = subject_id)
    when 'Organisation' then (select viewer_may('organisations:read'))
      and exists (select from organisation o where o.id = subject_id)
    else false
  end);

-- Events after a place, in the order in which their transactions are settled: below the oldest one still
-- open no event can come late. A row without an event tells the horizon alone. is_kept: nothing after the
-- place was purged, and the place is none of another database's future.
grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

create function event_place_is_kept(in_transaction xid8, in_position bigint) returns boolean
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select in_transaction < pg_snapshot_xmax(pg_current_snapshot()) and exists (
    select from event e where (e.transaction_id, e.position) <= (in_transaction, in_position));
end;

create function epoch_of(in_organisation uuid) returns bigint
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select count(*) from revocation r where r.organisation_id = in_organisation;
end;

-- What a process asks many times a second: the epoch of each organisation that has streams there, and
-- whether an event after the place could be for it. Rather too many than too few: what an organisation
-- sees is for read_events to say.
create function stream_pulse(in_transaction xid8, in_organisations uuid[])
  returns table (horizon xid8, organisation_id uuid, epoch bigint, is_concerned boolean)
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  with h as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as horizon),
    fresh as materialized (
      select e.subject_type, e.subject_id, e.owner_id, e.party_id from h, event e
        where e.transaction_id >= in_transaction and e.transaction_id < h.horizon)
  select h.horizon, o.id, epoch_of(o.id), exists (
      select from fresh e
        where o.id in (e.owner_id, e.party_id)
          or e.subject_type in ('Advisory', 'Organisation')
          or e.subject_type in ('Shelter', 'ConsulateContact') and (
            exists (select from sharing_reach r where r.owner_id = e.owner_id and r.organisation_id = o.id)
            or exists (select from bed_stay s where s.holder_id = o.id and s.shelter_id = e.subject_id)))
    from h left join unnest(in_organisations) as o (id) on true;
end;

-- Which of an organisation's streams may go on, and with which scopes.
create function admit_streams(
  in_organisation uuid, in_clients text[], in_kids text[], in_jtis text[], in_scopes text[]
) returns table (index integer, scopes text[])
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select s.index::integer, a.scopes
    from unnest(in_clients, in_kids, in_jtis, in_scopes) with ordinality
      as s (client, kid, jti, scopes, index)
    cross join lateral admission(in_organisation, s.client, s.kid, s.jti, string_to_array(s.scopes, ' ')) a;
end;

create function note_revocation() returns trigger
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
  insert into revocation (organisation_id)
    values ((coalesce(to_jsonb(old), to_jsonb(new)) ->> tg_argv[0])::uuid);
  return null;
end
$$;

create function note_ended_reaches() returns trigger
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
  insert into revocation (organisation_id) select distinct e.organisation_id from ended e;
  return null;
end
$$;

create function note_locked_network() returns trigger
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
  insert into revocation (organisation_id) select o.id from organisation o;
  return null;
end
$$;

grant execute on function
    event_place_is_kept(xid8, bigint), epoch_of(uuid), stream_pulse(xid8, uuid[]),
    admit_streams(uuid, text[], text[], text[], text[])
  to wayhouse_api;
do $$
begin
  execute format('grant execute on function note_revocation(), note_ended_reaches(), note_locked_network() to %I', session_user);
end
$$;
reset role;
revoke create on schema public from wayhouse_keeper;

create function read_events(in_transaction xid8, in_position bigint, in_kinds text[], in_limit integer)
  returns table (
    horizon xid8, is_kept boolean, transaction_id xid8, "position" bigint, kind text,
    subject_type text, subject_id uuid, at timestamptz)
  language sql stable set search_path = public, pg_temp
begin atomic
  select h.horizon, h.is_kept, e.*
    from (
      select pg_snapshot_xmin(pg_current_snapshot()) as horizon,
        event_place_is_kept(in_transaction, in_position) as is_kept) h
    left join lateral (
      select e.transaction_id, e.position, e.kind, e.subject_type, e.subject_id, e.at from event e
        where (e.transaction_id, e.position) > (in_transaction, in_position) and e.transaction_id < h.horizon
          and (in_kinds is null or e.kind = any (in_kinds))
        order by e.transaction_id, e.position limit in_limit) e on true;
end;
grant execute on function read_events(xid8, bigint, text[], integer) to wayhouse_api;

create trigger a_status_lost_ends_streams after update on organisation
  for each row when (new.status <> 'ACTIVE' and old.status = 'ACTIVE') execute function note_revocation('id');
create trigger a_ceiling_lowered_ends_streams after update on organisation_account
  for each row when (not old.scopes <@ new.scopes) execute function note_revocation('organisation_id');
create trigger a_client_reduced_ends_streams after update on client
  for each row when (not old.scopes <@ new.scopes or new.revoked_at is not null and old.revoked_at is null)
  execute function note_revocation('organisation_id');
create trigger a_key_retired_ends_streams after update on organisation_key
  for each row when (new.retired_at is not null and old.retired_at is null)
  execute function note_revocation('organisation_id');
create trigger a_token_revoked_ends_streams after insert on revoked_token
  for each row execute function note_revocation('organisation_id');
create trigger a_circle_left_ends_streams after delete on circle_member
  for each row execute function note_revocation('organisation_id');
create trigger a_grant_ended_ends_streams after delete on sharing_reach
  referencing old table as ended for each statement execute function note_ended_reaches();
create trigger a_locked_network_ends_streams after update on network
  for each row when (new.status <> old.status) execute function note_locked_network();
