create table shelter (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null
    constraint a_shelter_is_of_an_owner references organisation on delete restrict,
  -- a code name, never an address
  label text not null
    constraint a_label_is_a_short_code_name check (char_length(label) between 1 and 80),
  country text not null
    constraint a_shelter_stands_in_a_country check (country ~ '^[A-Z]{2}$'),
  locality text not null
    constraint a_locality_is_a_city_or_region check (char_length(locality) between 1 and 80),
  kind text not null
    constraint a_shelter_is_of_a_known_kind
    check (kind in ('HOSTEL', 'APARTMENT', 'HOST_FAMILY', 'HOTEL')),
  features text[] not null,
  -- what a night begins with when the clock opens it
  beds integer not null
    constraint a_shelter_has_a_sane_number_of_beds check (beds between 0 and 10000),
  max_stay_nights integer
    constraint a_stay_lasts_at_least_a_night check (max_stay_nights between 1 and 366),
  assured_at timestamptz not null default now(),
  constraint a_label_names_one_shelter_of_its_owner unique (owner_id, label),
  -- what nights and stays copy
  constraint a_shelter_has_one_owner_and_country unique (id, owner_id, country),
  constraint a_shelter_has_one_owner unique (id, owner_id)
);
create index shelter_by_owner on shelter (owner_id, id);
create index shelter_by_country on shelter (country, id);

-- Counters, one row a shelter and night; a night is named by the date it begins on. Rows exist from
-- the day before today (UTC) to 365 days after it, and the clock opens the next.
create table bed_night (
  shelter_id uuid not null,
  night date not null,
  owner_id uuid not null,
  country text not null,
  maximum integer not null,
  held integer not null default 0,
  occupied integer not null default 0,
  out_of_service integer not null default 0,
  primary key (shelter_id, night),
  constraint a_night_is_of_a_shelter foreign key (shelter_id, owner_id, country)
    references shelter (id, owner_id, country) on delete cascade,
  constraint beds_are_never_fewer_than_none
    check (maximum >= 0 and held >= 0 and occupied >= 0 and out_of_service >= 0),
  constraint beds_promised_never_exceed_beds check (held + occupied + out_of_service <= maximum)
);

create table bed_hold (
  id uuid primary key,
  holder_id uuid not null
    constraint a_hold_is_of_a_holder references organisation on delete restrict,
  host_id uuid not null
    constraint a_hold_is_at_a_host references organisation on delete restrict,
  status text not null
    constraint a_hold_is_in_a_known_state
    check (status in ('HELD', 'CONFIRMED', 'RELEASED', 'DECLINED', 'EXPIRED', 'ENDED')),
  -- null once confirmed
  expires_at timestamptz,
  -- the last check-out of its stays
  ends_on date not null,
  constraint a_held_bed_expires check (status <> 'HELD' or expires_at is not null),
  constraint a_hold_has_one_holder_and_host unique (id, holder_id, host_id)
);
create index bed_hold_by_holder on bed_hold (holder_id, id);
create index bed_hold_by_host on bed_hold (host_id, id);
create index bed_hold_to_expire on bed_hold (expires_at) where status = 'HELD';
create index bed_hold_to_end on bed_hold (ends_on) where status = 'CONFIRMED';

create table bed_stay (
  hold_id uuid not null,
  position smallint not null,
  holder_id uuid not null,
  host_id uuid not null,
  shelter_id uuid not null,
  beds integer not null
    constraint a_stay_takes_at_least_a_bed check (beds between 1 and 10000),
  check_in date not null,
  check_out date not null,
  primary key (hold_id, position),
  constraint a_stay_is_of_a_hold foreign key (hold_id, holder_id, host_id)
    references bed_hold (id, holder_id, host_id) on delete cascade,
  constraint every_stay_of_a_hold_is_at_its_host foreign key (shelter_id, host_id)
    references shelter (id, owner_id) on delete restrict,
  constraint a_stay_ends_after_it_begins check (check_out > check_in)
);
create index bed_stay_by_shelter on bed_stay (shelter_id, check_in);
create index bed_stay_by_holder on bed_stay (holder_id, shelter_id);

