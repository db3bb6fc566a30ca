-- Locks that several transactions take are taken in one order; src/platform/db/locks.ts writes down which. Where two
-- took them in another one, each could wait for the other until one of them began anew a second later.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- As before, but countries in one order, and the nights before whom they make acquainted: whoever accepted a handoff with
-- beds of its own had its nights first, whoever held beds there the acquaintance.
create or replace function take_beds(
  in_hold uuid, in_minutes integer, in_risk_profile text, in_case_reference uuid,
  in_shelters uuid[], in_beds integer[], in_check_ins date[], in_check_outs date[],
  in_apart_references uuid[], in_apart_holds uuid[],
  out id uuid, out holder_id uuid, out host_id uuid, out expires_at timestamptz, out status text,
  out holder_handle text, out holder_status text, out holder_thumbprint text,
  out host_handle text, out host_status text, out host_thumbprint text
) language plpgsql security definer set search_path = public, pg_temp set enable_bitmapscan = off
as $$
#variable_conflict use_column
declare
  viewer uuid := viewer_organisation();
  owners uuid[];
  countries text[];
  most_nights integer[];
  locked text;
  one record;
  name text;
  apart uuid;
  turns integer[] := array[1];
  i integer;
  taken integer;
  lacking integer;
  until timestamptz := now() + make_interval(mins => in_minutes);
begin
  if viewer is null or not viewer_may('beds:hold') then
    raise insufficient_privilege using message = 'no beds:hold';
  end if;
  select array_agg(s.owner_id order by i.n), array_agg(s.country order by i.n),
      array_agg(s.max_stay_nights order by i.n)
    into owners, countries, most_nights
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

  -- An advisory published now waits for this, or this for it.
  if cardinality(countries) = 1 then
    locked := pg_advisory_xact_lock_shared(hashtextextended('advisory:' || countries[1], 0));
  else
    for name in select distinct c from unnest(countries) c order by c loop
      locked := pg_advisory_xact_lock_shared(hashtextextended('advisory:' || name, 0));
    end loop;
  end if;
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

  -- Nights are taken in one order, that of their key; each of two stays at once takes its own beds of a night.
  if cardinality(owners) > 1 then
    turns := array(
      select i.n from unnest(in_shelters, in_check_ins) with ordinality i (shelter, check_in, n)
        order by i.shelter, i.check_in);
  end if;
  foreach i in array turns loop
    update bed_night b set held = b.held + in_beds[i]
      where b.shelter_id = in_shelters[i] and b.night >= in_check_ins[i] and b.night < in_check_outs[i]
        and b.maximum - b.held - b.occupied - b.out_of_service >= in_beds[i];
    get diagnostics taken = row_count;
    if taken < in_check_outs[i] - in_check_ins[i] then
      lacking := least(lacking, i);
    end if;
  end loop;
  if lacking is not null then
    raise exception using errcode = 'WH002', message = 'the beds are not free',
      detail = jsonb_build_object('exhausted', in_shelters[lacking]);
  end if;

  -- After the nights: it makes the two acquainted, and whoever has done that waits for nothing but audit chains.
  insert into bed_hold (id, holder_id, host_id, status, expires_at, ends_on)
    values (in_hold, viewer, owners[1], 'HELD', until, (select max(c) from unnest(in_check_outs) c));
  if in_case_reference is not null then
    insert into bed_hold_reference values (in_hold, viewer, owners[1], in_case_reference);
  end if;
  for i in 1 .. cardinality(owners) loop
    insert into bed_stay (hold_id, position, holder_id, host_id, shelter_id, beds, check_in, check_out)
      values (in_hold, i, viewer, owners[1], in_shelters[i], in_beds[i], in_check_ins[i], in_check_outs[i]);
  end loop;

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

-- As before; who makes two acquainted that were not waits for everybody who does, with nothing left to take but audit
-- chains: a call that makes several acquainted may do so in any order.
create or replace function note_acquaintance() returns trigger
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  one uuid := (to_jsonb(new) ->> tg_argv[0])::uuid;
  other uuid := (to_jsonb(new) ->> tg_argv[1])::uuid;
  is_mutual boolean := coalesce(tg_argv[2] = 'both', false);
