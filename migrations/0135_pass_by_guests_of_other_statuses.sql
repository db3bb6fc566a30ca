-- As by holder, so by host; and what cannot be told as one of those asked for is not looked for in either.

drop index bed_hold_live_by_host;
-- runs beside old processes although index: what ended is kept for thirty days, and a hundred thousand are read in a moment.
create index bed_hold_by_host_and_status on bed_hold (host_id, (status in ('HELD', 'CONFIRMED')), id, status_letter(status));

create or replace function list_holds(in_as_host boolean, in_statuses text[], in_after uuid, in_limit integer)
  returns setof bed_hold
  language plpgsql stable rows 20 set search_path = public, pg_temp set enable_bitmapscan = off
as $$
declare
  viewer uuid := viewer_organisation();
  least uuid := coalesce(in_after, '00000000-0000-0000-0000-000000000000');
  -- as which what is asked for may be stored
  stored text[] := coalesce(in_statuses, '{HELD,CONFIRMED,RELEASED,DECLINED,EXPIRED,ENDED}');
  letters "char"[] := '{h,c,r,d,x,e}';
  is_of_live boolean;
  is_of_ended boolean := stored && '{RELEASED,DECLINED,EXPIRED,ENDED}';
begin
  if in_statuses is not null then
    if 'EXPIRED' = any (in_statuses) and exists (
        select from bed_hold h where h.status = 'HELD' and h.expires_at <= now()) then
      stored := stored || 'HELD'::text;
    end if;
    if 'ENDED' = any (in_statuses) and exists (
        select from bed_hold h where h.status = 'CONFIRMED' and h.ends_on < (now() at time zone 'UTC')::date) then
      stored := stored || 'CONFIRMED'::text;
    end if;
    letters := array(select status_letter(s) from unnest(stored) s);
  end if;
  is_of_live := stored && '{HELD,CONFIRMED}';
  if in_as_host then
    return query
      select h.* from (
          (select l.* from bed_hold l
            where l.host_id = viewer and l.id > least and status_letter(l.status) = any (letters) and is_of_live
              and l.status in ('HELD', 'CONFIRMED') order by l.id)
          union all
          (select e.* from bed_hold e
            where e.host_id = viewer and e.id > least and status_letter(e.status) = any (letters) and is_of_ended
              and (e.status in ('HELD', 'CONFIRMED')) is false order by e.id)
          order by id offset 0) h
        where in_statuses is null or hold_status(h.status, h.expires_at, h.ends_on) = any (in_statuses)
        order by h.id limit in_limit;
  else
    return query
      select h.* from (
          (select l.* from bed_hold l
            where l.holder_id = viewer and l.id > least and status_letter(l.status) = any (letters) and is_of_live
              and l.status in ('HELD', 'CONFIRMED') order by l.id)
          union all
          (select e.* from bed_hold e
            where e.holder_id = viewer and e.id > least and status_letter(e.status) = any (letters) and is_of_ended
              and (e.status in ('HELD', 'CONFIRMED')) is false order by e.id)
          order by id offset 0) h
        where in_statuses is null or hold_status(h.status, h.expires_at, h.ends_on) = any (in_statuses)
        order by h.id limit in_limit;
  end if;
end
$$;
