-- After a restore: the database has forgotten what came after its backup, revocations among it, and has
-- remembered what was deleted before its time.
grant update (status) on network to wayhouse_keeper;
grant update (transaction_id) on event to wayhouse_keeper;
grant select, update on sequence event_position_seq to wayhouse_keeper;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- A cursor is the place of an event. Where that event is gone, so may be what followed; where it was never
-- here, the cursor is of what a restore has undone.
create or replace function event_place_is_kept(in_transaction xid8, in_position bigint) returns boolean
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select exists (
    select from event e where e.transaction_id = in_transaction and e.position = in_position);
end;

-- In one transaction, before anybody is let in:
-- the network is locked down, so that no revocation that was forgotten lets anybody in again;
-- no envelope is left, as each may be one that was deleted on receipt; an accepted handoff then expires;
-- events are of this transaction, since those of another cluster's future would never be told here, and new
-- ones get numbers that were never given, so that no cursor from before or of what was undone is known;
-- each chain says so. Answers with how many envelopes there were.
create function settle_restore() returns integer
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  dropped integer;
begin
  update network set status = 'LOCKED_DOWN';
  with handoffs as (delete from handoff_envelope e returning e.handoff_id),
    lapsed as (
      update handoff h set seal_by = now() from handoffs d
        where h.id = d.handoff_id and 'ACCEPTED' in (h.status, h.held_from)),
    instructions as (delete from bed_hold_instruction i returning i.hold_id),
    contacts as (delete from consulate_envelope e returning e.contact_id)
  select (select count(*) from handoffs) + (select count(*) from instructions) + (select count(*) from contacts)
    into dropped;
  perform setval('event_position_seq', nextval('event_position_seq') + 1000000000);
  update event set transaction_id = pg_current_xact_id();
  perform lock_chains(array(select o.id from organisation o));
  perform append_audit(o.id, o.id, null, o.id, 'settleRestore', 'audit:read', 'Organisation', o.id)
    from organisation o;
  return dropped;
end
$$;
do $$
begin
  execute format('grant execute on function settle_restore() to %I', session_user);
end
$$;
reset role;
revoke create on schema public from wayhouse_keeper;
