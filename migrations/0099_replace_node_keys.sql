grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Lost or stolen: the process that starts next brings the key that counts from then on.
create function settle_node_key() returns text
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  forgotten text;
begin
  update network set node_key = null returning old.node_key into forgotten;
  perform lock_chains(array(select o.id from organisation o));
  perform append_audit(o.id, o.id, null, o.id, 'settleNodeKey', 'audit:read', 'Organisation', o.id)
    from organisation o;
  return forgotten;
end
$$;

do $$
begin
  -- Whoever owns the database, under whatever name.
  execute format('grant execute on function settle_node_key() to %I', session_user);
end
$$;

reset role;
revoke create on schema public from wayhouse_keeper;
