-- Two that took the same nights could each wait for the other: where the planner thought of a few nights, it read them
-- through a bitmap, and so in the order in which they lie instead of that of their key. One began anew a second later.
set local role wayhouse_keeper;
alter function take_beds(uuid, integer, text, uuid, uuid[], integer[], date[], date[], uuid[], uuid[])
  set enable_bitmapscan = off;
reset role;
