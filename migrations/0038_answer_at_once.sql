-- What is asked most comes whole from one statement, and the status that goes before each costs half.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- A stay takes some nights and a page has some shelters: a thousand of either, as is guessed where nothing is
-- said, would be joined by reading whole tables.
alter function nights_of(uuid[]) rows 10;
alter function overdue_beds(uuid[], date, date) rows 10;
alter function search_beds(text, text, text[], date, date, integer, uuid, integer) rows 20;

-- The one rule of who may call now, and what: token ∩ client ∩ organisation, in the order of the token.
-- Null is nobody. A network that is locked down has its admins alone.
create function admitted(
  in_organisation uuid, in_client text, in_kid text, in_jti text, in_scopes text[], in_bound boolean,
  out client_id uuid, out scopes text
) language plpgsql stable set search_path = public, pg_temp
as $$
declare
  of_client text[];
  of_organisation text[];
  network_status text;
  one text;
begin
  select c.id, c.scopes, a.scopes, n.status into client_id, of_client, of_organisation, network_status
    from client c
    join organisation o on o.id = c.organisation_id
    join organisation_account a on a.organisation_id = c.organisation_id
    join network n on true
    where c.organisation_id = in_organisation and c.name = in_client
      and o.status = 'ACTIVE' and c.revoked_at is null and (in_bound or not c.require_dpop)
      and (case when in_kid is null then a.jwks_uri is not null else exists (
            select from organisation_key k
            where k.organisation_id = in_organisation and k.kid = in_kid
              and k.use = 'SIGN' and k.retired_at is null) end)
      and not exists (
        select from revoked_token t where t.organisation_id = in_organisation and t.jti = in_jti);
  foreach one in array in_scopes loop
    if one = any (of_client) and one = any (of_organisation)
      and (network_status = 'ACTIVE' or one = 'network:admin') then
      scopes := concat_ws(' ', scopes, one);
    end if;
  end loop;
  if network_status = 'ACTIVE' then
    scopes := coalesce(scopes, '');
  elsif scopes is null then
    client_id := null;
  end if;
end
$$;

create or replace function admission(
  in_organisation uuid, in_client text, in_kid text, in_jti text, in_scopes text[], in_bound boolean
) returns table (client_id uuid, scopes text[])
  language sql stable set search_path = public, pg_temp
begin atomic
  select a.client_id, string_to_array(a.scopes, ' ')
    from admitted(in_organisation, in_client, in_kid, in_jti, in_scopes, in_bound) a
    where a.client_id is not null;
end;

-- As enter(), which processes from before this file call, in one row: null is nobody.
create function admit(
  in_organisation uuid, in_client text, in_kid text, in_jti text, in_scopes text[], in_bound boolean,
  out client_id uuid, out scopes text
) language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  kept text;
begin
  select a.client_id, a.scopes into client_id, scopes
    from admitted(in_organisation, in_client, in_kid, in_jti, in_scopes, in_bound) a;
  kept := set_config('wayhouse.organisation', case when client_id is null then '' else in_organisation::text end, true);
  kept := set_config('wayhouse.client', coalesce(client_id::text, ''), true);
  kept := set_config('wayhouse.scopes', coalesce(scopes, ''), true);
end
$$;

-- What the caller may do, once for all rows that it is compared with.
create function viewer_scopes() returns text[]
  language sql stable parallel safe
  return coalesce(string_to_array(current_setting('wayhouse.scopes', true), ' '), '{}');

create or replace function reach_of_viewer() returns table (owner_id uuid, country text, scope text)
  language sql stable
begin atomic
  select r.owner_id, r.country, r.scope
    from sharing_reach r
    join organisation o on o.id = r.owner_id and o.status = 'ACTIVE'
    join organisation_account a on a.organisation_id = r.owner_id and r.scope = any (a.scopes)
    where r.organisation_id = (select viewer_organisation())
      and r.scope = any ((select viewer_scopes())::text[])
      and r.valid_from <= now() and (r.valid_until is null or r.valid_until > now());
