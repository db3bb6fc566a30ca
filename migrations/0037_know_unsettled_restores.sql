-- A database that was restored into a younger cluster holds transactions of its future: it is known by them.
grant update (transaction_id) on revocation to wayhouse_keeper;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

create function awaits_settling() returns boolean
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  with now as materialized (select pg_snapshot_xmax(pg_current_snapshot()) as next)
  select exists (select from now, event e where e.transaction_id >= now.next)
    or exists (select from now, revocation r where r.transaction_id >= now.next);
end;
grant execute on function awaits_settling() to wayhouse_api;

-- As before, and revocations are of this transaction, too: those of another cluster's future would be
-- younger than whatever is read here, and each slow read refused for ever.
create or replace function settle_restore() returns integer
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
  update revocation set transaction_id = pg_current_xact_id();
  perform lock_chains(array(select o.id from organisation o));
  perform append_audit(o.id, o.id, null, o.id, 'settleRestore', 'audit:read', 'Organisation', o.id)
    from organisation o;
  return dropped;
end
$$;

reset role;
revoke create on schema public from wayhouse_keeper;
