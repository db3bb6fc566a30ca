-- Of an own list what has another status than is asked for was read row by row to be left out: of a day's holds or offers
-- 14,000 blocks, of a month's half a million. Its letter now stands at the end of the indexes that lists go by, where it takes
-- no room (the status itself made what a write logs 3 to 5 % longer), and what cannot be told as is asked for is passed by
-- there. What is stored otherwise than it is told is looked at only where there is such: something has come to its time that
-- the clock has not written yet, or a country is closed.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;
-- Another for each status of one table.
create function status_letter(in_status text) returns "char" language sql immutable parallel safe
return case in_status
  when 'HELD' then 'h'::"char" when 'CONFIRMED' then 'c' when 'RELEASED' then 'r' when 'DECLINED' then 'd'
  when 'EXPIRED' then 'x' when 'ENDED' then 'e'
  when 'REQUESTED' then 'R' when 'ACCEPTED' then 'A' when 'IN_PROGRESS' then 'P' when 'ON_HOLD' then 'H'
  when 'COMPLETED' then 'C' when 'REJECTED' then 'J' when 'CANCELLED' then 'N' when 'FAILED' then 'F' end;
grant execute on function status_letter(text) to wayhouse_api, wayhouse_owner;
reset role;
revoke create on schema public from wayhouse_keeper;

drop index bed_hold_live_by_holder;
-- runs beside old processes although index: what ended is kept for thirty days, and a hundred thousand are read in a moment.
create index bed_hold_by_holder_and_status on bed_hold (holder_id, (status in ('HELD', 'CONFIRMED')), id, status_letter(status));