end;

-- Of these the ones where the caller may hold beds.
create function shelters_to_hold(in_ids uuid[])
  returns table (id uuid, owner_id uuid, country text, max_stay_nights integer)
  language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
  if viewer_organisation() is null or not viewer_may('beds:hold') then
    return;
  end if;
  return query
    select s.id, s.owner_id, s.country, s.max_stay_nights
      from shelter s
      where s.id = any (in_ids) and (s.owner_id = viewer_organisation() or exists (
        select from reach_of_viewer() r
          where r.owner_id = s.owner_id and r.scope = 'beds:hold'
            and (r.country is null or r.country = s.country)));
end
$$;

-- As before, with where the caller may hold asked of those shelters alone.
create or replace function place_hold(
  in_hold uuid, in_expires_at timestamptz, in_case_reference uuid, in_stays jsonb
) returns table (host_id uuid, exhausted_id uuid)
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  the_host uuid;
begin
  select s.owner_id into the_host
    from shelters_to_hold(array[(in_stays -> 0 ->> 'shelterId')::uuid]) s;
  if the_host is null or exists (
    select i."shelterId" from jsonb_to_recordset(in_stays) as i ("shelterId" uuid)
    except
    select s.id
      from shelters_to_hold(array(
        select i."shelterId" from jsonb_to_recordset(in_stays) as i ("shelterId" uuid))) s
      where s.owner_id = the_host)
  then
    return;
  end if;
  insert into bed_hold (id, holder_id, host_id, status, expires_at, ends_on)
    select in_hold, viewer_organisation(), the_host, 'HELD', in_expires_at, max(i."checkOut")
    from jsonb_to_recordset(in_stays) as i ("checkOut" date);
  insert into bed_stay (hold_id, position, holder_id, host_id, shelter_id, beds, check_in, check_out)
    select in_hold, i.position, viewer_organisation(), the_host,
      (i.stay ->> 'shelterId')::uuid, (i.stay ->> 'beds')::integer,
      (i.stay ->> 'checkIn')::date, (i.stay ->> 'checkOut')::date
    from jsonb_array_elements(in_stays) with ordinality as i (stay, position);
  if in_case_reference is not null then
    insert into bed_hold_reference values (in_hold, viewer_organisation(), the_host, in_case_reference);
  end if;
  perform lock_nights(array[in_hold]);
  select s.shelter_id into exhausted_id
    from nights_of(array[in_hold]) d
    left join bed_night n on n.shelter_id = d.shelter_id and n.night = d.night
    join bed_stay s on s.hold_id = in_hold and s.shelter_id = d.shelter_id
      and d.night >= s.check_in and d.night < s.check_out
    where coalesce(n.maximum - n.held - n.occupied - n.out_of_service, 0) < d.beds
    order by s.position limit 1;
  if exhausted_id is null then
    perform shift_nights(array[in_hold], 1, 0);
  end if;
  host_id := the_host;
  return next;
end
$$;

-- The same countries as before, without a question for each advisory.
create or replace function closed_countries() returns text[]
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select coalesce(array_agg(distinct a.country), '{}') from advisory a
    where a.withdrawn_at is null and a.effective_from <= now() and a.expires_at > now()
      and exists (select from advisory_confirmation c where c.advisory_id = a.id);
end;

-- As before, and whether the caller may know the issuer is asked of what forbids, not of every advisory.
create function advisory_against_viewer(in_countries text[], in_risk_profile text) returns uuid
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  viewer uuid := viewer_organisation();
  one text;
begin
  for one in select distinct c from unnest(in_countries) c order by c loop
    perform pg_advisory_xact_lock_shared(hashtextextended('advisory:' || one, 0));
  end loop;
  return (
    select a.id from advisory a
      where a.country = any (in_countries) and in_risk_profile = any (a.risk_profiles)
        and advisory_in_force(a)
        and (a.issuer_id = viewer or exists (select from acquaintances_of(viewer) k where k = a.issuer_id))
      order by a.id limit 1);