-- The holder's own reference stands apart: the host reads the hold, never this.
create table bed_hold_reference (
  hold_id uuid primary key,
  holder_id uuid not null,
  host_id uuid not null,
  case_reference uuid not null,
  constraint a_reference_is_of_a_hold foreign key (hold_id, holder_id, host_id)
    references bed_hold (id, holder_id, host_id) on delete cascade
);
create index bed_hold_reference_by_case on bed_hold_reference (holder_id, case_reference);

alter table shelter enable row level security;
alter table shelter force row level security;
alter table bed_night enable row level security;
alter table bed_night force row level security;
alter table bed_hold enable row level security;
alter table bed_hold force row level security;
alter table bed_stay enable row level security;
alter table bed_stay force row level security;
alter table bed_hold_reference enable row level security;
alter table bed_hold_reference force row level security;

create policy keeper on shelter to wayhouse_keeper using (true) with check (true);
create policy keeper on bed_night to wayhouse_keeper using (true) with check (true);
create policy keeper on bed_hold to wayhouse_keeper using (true) with check (true);
create policy keeper on bed_stay to wayhouse_keeper using (true) with check (true);
create policy keeper on bed_hold_reference to wayhouse_keeper using (true) with check (true);
grant select on shelter, bed_stay, bed_hold_reference to wayhouse_keeper;
grant insert on bed_stay, bed_hold_reference to wayhouse_keeper;
grant select, insert, update (held, occupied) on bed_night to wayhouse_keeper;
grant select, insert, update (status, expires_at) on bed_hold to wayhouse_keeper;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Shelters of the stays that the caller holds or held: seen also after the grant has ended.
create function viewer_stays() returns setof uuid
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select distinct s.shelter_id from bed_stay s
    where s.holder_id = viewer_organisation() and viewer_may('beds:hold');
end;

create or replace function viewer_acquaintances() returns setof uuid
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select other.organisation_id
    from circle_member mine join circle_member other using (circle_id)
    where mine.organisation_id = viewer_organisation()
  union
  select i.introduced_id from introduction i where i.organisation_id = viewer_organisation()
  union
  select r.owner_id from sharing_reach r
    where r.organisation_id = viewer_organisation()
      and (r.valid_until is null or r.valid_until > now())
  union
  select r.organisation_id from sharing_reach r where r.owner_id = viewer_organisation()
  union
  -- an owner's own record of whom it once gave what
  select g.organisation_id from sharing_grant g
    where g.owner_id = viewer_organisation() and g.organisation_id is not null
  union
  select h.host_id from bed_hold h where h.holder_id = viewer_organisation()
  union
  select h.holder_id from bed_hold h where h.host_id = viewer_organisation();
end;

-- The nights that holds take, summed.
create function nights_of(in_holds uuid[]) returns table (shelter_id uuid, night date, beds integer)
  language sql stable set search_path = public, pg_temp
begin atomic
  select s.shelter_id, g::date, sum(s.beds)::integer
    from bed_stay s
    cross join generate_series(s.check_in, s.check_out - 1, interval '1 day') g
    where s.hold_id = any (in_holds)
    group by 1, 2;
end;

-- Beds that a hold past its time still counts as held, for shelters whose counts the caller sees.
create function overdue_beds(in_shelters uuid[], in_from date, in_until date)
  returns table (shelter_id uuid, night date, beds integer)
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select s.shelter_id, g::date, sum(s.beds)::integer
    from bed_hold h
    join bed_stay s on s.hold_id = h.id and s.shelter_id = any (in_shelters)
    join shelter c on c.id = s.shelter_id
    cross join generate_series(
      greatest(s.check_in, in_from), least(s.check_out, in_until) - 1, interval '1 day') g
    where h.status = 'HELD' and h.expires_at <= now()
      and (c.owner_id = viewer_organisation() or exists (
        select from viewer_reach('beds:hold') r
        where r.owner_id = c.owner_id and (r.country is null or r.country = c.country)))
    group by 1, 2;