begin
  if one = other then
    return null;
  end if;
  if not (exists (select from acquaintance a where a.organisation_id = one and a.other_id = other)
    and (not is_mutual
      or exists (select from acquaintance a where a.organisation_id = other and a.other_id = one))) then
    -- The table before that: who forgets acquaintances waits for the table, and has others wait for it.
    lock table acquaintance in row exclusive mode;
    perform pg_advisory_xact_lock(hashtextextended('acquaintance', 0));
  end if;
  if is_mutual then
    insert into acquaintance
      values (least(one, other), greatest(one, other)), (greatest(one, other), least(one, other))
      on conflict do nothing;
  else
    insert into acquaintance values (one, other) on conflict do nothing;
  end if;
  return null;
end
$$;

-- Of two clients that are introduced to several at once one waits here, where it is introduced to anybody new.
create or replace function introduce(in_thumbprint text) returns uuid
  language sql volatile security definer set search_path = public, pg_temp
begin atomic
  select pg_advisory_xact_lock(hashtextextended('introductions:' || viewer_organisation(), 0))
    from organisation o
    where o.identity_thumbprint = in_thumbprint and not exists (
      select from introduction i where i.organisation_id = viewer_organisation() and i.introduced_id = o.id);
  insert into introduction (organisation_id, introduced_id)
    select viewer_organisation(), o.id from organisation o
      where o.identity_thumbprint = in_thumbprint and viewer_organisation() is not null and o.id <> viewer_organisation()
    on conflict do nothing;
  select o.id from organisation o
    where o.identity_thumbprint = in_thumbprint and viewer_organisation() is not null;
end;

-- As before, in the order of the key: two processes open the same nights within the same hour.
create or replace function open_nights(in_shelter uuid) returns bigint
  language sql volatile security definer set search_path = public, pg_temp
begin atomic
  with opened as (
    insert into bed_night (shelter_id, night, owner_id, country, maximum, out_of_service)
      select s.id, g::date, s.owner_id, s.country, coalesce(l.maximum, s.beds), coalesce(l.out_of_service, 0)
        from shelter s
        left join lateral (
          select n.night, n.maximum, n.out_of_service from bed_night n
            where n.shelter_id = s.id order by n.night desc limit 1) l on true
        cross join lateral generate_series(
          coalesce(l.night + 1, (now() at time zone 'UTC')::date - 1)::timestamp,
          ((now() at time zone 'UTC')::date + 365)::timestamp, interval '1 day') g
        where in_shelter is null or s.id = in_shelter
        order by s.id, g
      on conflict do nothing returning 1)
  select count(*) from opened;
end;

-- As before, but only a side or a candidate of what is still open has it locked, and the two standings in one order.
create or replace function lock_handoff(in_handoff uuid)
  returns table (
    viewed_as text, status text, held_from text, sender_id uuid, recipient_id uuid, priority text,
    risk_profile text, destinations text[], is_sealed boolean, is_blocked boolean, has_consent boolean)
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  viewer uuid := viewer_organisation();
  the_handoff handoff;
  is_out boolean;
  is_party boolean;
  locked text;
