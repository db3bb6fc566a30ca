-- What was read before a revocation and is about to be told after it: a process may have slept in between.
alter table revocation add column transaction_id xid8 not null default pg_current_xact_id();

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

create function revoked_since(in_organisation uuid, in_snapshot pg_snapshot) returns boolean
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select exists (
    select from revocation r
      where r.organisation_id = in_organisation
        and not pg_visible_in_snapshot(r.transaction_id, in_snapshot));
end;
grant execute on function revoked_since(uuid, pg_snapshot) to wayhouse_api;

reset role;
revoke create on schema public from wayhouse_keeper;
