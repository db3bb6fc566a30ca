-- The same in simpler statements: to begin a plan costs more than most of these take to run, and one of many parts
-- begins them all.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Of the token's scopes those that its client and its organisation have, in the order of the token; null: none.
create function scopes_within(in_scopes text[], in_client text[], in_ceiling text[], in_status text) returns text
  language sql stable set search_path = public, pg_temp
begin atomic
  select string_agg(u.scope, ' ' order by u.position)
    from unnest(in_scopes) with ordinality u (scope, position)
    where u.scope = any (in_client) and u.scope = any (in_ceiling)
      and (in_status = 'ACTIVE' or u.scope = 'network:admin');
end;

-- As before: the one rule of who may call now, and what. Most tokens ask for no more than their client has.
create or replace function admission_of(
  in_organisation uuid, in_client text, in_kid text, in_jti text, in_scopes text[], in_bound boolean
) returns table (client_id uuid, scopes text)
  language sql stable
begin atomic
  select c.id, coalesce(s.spelled, '')
    from client c
    join organisation o on o.id = c.organisation_id
    join organisation_account a on a.organisation_id = c.organisation_id
    cross join network n
    cross join lateral (
      select case when n.status = 'ACTIVE' and in_scopes <@ c.scopes and in_scopes <@ a.scopes
        then array_to_string(in_scopes, ' ')
        else scopes_within(in_scopes, c.scopes, a.scopes, n.status) end as spelled) s
    where c.organisation_id = in_organisation and c.name = in_client
      and o.status = 'ACTIVE' and c.revoked_at is null and (in_bound or not c.require_dpop)
      and (case when in_kid is null then a.jwks_uri is not null else exists (
            select from organisation_key k
            where k.organisation_id = in_organisation and k.kid = in_kid
              and k.use = 'SIGN' and k.retired_at is null) end)
      and not exists (
        select from revoked_token t where t.organisation_id = in_organisation and t.jti = in_jti)
      and (n.status = 'ACTIVE' or s.spelled is not null);
end;

-- As before.
create or replace function admit(
  in_organisation uuid, in_client text, in_kid text, in_jti text, in_scopes text[], in_bound boolean,
  out client_id uuid, out scopes text
) language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  kept text;
begin
  select a.client_id, a.scopes into client_id, scopes
    from admission_of(in_organisation, in_client, in_kid, in_jti, in_scopes, in_bound) a;
  kept := set_config('wayhouse.organisation', case when client_id is null then '' else in_organisation::text end, true)
    || set_config('wayhouse.client', coalesce(client_id::text, ''), true)
    || set_config('wayhouse.scopes', coalesce(scopes, ''), true)
    || set_config('wayhouse.admitted', pg_current_snapshot()::text, true);
end
$$;

-- In one order, whoever locks several.
create or replace function lock_chains(in_chains uuid[]) returns void
  language plpgsql set search_path = public, pg_temp
as $$
declare
  locked text;
begin
  if cardinality(in_chains) = 2 then
    locked := pg_advisory_xact_lock(hashtextextended('audit:' || least(in_chains[1], in_chains[2]), 0));
    locked := pg_advisory_xact_lock(hashtextextended('audit:' || greatest(in_chains[1], in_chains[2]), 0));
  else
    perform pg_advisory_xact_lock(hashtextextended('audit:' || o.chain, 0))
      from (select distinct o as chain from unnest(in_chains) o order by o) o;
  end if;
end
$$;

-- As before. A single change, as nearly all calls make, is its own subject.
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
  locked text;
  -- Null of an owner's own statements.
  admitted pg_snapshot := nullif(current_setting('wayhouse.admitted', true), '');
