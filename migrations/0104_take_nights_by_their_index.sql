-- A hold took its nights in the order of their key only as long as the server's own settings left it the index.
set local role wayhouse_keeper;
alter function take_beds(uuid, integer, text, uuid, uuid[], integer[], date[], date[], uuid[], uuid[])
  set enable_indexscan = on;
alter function take_beds(uuid, integer, text, uuid, uuid[], integer[], date[], date[], uuid[], uuid[])
  set enable_seqscan = off;
reset role;