begin
  -- Before anything is locked: a stranger neither waits here nor makes anybody wait.
  select h.* into the_handoff from handoff h
    where h.id = in_handoff and (viewer in (h.sender_id, h.recipient_id) or exists (
      select from handoff_candidate c where c.handoff_id = h.id and c.organisation_id = viewer));
  if not found or not viewer_may('handoffs:read', 'handoffs:offer', 'handoffs:receive') then
    return;
  end if;
  -- Once it is accepted it stays with its two sides: of the others nobody has more to do with it than to be told so.
  is_party := viewer in (the_handoff.sender_id, the_handoff.recipient_id) or the_handoff.recipient_id is null;
  if is_party then
    locked := pg_advisory_xact_lock_shared(hashtextextended('standing:' || least(viewer, the_handoff.sender_id), 0));
    locked := pg_advisory_xact_lock_shared(hashtextextended('standing:' || greatest(viewer, the_handoff.sender_id), 0));
  end if;
  if not viewer_stands() then
    return;
  end if;
  if is_party then
    select h.* into the_handoff from handoff h where h.id = in_handoff for update;
  end if;
  select c.dropped_out into is_out from handoff_candidate c
    where c.handoff_id = in_handoff and c.organisation_id = viewer;
  viewed_as := case
    when the_handoff.sender_id = viewer then 'SENDER'
    when the_handoff.recipient_id = viewer then 'RECIPIENT'
    when is_out and the_handoff.recipient_id is null then 'OUT'
    when not is_out and the_handoff.recipient_id is null then 'CANDIDATE'
    when not is_out then 'PASSED_OVER' end;
  if viewed_as is null then
    return;
  end if;
  -- now() is when the transaction began; a lock that was waited for may end past a deadline
  status := case
    when the_handoff.status = 'REQUESTED' and the_handoff.decide_by <= clock_timestamp()
      or the_handoff.status = 'ACCEPTED' and the_handoff.seal_by <= clock_timestamp() then 'EXPIRED'
    else handoff_status(the_handoff) end;
  return query select lock_handoff.viewed_as, lock_handoff.status, the_handoff.held_from,
    the_handoff.sender_id, the_handoff.recipient_id, the_handoff.priority, the_handoff.risk_profile,
    the_handoff.destinations,
    exists (select from handoff_envelope e where e.handoff_id = in_handoff),
    is_blocked(the_handoff.destinations, the_handoff.risk_profile, the_handoff.sender_id, the_handoff.recipient_id),
    the_handoff.consent_withdrawn_at is null and the_handoff.consent_expires_at > clock_timestamp();
end
$$;

-- As before, but who may is asked before anything is locked.
create or replace function move_hold(in_hold uuid, in_from text[], in_to text)
  returns table (holder_id uuid, host_id uuid, was text)
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  the_hold bed_hold;
begin
  -- What is not the caller's to move is not locked: a stranger neither waits here nor makes anybody wait.
  select h.* into the_hold from bed_hold h
    where h.id = in_hold and (
      in_to in ('CONFIRMED', 'RELEASED') and h.holder_id = viewer_organisation() and viewer_may('beds:hold')
      or in_to = 'DECLINED' and h.host_id = viewer_organisation() and viewer_may('beds:manage'))
    for update;
  if not found
    or in_to = 'CONFIRMED' and the_hold.host_id <> the_hold.holder_id and exists (
      select from bed_stay s join shelter c on c.id = s.shelter_id
      where s.hold_id = in_hold and not exists (
        select from viewer_reach('beds:hold') r
        where r.owner_id = c.owner_id and (r.country is null or r.country = c.country)))
  then
    return;
  end if;
  -- The wall clock, read under the hold's lock: now() is when the transaction began, and one that
  -- waited would confirm what others were already told had expired.
  was := case when the_hold.status = 'HELD' and the_hold.expires_at <= clock_timestamp() then 'EXPIRED'
    else hold_status(the_hold.status, the_hold.expires_at, the_hold.ends_on) end;
  if was = any (in_from) then
    perform lock_nights(array[in_hold]);
    perform shift_nights(array[in_hold],
      (in_to = 'HELD')::integer - (the_hold.status = 'HELD')::integer,
      (in_to = 'CONFIRMED')::integer - (the_hold.status = 'CONFIRMED')::integer);
    update bed_hold h set status = in_to, expires_at = null where h.id = in_hold;
  end if;
  return query select the_hold.holder_id, the_hold.host_id, was;
end
$$;

create or replace function revoke_every_grant_of(in_organisation uuid) returns setof sharing_grant
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  ending uuid[];
  left_alone uuid[];
