-- A hold ends when the day of its last check-out is over (UTC), and not when it begins: west of Greenwich that is the
-- afternoon before, when guests of a night have yet to come, and read where to.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

create or replace function hold_status(in_status text, in_expires_at timestamptz, in_ends_on date) returns text
  language sql stable parallel safe
  return case
    when in_status = 'HELD' and in_expires_at <= now() then 'EXPIRED'
    when in_status = 'CONFIRMED' and in_ends_on < (now() at time zone 'UTC')::date then 'ENDED'
    else in_status end;

create or replace function settle_overdue_holds(in_shelters uuid[], in_limit integer) returns integer
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  overdue uuid[];
  expired uuid[];
  hold record;
begin
  if in_shelters is null then
    overdue := array(
      select h.id from bed_hold h
        where h.status = 'HELD' and h.expires_at <= now()
          or h.status = 'CONFIRMED' and h.ends_on < (now() at time zone 'UTC')::date
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

reset role;
revoke create on schema public from wayhouse_keeper;