begin
  if actor is null then
    raise insufficient_privilege using message = 'no context';
  end if;
  insert into event (kind, subject_type, subject_id, owner_id, party_id, country)
    select c.event, c.type, c.id, c.owner, c.party, c.country
      from rows from (jsonb_to_recordset(in_changes)
          as (event text, type text, id uuid, owner uuid, party uuid, country text))
        with ordinality c (event, type, id, owner, party, country, position)
      order by c.position;
  if jsonb_array_length(in_changes) = 1 then
    owners := array[in_changes #>> '{0,owner}'];
    types := array[in_changes #>> '{0,type}'];
    ids := array[in_changes #>> '{0,id}'];
  else
    select array_agg(s.owner order by s.first), array_agg(s.type order by s.first), array_agg(s.id order by s.first)
      into owners, types, ids
      from (
        select c.owner, c.type, c.id, min(c.position) as first
          from rows from (jsonb_to_recordset(in_changes) as (type text, id uuid, owner uuid))
            with ordinality c (type, id, owner, position)
          group by 1, 2, 3) s;
  end if;
  locked := lock_chains(owners || actor);
  client := (select c.name from client c where c.id = viewer_client());
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
  -- What was taken back while this waited for others is taken back of this as well: it begins anew, and asks again.
  if exists (
    select from revocation r
      where r.organisation_id = actor and r.transaction_id <> pg_current_xact_id()
        and not pg_visible_in_snapshot(r.transaction_id, admitted)) then
    raise serialization_failure using message = 'something was taken back meanwhile';
  end if;
end
$$;

-- As before: what a hold consists of is written row by row.
create or replace function take_beds(
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
  turns integer[] := array[1];
  i integer;
  taken integer;
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

  insert into bed_hold (id, holder_id, host_id, status, expires_at, ends_on)
    values (in_hold, viewer, owners[1], 'HELD', until, (select max(c) from unnest(in_check_outs) c));
  if in_case_reference is not null then
    insert into bed_hold_reference values (in_hold, viewer, owners[1], in_case_reference);
  end if;
  for i in 1 .. cardinality(owners) loop
    insert into bed_stay (hold_id, position, holder_id, host_id, shelter_id, beds, check_in, check_out)
      values (in_hold, i, viewer, owners[1], in_shelters[i], in_beds[i], in_check_ins[i], in_check_outs[i]);
  end loop;
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

-- As before.
create or replace function list_inbox(in_statuses text[], in_after uuid, in_limit integer)
  returns table (
    id uuid, status text, sender_id uuid, recipient_id uuid, needs text[], risk_profile text,
    adults integer, children integer, placement text, priority text, country text, destinations text[],
    documents_held text[], window_start date, window_end date, consent_purpose text,
    consent_given_at timestamptz, consent_expires_at timestamptz, consent_by_caregiver boolean,
    consent_withdrawn_at timestamptz, acknowledged_at timestamptz, acknowledge_by timestamptz,
    decide_by timestamptz, reason text,
    sender_handle text, sender_status text, sender_thumbprint text
  )
  language plpgsql stable security definer rows 20 set search_path = public, pg_temp
  set enable_seqscan = off set enable_bitmapscan = off
as $$
#variable_conflict use_column
declare
  viewer uuid := viewer_organisation();
  least uuid := coalesce(in_after, '00000000-0000-0000-0000-000000000000');
  most integer := case when in_statuses is null then in_limit end;
  closed text[];
  countries text[] := '{}';
  inactive uuid[];
  ids uuid[];
begin
  if viewer is null or not viewer_may('handoffs:read', 'handoffs:offer', 'handoffs:receive') then
    return;
  end if;
  -- As closed_to_profiles() and inactive_organisations() tell them, each of which would be a statement of its own.
  select array(
      select distinct a.country || ' ' || p
        from advisory_confirmation c join advisory a on a.id = c.advisory_id cross join unnest(a.risk_profiles) p
        where a.withdrawn_at is null and a.effective_from <= now() and a.expires_at > now()),
    array(select o.id from organisation o where o.status <> 'ACTIVE'),
    array(
    (select r.id from handoff r where r.recipient_id = viewer and r.id > least order by r.id limit most)
    union all
    (select c.handoff_id from handoff_candidate c
      where c.organisation_id = viewer and c.is_open and c.handoff_id > least
      order by c.handoff_id limit most)
    order by 1 limit most)
    into closed, inactive, ids;
  if closed <> '{}' then
    countries := array(select split_part(c, ' ', 1) from unnest(closed) c);
  end if;
  if in_statuses is not null then
    ids := array(
      select h.id from handoff h
        where h.id = any (ids) and handoff_status(h, countries, closed, inactive) = any (in_statuses)
        order by h.id limit in_limit);
  end if;
  return query
    select h.id, handoff_status(h, countries, closed, inactive), h.sender_id, h.recipient_id, h.needs, h.risk_profile,
        h.adults, h.children, h.placement, h.priority, h.country, h.destinations,
        h.documents_held, h.window_start, h.window_end, h.consent_purpose,
        h.consent_given_at, h.consent_expires_at, h.consent_by_caregiver,
        h.consent_withdrawn_at, h.acknowledged_at, h.acknowledge_by,
        h.decide_by, h.reason,
        o.handle, o.status, o.identity_thumbprint
      from handoff h join organisation o on o.id = h.sender_id
      where h.id = any (ids)
      order by h.id;
end
$$;

reset role;
revoke create on schema public from wayhouse_keeper;
