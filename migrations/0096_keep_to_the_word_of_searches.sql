grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- As before, but capitals of a name find it where they are those of several letters: of Greek s two, of Turkish i two.
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
            and (in_locality is null or lower(upper(s.locality)) = lower(upper(in_locality)))
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

-- As before, but counted from the full hour on: whoever moved `since` along found the minute of each act.
create or replace function blast_radius(in_organisation uuid, in_since timestamptz)
  returns table (owner_id uuid, action text, count integer, last_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select e.owner_id, e.action, count(*)::integer, date_trunc('hour', max(e.at), 'UTC')
    from audit_entry e
    where e.organisation_id = in_organisation and e.at >= date_trunc('hour', in_since, 'UTC')
      and e.actor_id = e.organisation_id and e.owner_id <> e.organisation_id and e.client_name is not null
      and viewer_may('network:admin')
    group by 1, 2 order by 4 desc, 1, 2;
end;

reset role;
revoke create on schema public from wayhouse_keeper;
