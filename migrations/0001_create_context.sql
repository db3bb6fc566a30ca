-- Roles and the context of a call.
--
-- wayhouse_api     what every API process may do; a login role is a member of it, it owns nothing.
-- wayhouse_keeper  owns the few functions that must see more than their caller: who is who, which
--                  grants reach whom, the counters of nights, the chains. Nobody logs in as it.
do $$
begin
  if not exists (select from pg_roles where rolname = 'wayhouse_api') then
    create role wayhouse_api nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'wayhouse_keeper') then
    create role wayhouse_keeper nologin;
  end if;
  -- The owner may act as the keeper, to hand it functions and to bootstrap an empty network.
  if not pg_has_role(current_user, 'wayhouse_keeper', 'set') then
    execute format('grant wayhouse_keeper to %I with set true, inherit false', current_user);
  end if;
end
$$;

alter default privileges revoke execute on functions from public;
set local role wayhouse_keeper;
alter default privileges revoke execute on functions from public;
reset role;
grant usage on schema public to wayhouse_api, wayhouse_keeper;

-- The context lives in settings local to one transaction. Afterwards they read as '', hence nullif:
-- no context is no organisation, and no organisation sees no row.
create function viewer_organisation() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('wayhouse.organisation', true), '')::uuid;

create function viewer_client() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('wayhouse.client', true), '')::uuid;

-- True if this call may use one of the scopes: token ∩ client ∩ organisation.
create function viewer_may(variadic in_scopes text[]) returns boolean
  language sql stable parallel safe
  return coalesce(string_to_array(current_setting('wayhouse.scopes', true), ' ') && in_scopes, false);

grant execute on function viewer_organisation(), viewer_client(), viewer_may(text[])
  to wayhouse_api, wayhouse_keeper;
