-- A shelter that was closed, or grew, for as far as its owner can say so offered what it began with on each night that
-- opened after that: somebody could hold a bed there.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

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
      on conflict do nothing
      returning 1)
  select count(*) from opened;
end;

reset role;
revoke create on schema public from wayhouse_keeper;