end;

create function bed_bands() returns text[]
  language sql immutable parallel safe
  return array['NONE', 'FEW', 'SOME', 'MANY'];

create function bed_band(in_beds integer) returns text
  language sql immutable parallel safe
  return case when in_beds >= 6 then 'MANY' when in_beds >= 3 then 'SOME'
    when in_beds >= 1 then 'FEW' else 'NONE' end;

-- Shelters of one country shared with the caller, or its own, that are free on every night of a
-- stay, in order of id. Counts are the keeper's: a caller who may not hold there learns a band, and
-- the search too compares bands for it, or asking for 1, 2, 3 … beds would count them.
create function search_beds(
  in_country text, in_locality text, in_features text[], in_check_in date, in_check_out date,
  in_beds integer, in_after uuid, in_limit integer
) returns table (shelter_id uuid, band text, beds integer)
  language plpgsql stable security definer set search_path = public, pg_temp
as $$
declare
  stay integer := in_check_out - in_check_in;
  counted uuid[] := array(
    select r.owner_id from viewer_reach('beds:hold') r where r.country is null or r.country = in_country)
    || viewer_organisation();
  seen uuid[] := counted || array(
    select r.owner_id from viewer_reach('beds:read') r where r.country is null or r.country = in_country);
begin
  if viewer_organisation() is null or not viewer_may('beds:read', 'beds:hold', 'beds:manage') then
    return;
  end if;
  return query
    with overdue as materialized (
      select s.shelter_id, g::date as night, sum(s.beds)::integer as beds
      from bed_hold h join bed_stay s on s.hold_id = h.id
      cross join generate_series(
        greatest(s.check_in, in_check_in), least(s.check_out, in_check_out) - 1, interval '1 day') g
      where h.status = 'HELD' and h.expires_at <= now()
      group by 1, 2)
    select s.id, bed_band(v.free), case when s.owner_id = any (counted) then v.free end
      from shelter s
      cross join lateral (
        select case when count(*) < stay then 0 else min(
            n.maximum - n.held - n.occupied - n.out_of_service + coalesce(o.beds, 0)) end as free
          from bed_night n
          left join overdue o on o.shelter_id = n.shelter_id and o.night = n.night
          where n.shelter_id = s.id and n.night >= in_check_in and n.night < in_check_out) v
      where s.country = in_country
        and (in_after is null or s.id > in_after)
        and s.owner_id = any (seen)
        and (in_locality is null or lower(s.locality) = lower(in_locality))
        and s.features @> in_features
        and coalesce(s.max_stay_nights >= stay, true)
        and v.free > 0
        and case when s.owner_id = any (counted) then v.free >= in_beds
            else array_position(bed_bands(), bed_band(v.free))
              >= array_position(bed_bands(), bed_band(in_beds)) end
      order by s.id limit in_limit;
end
$$;

-- Places a hold: every bed of every stay, or nothing. exhausted_id is the shelter of the first stay
-- that could not be met; the caller then rolls back. in_stays: [{shelterId, beds, checkIn, checkOut}].
create function place_hold(
  in_hold uuid, in_expires_at timestamptz, in_case_reference uuid, in_stays jsonb
) returns table (host_id uuid, exhausted_id uuid)
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  the_host uuid;
begin
  select s.owner_id into the_host
    from shelter s where s.id = (in_stays -> 0 ->> 'shelterId')::uuid;
  if the_host is null or not viewer_may('beds:hold') or exists (
    select from jsonb_to_recordset(in_stays) as i ("shelterId" uuid)
      where not exists (
        select from shelter s where s.id = i."shelterId" and s.owner_id = the_host and (
          s.owner_id = viewer_organisation() or exists (
            select from viewer_reach('beds:hold') r
            where r.owner_id = s.owner_id and (r.country is null or r.country = s.country)))))
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

-- Nights are always locked in one order, whoever locks them and for how many holds.
create function lock_nights(in_holds uuid[]) returns void
  language plpgsql volatile set search_path = public, pg_temp
