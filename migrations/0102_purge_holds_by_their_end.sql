-- Each purge of holds looked at every hold that there is, in the order of its holders: it begins with those that ended first.

-- runs beside old processes although index: a hold that ended is kept for thirty days, and a hundred thousand are read in a moment.
create index bed_hold_by_end on bed_hold (ended_at) where ended_at is not null;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

create or replace function purge_bed_holds(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select h.id from bed_hold h where h.ended_at < due_before('bed_hold')
        order by h.ended_at limit in_limit for update of h skip locked),
    deleted as (delete from bed_hold h using due where h.id = due.id returning h.host_id, h.holder_id)
  select array[d.host_id, d.holder_id] from deleted d;
end;

reset role;
revoke create on schema public from wayhouse_keeper;