begin
  if not (in_organisation is not distinct from viewer_organisation() and viewer_may('clients:manage')
          or viewer_may('network:admin')) then
    raise insufficient_privilege using message = 'not the caller''s to revoke';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('standing:' || in_organisation, 0));
  -- Grants before what they reach, in one order: as whoever revokes one of them, or takes a member out of its circle.
  ending := array(
    select g.id from sharing_grant g
      where g.id in (
        select g.id from sharing_grant g
          where (g.owner_id = in_organisation or g.organisation_id = in_organisation) and g.revoked_at is null
        union
        select r.grant_id from sharing_reach r
          where r.owner_id = in_organisation or r.organisation_id = in_organisation)
      order by g.id for no key update of g);
  with ended as (
    delete from sharing_reach r
      where r.grant_id = any (ending) and (r.owner_id = in_organisation or r.organisation_id = in_organisation)
      returning r.grant_id, r.owner_id, r.circle_id)
  select array_agg(distinct e.grant_id) into left_alone
    from ended e where e.circle_id is not null and e.owner_id <> in_organisation;
  return query
    update sharing_grant g set revoked_at = now()
      where g.id = any (ending) and (g.owner_id = in_organisation or g.organisation_id = in_organisation)
        and g.revoked_at is null
      returning g.*;
  return query
    select g.id, g.owner_id, in_organisation, g.circle_id, g.scopes, g.countries, g.valid_from, g.valid_until,
        g.revoked_at
      from sharing_grant g where g.id = any (left_alone);
end
$$;

-- As before; what it tells of is locked, in the order in which they are locked down.
create or replace function grants_reaching(in_circle uuid, in_members uuid[])
  returns table (grant_id uuid, owner_id uuid, organisation_id uuid)
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
  if not viewer_may('network:admin') then
    return;
  end if;
  perform from sharing_grant g
    where g.id in (
      select r.grant_id from sharing_reach r where r.circle_id = in_circle and r.organisation_id = any (in_members))
    order by g.id for no key update of g;
  return query
    select distinct r.grant_id, r.owner_id, r.organisation_id from sharing_reach r
      where r.circle_id = in_circle and r.organisation_id = any (in_members)
      order by r.grant_id, r.organisation_id;
end
$$;

-- As that of one argument; audit chains are locked once in a transaction, so that it is told those that the rest of the
-- transaction appends to.
create function suspend_handoffs_of(in_organisation uuid, in_chains uuid[]) returns void
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  live handoff;
  stopped handoff[] := '{}';
begin
  if not (in_organisation is not distinct from viewer_organisation() and viewer_may('clients:manage')
          or viewer_may('network:admin')) then
    raise insufficient_privilege using message = 'not the caller''s to suspend';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('standing:' || in_organisation, 0));
  for live in
    select h.* from handoff h
      where in_organisation in (h.sender_id, h.recipient_id)
        and (h.status in ('IN_PROGRESS', 'ON_HOLD')
          -- whoever reads it is told that it has expired: it does not come back
          or h.status = 'ACCEPTED' and (h.seal_by is null or h.seal_by > clock_timestamp()))
      order by h.id for update
  loop
    perform settle_handoff(live, 'ON_HOLD', 'NETWORK', 'ORGANISATION_SUSPENDED');
    stopped := stopped || live;
  end loop;
  perform lock_chains(
    array(select unnest(array[h.sender_id, h.recipient_id]) from unnest(stopped) h)
      || in_chains || in_organisation || viewer_organisation());
  perform append_audit(chain, viewer_organisation(), null, h.sender_id, 'suspendHandoff',
      case when in_organisation = viewer_organisation() then 'clients:manage' else 'network:admin' end, 'Handoff', h.id)
    from unnest(stopped) h cross join lateral unnest(array[h.sender_id, h.recipient_id]) chain
    order by h.id, chain;
end
$$;
grant execute on function suspend_handoffs_of(uuid, uuid[]) to wayhouse_api;

-- As before, by one process at a time: two deleted the same, each in its own order.
create or replace function purge_used_proofs(in_limit integer) returns bigint
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  purged bigint;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('used proofs', 0)) then
    return 0;
  end if;
  with old as (
    select p.digest from used_proof p
      where p.expires_at < now() - interval '1 minute' order by p.expires_at limit in_limit)
  delete from used_proof p using old where p.digest = old.digest;
  get diagnostics purged = row_count;
  return purged;
end
$$;

reset role;
revoke create on schema public from wayhouse_keeper;