as $$
begin
  perform from bed_night n
    join nights_of(in_holds) d on d.shelter_id = n.shelter_id and d.night = n.night
    order by n.shelter_id, n.night for update of n;
end
$$;

create function shift_nights(in_holds uuid[], in_held integer, in_occupied integer) returns void
  language sql volatile set search_path = public, pg_temp
begin atomic
  update bed_night n
    set held = n.held + d.beds * in_held, occupied = n.occupied + d.beds * in_occupied
    from nights_of(in_holds) d
    where n.shelter_id = d.shelter_id and n.night = d.night
      and n.maximum - n.held - n.occupied - n.out_of_service >= d.beds * (in_held + in_occupied);
end;

-- What a hold is at this moment, whether or not the clock has tidied it.
create function hold_status(in_status text, in_expires_at timestamptz, in_ends_on date) returns text
  language sql stable parallel safe
  return case
    when in_status = 'HELD' and in_expires_at <= now() then 'EXPIRED'
    when in_status = 'CONFIRMED' and in_ends_on <= (now() at time zone 'UTC')::date then 'ENDED'
    else in_status end;

-- Fires an edge of the state machine: if the hold is in one of in_from. Answers with the state it was
-- found in, or with no row when it is not the caller's to move: the holder confirms and releases, the
-- host declines, and what is confirmed must still be shared.
create function move_hold(in_hold uuid, in_from text[], in_to text)
  returns table (holder_id uuid, host_id uuid, was text)
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  the_hold bed_hold;
begin
  select h.* into the_hold from bed_hold h where h.id = in_hold for update;
  if not found
    or in_to not in ('CONFIRMED', 'RELEASED', 'DECLINED')
    or in_to in ('CONFIRMED', 'RELEASED')
      and not (the_hold.holder_id = viewer_organisation() and viewer_may('beds:hold'))
    or in_to = 'DECLINED'
      and not (the_hold.host_id = viewer_organisation() and viewer_may('beds:manage'))
    or in_to = 'CONFIRMED' and the_hold.host_id <> the_hold.holder_id and exists (
      select from bed_stay s join shelter c on c.id = s.shelter_id
      where s.hold_id = in_hold and not exists (
        select from viewer_reach('beds:hold') r
        where r.owner_id = c.owner_id and (r.country is null or r.country = c.country)))
    or viewer_organisation() is null
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

-- The clock's two edges: HELD past its time expires and frees its beds, CONFIRMED ends after the last
-- check-out. For some shelters it waits for whoever is at work on their holds; as a job it passes by.
create function settle_overdue_holds(in_shelters uuid[], in_limit integer) returns integer
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  overdue uuid[];
  expired uuid[];
  hold record;
begin
  if in_shelters is null then
    overdue := array(
      select h.id from bed_hold h
        where h.status = 'HELD' and h.expires_at <= now()
          or h.status = 'CONFIRMED' and h.ends_on <= (now() at time zone 'UTC')::date
        order by h.id limit in_limit for update skip locked);
  else
    overdue := array(
      select h.id from bed_hold h
        where h.status = 'HELD' and h.expires_at <= now()
          and exists (select from bed_stay s where s.hold_id = h.id and s.shelter_id = any (in_shelters))
        order by h.id limit in_limit for update);
  end if;
  if cardinality(overdue) = 0 then
    return 0;
  end if;
  expired := array(select h.id from bed_hold h where h.id = any (overdue) and h.status = 'HELD');
  perform lock_nights(expired);
  perform shift_nights(expired, -1, 0);
  update bed_hold h set status = hold_status(h.status, h.expires_at, h.ends_on)
    where h.id = any (overdue);
  insert into event (kind, subject_type, subject_id, owner_id, party_id)
    select 'BED_HOLD_CHANGED', 'BedHold', h.id, h.host_id, h.holder_id
    from bed_hold h where h.id = any (overdue) order by h.id;
  perform lock_chains(array(
    select unnest(array[h.host_id, h.holder_id]) from bed_hold h where h.id = any (overdue)));
  for hold in
    select distinct c.chain, h.id, h.host_id,
        case when h.status = 'ENDED' then 'endBedHold' else 'expireBedHold' end as action
      from bed_hold h cross join lateral unnest(array[h.host_id, h.holder_id]) as c (chain)
      where h.id = any (overdue) order by h.id, c.chain
  loop
    perform append_audit(
      hold.chain, hold.chain, null, hold.host_id, hold.action, 'beds:hold', 'BedHold', hold.id);
  end loop;
  return cardinality(overdue);
