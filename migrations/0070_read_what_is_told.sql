-- A page of a search reads the shelters that it tells, and of all the others that are shared with the caller their
-- ids, which stand in an index.

-- runs beside old processes although index: a network has some thousands of shelters, and an index of them is built in milliseconds.
drop index shelter_by_country_and_owner;
create index shelter_by_country_and_owner on shelter (country, owner_id, id);

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- As before, but asked the other way round: few organisations are not active.
create or replace function reach_of_viewer() returns table (owner_id uuid, country text, scope text)
  language sql stable
begin atomic
  select r.owner_id, r.country, r.scope
    from sharing_reach r
    join organisation_account a on a.organisation_id = r.owner_id and r.scope = any (a.scopes)
    where r.organisation_id = (select viewer_organisation())
      and r.scope = any ((select viewer_scopes())::text[])
      and r.valid_from <= now() and (r.valid_until is null or r.valid_until > now())
      and r.owner_id <> all (array(select o.id from organisation o where o.status <> 'ACTIVE'));
end;

-- As before; each is looked at when its turn has come.
create or replace function search_beds(
  in_country text, in_locality text, in_features text[], in_check_in date, in_check_out date,
  in_beds integer, in_after uuid, in_limit integer
) returns table (shelter_id uuid, band text, beds integer)
  language plpgsql stable security definer set search_path = public, pg_temp
  set plan_cache_mode = force_generic_plan
as $$
declare
  stay integer := in_check_out - in_check_in;
  counted uuid[];
  seen uuid[];
  visible uuid[];
  -- for whoever may not count: the fewest of the band that so many beds are in
  least integer := case when in_beds >= 6 then 6 when in_beds >= 3 then 3 else 1 end;
begin
  if viewer_organisation() is null or not viewer_may('beds:read', 'beds:hold', 'beds:manage') then
    return;
  end if;
  select coalesce(array_agg(distinct r.owner_id) filter (where r.scope = 'beds:hold'), '{}') || viewer_organisation(),
      coalesce(array_agg(distinct r.owner_id), '{}') || viewer_organisation()
    into counted, seen
    from reach_of_viewer() r
    where r.scope in ('beds:read', 'beds:hold') and (r.country is null or r.country = in_country);
  visible := array(
    select s.id from unnest(seen) o join shelter s on s.country = in_country and s.owner_id = o
      where in_after is null or s.id > in_after
      order by s.id);
  return query
    with overdue as materialized (
      select s.shelter_id, g::date as night, sum(s.beds)::integer as beds
      from bed_hold h join bed_stay s on s.hold_id = h.id
      cross join generate_series(
        greatest(s.check_in, in_check_in), least(s.check_out, in_check_out) - 1, interval '1 day') g
      where h.status = 'HELD' and h.expires_at <= now()
      group by 1, 2)
    select s.id, bed_band(v.free), case when s.counts then v.free end
      from unnest(visible) i (id)
      cross join lateral (
        select s.id, s.owner_id = any (counted) as counts from shelter s
          where s.id = i.id
            and (in_locality is null or lower(s.locality) = lower(in_locality))
            and s.features @> in_features
            and coalesce(s.max_stay_nights >= stay, true)
          limit 1) s
      cross join lateral (
        select case when count(*) < stay then 0 else min(
            n.maximum - n.held - n.occupied - n.out_of_service
              + coalesce((select o.beds from overdue o where o.shelter_id = n.shelter_id and o.night = n.night), 0)) end as free
          from bed_night n
          where n.shelter_id = s.id and n.night >= in_check_in and n.night < in_check_out) v
      where v.free > 0 and v.free >= case when s.counts then in_beds else least end
      limit in_limit;
end
$$;

reset role;
revoke create on schema public from wayhouse_keeper;
