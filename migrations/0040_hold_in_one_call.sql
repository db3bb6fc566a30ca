-- A write whose work is one statement travels with its key and its record in one round trip: whatever it
-- refuses it raises, so that nothing of it stays. The functions it replaces are left for processes from before.

-- A key as it is claimed with the result that its call will have, and what it is counted against if anything.
-- Raises insufficient_privilege if the caller may not do this any more, or less than it is believed to; WH003, with
-- what was answered, if the key was used before; WH001 if the budget is spent.
create function claim_write(
  in_scope text, in_believed text, in_key_hash bytea, in_request_hash bytea, in_result jsonb,
  in_budget text, in_per_hour integer
) returns void language plpgsql set search_path = public, pg_temp
as $$
begin
  if viewer_client() is null or not viewer_may(in_scope)
    or not string_to_array(in_believed, ' ') <@ viewer_scopes() then
    raise insufficient_privilege using message = 'the status has changed';
  end if;
  insert into idempotency_record (client_id, key_hash, request_hash, result)
    values (viewer_client(), in_key_hash, in_request_hash, in_result) on conflict do nothing;
  if not found then
    raise exception using errcode = 'WH003', message = 'the key was used before', detail = (
      select jsonb_build_object('matches', i.request_hash = in_request_hash, 'result', i.result)
        from idempotency_record i where i.client_id = viewer_client() and i.key_hash = in_key_hash);
  end if;
  if in_budget is not null then
    perform spend_budget(in_budget, in_per_hour);
  end if;