end
$$;

-- Opens the nights that a shelter lacks up to the horizon; null: every shelter.
create function open_nights(in_shelter uuid) returns bigint
  language sql volatile security definer set search_path = public, pg_temp
begin atomic
  with opened as (
    insert into bed_night (shelter_id, night, owner_id, country, maximum)
      select s.id, g::date, s.owner_id, s.country, s.beds
      from shelter s
      cross join lateral (
        select max(n.night) as last from bed_night n where n.shelter_id = s.id) l
      cross join generate_series(
        coalesce(l.last + 1, (now() at time zone 'UTC')::date - 1),
        (now() at time zone 'UTC')::date + 365, interval '1 day') g
      where in_shelter is null or s.id = in_shelter
      on conflict do nothing
      returning 1)
  select count(*) from opened;
end;

grant execute on function
    viewer_stays(), overdue_beds(uuid[], date, date),
    search_beds(text, text, text[], date, date, integer, uuid, integer),
    place_hold(uuid, timestamptz, uuid, jsonb), move_hold(uuid, text[], text),
    hold_status(text, timestamptz, date), settle_overdue_holds(uuid[], integer), open_nights(uuid)
  to wayhouse_api;
reset role;
revoke create on schema public from wayhouse_keeper;

create policy seen_by_owner_and_those_it_is_shared_with on shelter for select to wayhouse_api using (
  owner_id = (select viewer_organisation())
    and (select viewer_may('beds:read', 'beds:hold', 'beds:manage'))
  or owner_id = any (array(select viewer_reach_everywhere('beds:read', 'beds:hold')))
  or (owner_id, country) in (select r.owner_id, r.country from viewer_reach_by_country('beds:read', 'beds:hold') r)
  or id = any (array(select viewer_stays()))
);
create policy made_by_its_owner on shelter for insert to wayhouse_api
  with check (owner_id = (select viewer_organisation()) and (select viewer_may('beds:manage')));
create policy assured_by_its_owner on shelter for update to wayhouse_api
  using (owner_id = (select viewer_organisation()) and (select viewer_may('beds:manage')));

-- Exact counts are stricter than the shelter they belong to.
create policy counted_by_owner_and_those_who_may_hold on bed_night for select to wayhouse_api using (
  owner_id = (select viewer_organisation())
    and (select viewer_may('beds:read', 'beds:hold', 'beds:manage'))
  or owner_id = any (array(select viewer_reach_everywhere('beds:hold')))
  or (owner_id, country) in (select r.owner_id, r.country from viewer_reach_by_country('beds:hold') r)
);
create policy set_by_its_owner on bed_night for update to wayhouse_api
  using (owner_id = (select viewer_organisation()) and (select viewer_may('beds:manage')));

create policy seen_by_holder_and_host on bed_hold for select to wayhouse_api using (
  holder_id = (select viewer_organisation()) and (select viewer_may('beds:hold'))
  or host_id = (select viewer_organisation()) and (select viewer_may('beds:manage')));
create policy seen_by_holder_and_host on bed_stay for select to wayhouse_api using (
  holder_id = (select viewer_organisation()) and (select viewer_may('beds:hold'))
  or host_id = (select viewer_organisation()) and (select viewer_may('beds:manage')));
create policy seen_by_its_holder on bed_hold_reference for select to wayhouse_api
  using (holder_id = (select viewer_organisation()) and (select viewer_may('beds:hold')));

grant select, insert, update (assured_at) on shelter to wayhouse_api;
grant select, update (maximum, out_of_service) on bed_night to wayhouse_api;
grant select on bed_hold, bed_stay, bed_hold_reference to wayhouse_api;