end
$$;

-- Country and profile of each of them, apart by a blank.
create function closed_to_profiles() returns text[]
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select coalesce(array_agg(distinct a.country || ' ' || p), '{}')
    from advisory a cross join unnest(a.risk_profiles) p
    where a.withdrawn_at is null and a.effective_from <= now() and a.expires_at > now()
      and exists (select from advisory_confirmation c where c.advisory_id = a.id);
end;

-- What search_beds finds, with the shelters and whose they are: whoever finds one sees both.
create function find_beds(
  in_country text, in_locality text, in_features text[], in_check_in date, in_check_out date,
  in_beds integer, in_after uuid, in_limit integer
) returns table (
  band text, beds integer, shelter shelter,
  owner_handle text, owner_status text, owner_thumbprint text
) language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
  return query
    select b.band, b.beds, s.one, o.handle, o.status, o.identity_thumbprint
      from search_beds(in_country, in_locality, in_features, in_check_in, in_check_out, in_beds, in_after, in_limit) b
      cross join lateral (select s as one from shelter s where s.id = b.shelter_id limit 1) s
      cross join lateral (select * from organisation o where o.id = (s.one).owner_id limit 1) o;
end
$$;

-- What was offered to the caller and what it accepted, in order of id, with the senders: whoever sees a
-- handoff sees both its sides. No more of each index than a page takes, unless the statuses asked for may
-- leave any of them out.
create function read_inbox(in_statuses text[], in_after uuid, in_limit integer)
  returns table (
    handoff handoff, status_now text,
    sender_handle text, sender_status text, sender_thumbprint text
  )
  language plpgsql stable security definer set search_path = public, pg_temp
as $$
declare
  viewer uuid := viewer_organisation();
  least uuid := coalesce(in_after, '00000000-0000-0000-0000-000000000000');
  most integer := case when in_statuses is null then in_limit end;
  closed text[];
  countries text[];
  inactive uuid[];
  ids uuid[];
begin
  if viewer is null or not viewer_may('handoffs:read', 'handoffs:offer', 'handoffs:receive') then
    return;
  end if;
  closed := closed_to_profiles();
  countries := array(select split_part(c, ' ', 1) from unnest(closed) c);
  inactive := inactive_organisations();
  ids := array(
    (select r.id from handoff r where r.recipient_id = viewer and r.id > least order by r.id limit most)
    union all
    (select c.handoff_id from handoff_candidate c
      where c.organisation_id = viewer and c.is_open and c.handoff_id > least
      order by c.handoff_id limit most)
    order by 1 limit most);
  return query
    select h, s.now, o.handle, o.status, o.identity_thumbprint
      from handoff h
      cross join lateral (
        -- Most are bound for countries that are open to their people: of those nobody is asked more.
        select handoff_status(h, case
          when h.destinations <@ countries and not exists (
            select from unnest(h.destinations) d where not d || ' ' || h.risk_profile = any (closed))
          then h.destinations else '{}' end, inactive) as now) s
      cross join lateral (select * from organisation o where o.id = h.sender_id limit 1) o
      where h.id = any (ids) and (in_statuses is null or s.now = any (in_statuses))
      order by h.id limit in_limit;
end
$$;

-- Holds of the caller, as holder or as host, with both: whoever sees a hold sees both its sides.
create function read_holds(in_ids uuid[]) returns table (
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
      from bed_hold h
      join organisation holder on holder.id = h.holder_id
      join organisation host on host.id = h.host_id
      where h.id = any (in_ids)
        and (h.holder_id = viewer and as_holder or h.host_id = viewer and as_host);
end
$$;

grant execute on function
    admit(uuid, text, text, text, text[], boolean),
    find_beds(text, text, text[], date, date, integer, uuid, integer),
    read_inbox(text[], uuid, integer), read_holds(uuid[]), shelters_to_hold(uuid[]),
    advisory_against_viewer(text[], text)
  to wayhouse_api;
reset role;
revoke create on schema public from wayhouse_keeper;