end
$$;
grant execute on function claim_write(text, text, bytea, bytea, jsonb, text, integer) to wayhouse_api;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- What an entry of a chain is held against, and the next one holds.
create function audit_hash(
  in_chain uuid, in_sequence integer, in_at timestamptz, in_actor uuid, in_client text, in_owner uuid,
  in_action text, in_scope text, in_subject_type text, in_subject_id uuid, in_previous_hash bytea
) returns bytea language sql stable
  return sha256(convert_to(concat_ws(E'\n',
    'wayhouse-audit-1', in_chain, in_sequence,
    to_char(in_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    in_actor, coalesce(in_client, ''), in_owner, in_action, in_scope,
    in_subject_type || ':' || in_subject_id, encode(in_previous_hash, 'hex')), 'UTF8'));

create or replace function append_audit(
  in_chain uuid, in_actor uuid, in_client text, in_owner uuid, in_action text, in_scope text,
  in_subject_type text, in_subject_id uuid
) returns void language plpgsql set search_path = public, pg_temp
as $$
declare
  last_sequence integer;
  last_hash bytea;
  -- the wall clock, read under the chain's lock: entries never run backwards
  at timestamptz := clock_timestamp();
begin
  select e.sequence, e.hash into last_sequence, last_hash
    from audit_entry e where e.organisation_id = in_chain order by e.sequence desc limit 1;
  last_sequence := coalesce(last_sequence, 0);
  last_hash := coalesce(last_hash, decode(repeat('00', 32), 'hex'));
  insert into audit_entry values (
    in_chain, last_sequence + 1, at, in_actor, in_client, in_owner, in_action, in_scope,
    in_subject_type, in_subject_id, last_hash,
    audit_hash(in_chain, last_sequence + 1, at, in_actor, in_client, in_owner, in_action, in_scope,
      in_subject_type, in_subject_id, last_hash));
end
$$;

-- As before, with what is the same for all changes asked once, and both chains of a change in one statement.
create or replace function record_changes(in_action text, in_scope text, in_changes jsonb) returns void
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  actor uuid := viewer_organisation();
  client text;
  -- who owns the subject of each change, once for each subject
  owners uuid[];
  types text[];
  ids uuid[];
  locked bigint;
begin
  if actor is null then
    raise insufficient_privilege using message = 'no context';
  end if;
  with change as materialized (
    select c.*, row_number() over () as position from jsonb_to_recordset(in_changes)
      as c (event text, type text, id uuid, owner uuid, party uuid, country text)
  ), told as (
    insert into event (kind, subject_type, subject_id, owner_id, party_id, country)
      select c.event, c.type, c.id, c.owner, c.party, c.country from change c order by c.position
  )
  select array_agg(s.owner order by s.first), array_agg(s.type order by s.first), array_agg(s.id order by s.first)
    into owners, types, ids
    from (select c.owner, c.type, c.id, min(c.position) as first from change c group by 1, 2, 3) s;
  -- In one order, as lock_chains() does.
  select count(pg_advisory_xact_lock(hashtextextended('audit:' || l.chain, 0))), max(l.client) into locked, client
    from (
      select o.chain, c.name as client from (select distinct o as chain from unnest(owners || actor) o) o
        left join client c on c.id = viewer_client()
        order by o.chain) l;
  for i in 1 .. coalesce(cardinality(ids), 0) loop
    -- The wall clock is read under the chains' locks: entries never run backwards.
    insert into audit_entry
      select e.chain, e.sequence, e.at, actor, e.client, owners[i], in_action, in_scope, types[i], ids[i],
          e.previous_hash,
          audit_hash(e.chain, e.sequence, e.at, actor, e.client, owners[i], in_action, in_scope,
            types[i], ids[i], e.previous_hash)
        from (
          select c.chain, c.client, clock_timestamp() as at, coalesce(l.sequence, 0) + 1 as sequence,
              coalesce(l.hash, decode(repeat('00', 32), 'hex')) as previous_hash
            from (values (owners[i], null), (actor, client)) as c (chain, client)
            left join lateral (
              select a.sequence, a.hash from audit_entry a
                where a.organisation_id = c.chain order by a.sequence desc limit 1) l on true
            where c.client is not null or c.chain <> actor
            offset 0) e;
  end loop;
end
$$;

-- Beds at every stay, or nothing. A stay is shelters[n], beds[n], check_ins[n], check_outs[n]. Raises
-- insufficient_privilege for what the caller may not hold or does not have, WH002 for what is refused, with the
-- reason: unfit (the shelters' facts), advisory, keptApart or exhausted (an id).
create function take_beds(
  in_hold uuid, in_minutes integer, in_risk_profile text, in_case_reference uuid,
  in_shelters uuid[], in_beds integer[], in_check_ins date[], in_check_outs date[],
  in_apart_references uuid[], in_apart_holds uuid[],
  out id uuid, out holder_id uuid, out host_id uuid, out expires_at timestamptz, out status text,
  out holder_handle text, out holder_status text, out holder_thumbprint text,
  out host_handle text, out host_status text, out host_thumbprint text
) language plpgsql security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
  viewer uuid := viewer_organisation();
  owners uuid[];
  countries text[];
  most_nights integer[];
  locked bigint;
  one record;
  name text;
  apart uuid;
  lacking integer;
  until timestamptz := now() + make_interval(mins => in_minutes);
begin
  if viewer is null or not viewer_may('beds:hold') then
    raise insufficient_privilege using message = 'no beds:hold';
  end if;
  -- An advisory published now waits for this, or this for it.
  select array_agg(s.owner_id order by i.n), array_agg(s.country order by i.n),
      array_agg(s.max_stay_nights order by i.n),
      count(pg_advisory_xact_lock_shared(hashtextextended('advisory:' || s.country, 0)))
    into owners, countries, most_nights, locked
    from unnest(in_shelters) with ordinality i (id, n)
    cross join lateral (select * from shelter s where s.id = i.id limit 1) s
    where s.owner_id = viewer or exists (
      select from reach_of_viewer() r
        where r.owner_id = s.owner_id and r.scope = 'beds:hold'
          and (r.country is null or r.country = s.country));
  if cardinality(owners) is distinct from cardinality(in_shelters) then
    raise insufficient_privilege using message = 'no such shelter';
  end if;
  for i in 1 .. cardinality(owners) loop
    if owners[i] <> owners[1] or in_check_outs[i] - in_check_ins[i] > most_nights[i] then
      raise exception using errcode = 'WH002', message = 'the stays do not fit',
        detail = jsonb_build_object('unfit', (
          select jsonb_agg(jsonb_build_object('owner_id', u.owner, 'max_stay_nights', u.most) order by u.n)
            from unnest(owners, most_nights) with ordinality u (owner, most, n)));
    end if;
  end loop;

  for one in
    select a.id, a.issuer_id from advisory a
      where a.country = any (countries) and in_risk_profile = any (a.risk_profiles) and advisory_in_force(a)
      order by a.id
  loop
    if one.issuer_id = viewer
      or exists (select from acquaintances_of(viewer) k where k = one.issuer_id) then
      raise exception using errcode = 'WH002', message = 'an advisory is in force',
        detail = jsonb_build_object('advisory', one.id);
    end if;
  end loop;

  if in_case_reference is not null or cardinality(in_apart_references || in_apart_holds) > 0 then
    -- Of two holds that name each other's cases one waits here for the other. Always in one order.
    for name in
      select distinct r from unnest(in_apart_references || in_case_reference) r where r is not null order by r
    loop
      perform pg_advisory_xact_lock(hashtextextended('case:' || viewer || ':' || name, 0));
    end loop;
    if exists (
      select from unnest(in_apart_holds) a
        where not exists (select from bed_hold h where h.id = a and h.holder_id = viewer)) then
      raise insufficient_privilege using message = 'no such hold';
    end if;
    select i.shelter into apart
      from unnest(in_shelters, in_check_ins, in_check_outs) with ordinality i (shelter, check_in, check_out, n)
      join bed_stay s on s.holder_id = viewer and s.shelter_id = i.shelter
        and s.check_in < i.check_out and s.check_out > i.check_in
      join bed_hold h on h.id = s.hold_id
      left join bed_hold_reference r on r.hold_id = h.id
      where (h.id = any (in_apart_holds) or r.case_reference = any (in_apart_references))
        and hold_status(h.status, h.expires_at, h.ends_on) in ('HELD', 'CONFIRMED')
      order by i.n limit 1;
    if apart is not null then
      raise exception using errcode = 'WH002', message = 'they are kept apart',
        detail = jsonb_build_object('keptApart', apart);
    end if;
  end if;

  -- Nights are locked in one order; each of two stays at once takes its own beds of a night.
  with stay as materialized (
    select * from unnest(in_shelters, in_beds, in_check_ins, in_check_outs)
      with ordinality i (shelter, beds, check_in, check_out, n)
  ), hold as (
    insert into bed_hold (id, holder_id, host_id, status, expires_at, ends_on)
      select in_hold, viewer, owners[1], 'HELD', until, max(s.check_out) from stay s
  ), reference as (
    insert into bed_hold_reference
      select in_hold, viewer, owners[1], in_case_reference where in_case_reference is not null
  ), stays as (
    insert into bed_stay (hold_id, position, holder_id, host_id, shelter_id, beds, check_in, check_out)
      select in_hold, s.n, viewer, owners[1], s.shelter, s.beds, s.check_in, s.check_out from stay s
  ), locked as materialized (
    select s.n, s.beds, b.shelter_id, b.night from stay s
      join bed_night b on b.shelter_id = s.shelter and b.night >= s.check_in and b.night < s.check_out
      order by b.shelter_id, b.night for update of b
  ), taken as (
    update bed_night b set held = b.held + l.beds
      from (select l.shelter_id, l.night, sum(l.beds)::integer as beds from locked l group by 1, 2) l
      where b.shelter_id = l.shelter_id and b.night = l.night
        and b.maximum - b.held - b.occupied - b.out_of_service >= l.beds
      returning b.shelter_id, b.night
  )
  select min(s.n) into lacking from stay s
    where s.check_out - s.check_in > (
      select count(*) from locked l join taken t using (shelter_id, night) where l.n = s.n);
  if lacking is not null then
    raise exception using errcode = 'WH002', message = 'the beds are not free',
      detail = jsonb_build_object('exhausted', in_shelters[lacking]);
  end if;

  select in_hold, viewer, owners[1], until, 'HELD',
      holder.handle, holder.status, holder.identity_thumbprint,
      host.handle, host.status, host.identity_thumbprint
    into id, holder_id, host_id, expires_at, status,
      holder_handle, holder_status, holder_thumbprint, host_handle, host_status, host_thumbprint
    from organisation holder
    cross join lateral (select * from organisation o where o.id = owners[1] limit 1) host
    where holder.id = viewer;
end
$$;

-- As before, each side looked up instead of all organisations read for it.
create or replace function read_holds(in_ids uuid[]) returns table (
    id uuid, holder_id uuid, host_id uuid, expires_at timestamptz, status text,
    holder_handle text, holder_status text, holder_thumbprint text,
    host_handle text, host_status text, host_thumbprint text
  )
  language plpgsql stable security definer set search_path = public, pg_temp
as $$
declare
  viewer uuid := viewer_organisation();
  as_holder boolean := viewer_may('beds:hold');
  as_host boolean := viewer_may('beds:manage');
begin
  return query
    select h.id, h.holder_id, h.host_id, h.expires_at, hold_status(h.status, h.expires_at, h.ends_on),
        holder.handle, holder.status, holder.identity_thumbprint,
        host.handle, host.status, host.identity_thumbprint
      from unnest(in_ids) i
      cross join lateral (select * from bed_hold h where h.id = i limit 1) h
      cross join lateral (select * from organisation o where o.id = h.holder_id limit 1) holder
      cross join lateral (select * from organisation o where o.id = h.host_id limit 1) host
      where h.holder_id = viewer and as_holder or h.host_id = viewer and as_host;
end
$$;

grant execute on function viewer_scopes(), take_beds(
    uuid, integer, text, uuid, uuid[], integer[], date[], date[], uuid[], uuid[]) to wayhouse_api;
reset role;
revoke create on schema public from wayhouse_keeper;
