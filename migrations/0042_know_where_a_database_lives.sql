-- A restored database is told from the one that was backed up by where it lives: in its cluster's system
-- identifier and its own number there. A dump that is read in gets another number, also in the same cluster.
-- A standby that takes over keeps both; pg_upgrade changes the identifier (docs/operations.md).
alter table network add column home text;
grant update (home) on network to wayhouse_keeper;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

create function current_home() returns text
  language sql stable set search_path = public, pg_temp
begin atomic
  select c.system_identifier || '.' || d.oid
    from pg_control_system() c, pg_database d where d.datname = current_database();
end;

-- Null until the first process has started: a database of an older version is taken as it stands.
create function claim_home() returns void
  language sql volatile security definer set search_path = public, pg_temp
begin atomic
  update network n set home = current_home() where n.home is null;
end;
grant execute on function claim_home() to wayhouse_api;

create or replace function awaits_settling() returns boolean
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select exists (select from network n where n.home <> current_home());
end;

create or replace function settle_restore() returns integer
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  dropped integer;
begin
  update network set status = 'LOCKED_DOWN', home = current_home();
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
