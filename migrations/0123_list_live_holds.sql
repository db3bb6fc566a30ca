-- As by holder, so by host. What is told as held or confirmed can only be stored so; what is told as expired or ended may be
-- stored as either.

drop index bed_hold_by_host;
-- runs beside old processes although index: what ended is kept for thirty days, and a hundred thousand are read in a moment.
create index bed_hold_live_by_host on bed_hold (host_id, (status in ('HELD', 'CONFIRMED')), id);

create or replace function list_holds(in_as_host boolean, in_statuses text[], in_after uuid, in_limit integer)
  returns setof bed_hold
  language plpgsql stable rows 20 set search_path = public, pg_temp set enable_bitmapscan = off
as $$
declare
  viewer uuid := viewer_organisation();
  least uuid := coalesce(in_after, '00000000-0000-0000-0000-000000000000');
  is_of_live boolean := coalesce(in_statuses <@ '{HELD,CONFIRMED}', false);
begin
  if in_as_host then
    return query
      select h.* from (
          (select l.* from bed_hold l
            where l.host_id = viewer and l.id > least and l.status in ('HELD', 'CONFIRMED') order by l.id)
          union all
          (select e.* from bed_hold e
            where e.host_id = viewer and e.id > least and not is_of_live
              and (e.status in ('HELD', 'CONFIRMED')) is false order by e.id)
          order by id offset 0) h
        where in_statuses is null or hold_status(h.status, h.expires_at, h.ends_on) = any (in_statuses)
        order by h.id limit in_limit;
  else
    return query
      select h.* from (
          (select l.* from bed_hold l
            where l.holder_id = viewer and l.id > least and l.status in ('HELD', 'CONFIRMED') order by l.id)
          union all
          (select e.* from bed_hold e
            where e.holder_id = viewer and e.id > least and not is_of_live
              and (e.status in ('HELD', 'CONFIRMED')) is false order by e.id)
          order by id offset 0) h
        where in_statuses is null or hold_status(h.status, h.expires_at, h.ends_on) = any (in_statuses)
        order by h.id limit in_limit;
  end if;
end
$$;
